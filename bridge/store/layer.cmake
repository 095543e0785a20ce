layer(store
    SOURCES account.c backup.c census.c contact.c counter.c delivery.c migrate.c read.c seal.c setting.c
        sqlite_error.c store.c user.c value.c writer.c
    USES base
    LIBRARIES PkgConfig::UV PkgConfig::SQLITE PkgConfig::SODIUM)

layer(store
    SOURCES backup.c census.c contact.c counter.c migrate.c sqlite_error.c store.c user.c writer.c
    USES base
    LIBRARIES PkgConfig::UV PkgConfig::SQLITE)

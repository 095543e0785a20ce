layer(base
    SOURCES clock.c error.c log.c map.c strbuf.c utf8.c
    LIBRARIES PkgConfig::CONFIG PkgConfig::SODIUM)

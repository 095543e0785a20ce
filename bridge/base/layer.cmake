layer(base
    SOURCES catalogue.c clock.c config.c config_text.c error.c file.c log.c map.c settings.c
            strbuf.c utf8.c words.c
    LIBRARIES PkgConfig::CONFIG PkgConfig::SODIUM)

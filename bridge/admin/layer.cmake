layer(admin
    SOURCES answer.c control.c health.c listener.c pages.c personal.c request.c roll.c verb.c
    USES base xmpp net store core
    LIBRARIES PkgConfig::UV PkgConfig::STROPHE PkgConfig::JANSSON)

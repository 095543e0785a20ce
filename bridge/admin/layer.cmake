layer(admin
    SOURCES answer.c control.c health.c listener.c metrics.c pages.c personal.c
            pulse.c request.c roll.c verb.c
    USES base xmpp net store core
    LIBRARIES PkgConfig::UV PkgConfig::STROPHE PkgConfig::JANSSON)

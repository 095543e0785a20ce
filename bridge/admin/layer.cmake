layer(admin
    SOURCES answer.c control.c listener.c personal.c request.c roll.c verb.c
    USES base xmpp net store core
    LIBRARIES PkgConfig::UV PkgConfig::STROPHE)

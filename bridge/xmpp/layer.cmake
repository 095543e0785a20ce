layer(xmpp
    SOURCES escape.c jid.c stanza.c stanza_error.c xml.c
    USES base
    LIBRARIES PkgConfig::EXPAT PkgConfig::STROPHE PkgConfig::IDN)

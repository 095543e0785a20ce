layer(xmpp
    SOURCES disco.c escape.c form.c jid.c splitter.c stanza.c stanza_error.c xml.c
    USES base
    LIBRARIES PkgConfig::EXPAT PkgConfig::STROPHE PkgConfig::IDN)

layer(xmpp
    SOURCES caps.c digest.c disco.c escape.c form.c jid.c splitter.c stanza.c stanza_error.c vcard.c xml.c
    USES base
    LIBRARIES PkgConfig::EXPAT PkgConfig::STROPHE PkgConfig::IDN
              PkgConfig::OPENSSL)

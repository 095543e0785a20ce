layer(net
    SOURCES backoff.c conn.c dial.c queue.c resolver.c tls.c turn.c
    USES base
    LIBRARIES PkgConfig::UV PkgConfig::OPENSSL PkgConfig::SODIUM)

layer(net
    SOURCES backoff.c conn.c dial.c endpoint.c queue.c resolver.c tls.c turn.c web.c
    USES base
    LIBRARIES PkgConfig::UV PkgConfig::OPENSSL PkgConfig::SODIUM
              PkgConfig::MICROHTTPD)

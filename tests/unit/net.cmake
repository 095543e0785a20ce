bridge_test(test_backoff SOURCES unit/test_backoff.c LAYERS base net)
bridge_test(test_conn SOURCES unit/test_conn.c unit/tls_server.c LAYERS base net
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/net)
bridge_test(test_endpoint SOURCES unit/test_endpoint.c LAYERS base net)
bridge_test(test_web SOURCES unit/test_web.c LAYERS base net)

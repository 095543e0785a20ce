bridge_test(test_backoff SOURCES unit/test_backoff.c LAYERS base net)
bridge_test(test_conn SOURCES unit/test_conn.c unit/tls_server.c LAYERS base net)

bridge_test(test_config SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_config.c LAYERS base)
bridge_test(test_settings SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_settings.c LAYERS base)

bridge_test(test_store SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_store.c LAYERS base store)

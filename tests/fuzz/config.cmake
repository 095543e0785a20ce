bridge_fuzz(config SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_config.c
    INCLUDES ${PROJECT_SOURCE_DIR}/tests/unit LAYERS base)

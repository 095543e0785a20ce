bridge_fuzz(control SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_control.c
    ${PROJECT_SOURCE_DIR}/bridge/admin/answer.c ${PROJECT_SOURCE_DIR}/bridge/admin/request.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/admin LAYERS base)

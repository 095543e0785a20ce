bridge_test(test_payload
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_payload.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

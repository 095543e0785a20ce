bridge_test(test_encryption
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encryption.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

bridge_test(test_caps_verify SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_caps_verify.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_test(test_roster
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_roster.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

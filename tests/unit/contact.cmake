# Who sees whom: the rules alone, and within the core.
bridge_test(test_subscription SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_subscription.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_test(test_presence
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_presence.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

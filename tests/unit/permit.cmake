# Who may use a transport, and how much: the rules alone, and within the core.
bridge_test(test_permit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_permit.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_test(test_budget
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_budget.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_test(test_guard
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_guard.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

bridge_fuzz(core SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_core.c LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_fuzz(register SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_register.c LAYERS core xmpp base
    LIBRARIES core_lab)

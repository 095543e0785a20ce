bridge_fuzz(message SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_message.c LAYERS core xmpp base
    LIBRARIES core_lab)

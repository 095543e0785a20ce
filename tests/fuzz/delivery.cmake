bridge_fuzz(message_pack SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_message_pack.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

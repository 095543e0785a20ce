# Deliveries: the life of one message, and how it is kept.
foreach(name delivery_queue delivery_state message_pack)
    bridge_test(test_${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c
        LAYERS core xmpp base
        LIBRARIES core_lab)
endforeach()
bridge_test(test_delivery
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_delivery.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)

foreach(name caps disco escape jid splitter stanza vcard xml)
    bridge_test(test_${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c LAYERS xmpp base)
endforeach()

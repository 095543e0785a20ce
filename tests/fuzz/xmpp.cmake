foreach(name jid splitter vcard)
    bridge_fuzz(${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_${name}.c LAYERS xmpp base)
endforeach()

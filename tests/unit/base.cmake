foreach(name strbuf utf8 map error log)
    bridge_test(test_${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c LAYERS base)
endforeach()

# No public name of ours may be one of a library: see strbuf_release() in
# include/bridge/strbuf.h.
add_test(NAME symbols COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/symbols.sh
    $<TARGET_FILE:test_strbuf> $<TARGET_OBJECTS:bridge_base> COMMAND_EXPAND_LISTS)

# The core between fakes: no socket, no disk, no waiting (core_lab.h).
add_library(core_lab OBJECT
    ${CMAKE_CURRENT_LIST_DIR}/canonical.c
    ${CMAKE_CURRENT_LIST_DIR}/core_lab.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_conn.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_seal.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_deliveries.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_store.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_timer.c
    ${CMAKE_CURRENT_LIST_DIR}/fake_transport.c
    ${PROJECT_SOURCE_DIR}/bridge/net/backoff.c
    ${PROJECT_SOURCE_DIR}/bridge/net/endpoint.c)
target_include_directories(core_lab PUBLIC ${PROJECT_SOURCE_DIR}/include
    ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/bridge/store)
foreach(layer base xmpp core)
    target_include_directories(core_lab PUBLIC
        $<TARGET_PROPERTY:bridge_${layer},INTERFACE_INCLUDE_DIRECTORIES>)
endforeach()
target_link_libraries(core_lab PUBLIC PkgConfig::UV PkgConfig::EXPAT PkgConfig::STROPHE
    PkgConfig::SODIUM PkgConfig::JANSSON)
target_link_options(core_lab INTERFACE
    -Wl,--wrap=uv_timer_start -Wl,--wrap=uv_timer_stop -Wl,--wrap=uv_close)

foreach(name alarm ask card component contact core describe export find forget message preference query register room)
    bridge_test(test_${name}
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
        LAYERS core xmpp base
        LIBRARIES core_lab)
endforeach()

# Plugins as they should be, and as they should not.
bridge_test(test_options SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_options.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
set(sample_plugins ${CMAKE_CURRENT_BINARY_DIR}/sample_plugins)
target_compile_definitions(test_options PRIVATE PLUGINS="${sample_plugins}")
file(WRITE ${sample_plugins}/text.so "This is no shared object.\n")
function(sample_plugin name source)
    add_library(sample_${name} MODULE ${CMAKE_CURRENT_LIST_DIR}/plugins/${source}.c)
    target_include_directories(sample_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_compile_definitions(sample_${name} PRIVATE ${ARGN})
    # Lazily bound, as a plugin may be: what is missing shows when it is called.
    target_link_options(sample_${name} PRIVATE -Wl,-z,lazy)
    set_target_properties(sample_${name} PROPERTIES
        PREFIX "" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${sample_plugins})
    add_dependencies(test_options sample_${name})
endfunction()
foreach(name complete bare nothing later greedy)
    sample_plugin(${name} ${name})
endforeach()
foreach(member type description settings_size start reload stop classify open close send watch
        unwatch leave say)
    sample_plugin(lacks_${member} complete LACKS_${member})
    target_compile_options(sample_lacks_${member} PRIVATE -Wno-unused-function)
endforeach()

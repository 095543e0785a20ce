bridge_test(test_form SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_form.c LAYERS xmpp base)
bridge_test(test_command_line
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_command_line.c
            ${PROJECT_SOURCE_DIR}/bridge/core/command/command_line.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/core/command
    LAYERS xmpp base)
foreach(name adhoc chat)
    bridge_test(test_${name}
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
        LAYERS core xmpp base
        LIBRARIES core_lab)
endforeach()

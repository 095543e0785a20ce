bridge_fuzz(form SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_form.c LAYERS xmpp base)
bridge_fuzz(command_line
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_command_line.c
            ${PROJECT_SOURCE_DIR}/bridge/core/command/command_line.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/core/command
    LAYERS xmpp base)
bridge_fuzz(commands SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_commands.c LAYERS core xmpp base
    LIBRARIES core_lab)

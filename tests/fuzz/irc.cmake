get_property(irc_sources GLOBAL PROPERTY IRC_SOURCES)
set(irc ${PROJECT_SOURCE_DIR}/transports/irc)
set(irc_fake ${PROJECT_SOURCE_DIR}/tests/transport)

bridge_fuzz(irc_line
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_irc_line.c ${irc}/line.c ${irc}/library.c
    LAYERS base LIBRARIES irc_client INCLUDES ${irc})
bridge_fuzz(irc_text
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_irc_text.c ${irc}/text.c
    LAYERS base INCLUDES ${irc})
bridge_fuzz(irc_link
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_irc_link.c ${irc_fake}/fake_host.c ${irc_sources}
    LAYERS base LIBRARIES irc_client PkgConfig::UV INCLUDES ${irc} ${irc_fake})

# The plugin's own files against fake_host.c, which also stands for libuv's
# timers: what a program defines itself comes before a shared library's.
get_property(irc_sources GLOBAL PROPERTY IRC_SOURCES)
set(irc_host ${CMAKE_CURRENT_LIST_DIR}/fake_host.c)

bridge_test(test_irc
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_irc.c ${irc_host} ${irc_sources}
    LAYERS base LIBRARIES irc_client PkgConfig::UV
    INCLUDES ${PROJECT_SOURCE_DIR}/transports/irc)

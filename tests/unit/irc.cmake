# The pure parts of the IRC plugin, straight from its directory.
set(irc ${PROJECT_SOURCE_DIR}/transports/irc)

function(irc_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
    list(TRANSFORM ARG_SOURCES PREPEND ${irc}/)
    bridge_test(test_irc_${name}
        SOURCES ${PROJECT_SOURCE_DIR}/tests/unit/test_irc_${name}.c ${ARG_SOURCES}
        LAYERS base LIBRARIES ${ARG_LIBRARIES} INCLUDES ${irc})
endfunction()

irc_test(casemap SOURCES casemap.c)
irc_test(flood SOURCES flood.c)
irc_test(isupport SOURCES isupport.c casemap.c)
irc_test(library SOURCES library.c line.c LIBRARIES irc_client)
irc_test(line SOURCES line.c)
irc_test(proof SOURCES proof.c flood.c casemap.c)
irc_test(recent SOURCES recent.c casemap.c)
irc_test(text SOURCES text.c)

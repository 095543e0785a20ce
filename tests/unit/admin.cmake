bridge_test(test_backup SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_backup.c LAYERS base store)

# The parts of the admin layer that need no daemon.
foreach(name answer listener request)
    bridge_test(test_${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c
        ${PROJECT_SOURCE_DIR}/bridge/admin/${name}.c
        INCLUDES ${PROJECT_SOURCE_DIR}/bridge/admin
        LAYERS base)
endforeach()

# The commands, on the core between fakes (core.cmake).
bridge_test(test_verb
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_verb.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
        ${CMAKE_CURRENT_LIST_DIR}/fake_web.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/net
    LAYERS admin core xmpp base
    LIBRARIES core_lab)

# What is fetched by HTTP, on the same core.
bridge_test(test_pages
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_pages.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
        ${CMAKE_CURRENT_LIST_DIR}/fake_web.c
        ${PROJECT_SOURCE_DIR}/bridge/admin/health.c
        ${PROJECT_SOURCE_DIR}/bridge/admin/metrics.c
        ${PROJECT_SOURCE_DIR}/bridge/admin/pages.c
        ${PROJECT_SOURCE_DIR}/bridge/admin/pulse.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/net ${PROJECT_SOURCE_DIR}/bridge/admin
    LAYERS core xmpp base
    LIBRARIES core_lab)
bridge_test(test_pulse SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_pulse.c
    ${PROJECT_SOURCE_DIR}/bridge/admin/pulse.c
    INCLUDES ${PROJECT_SOURCE_DIR}/bridge/admin
    LIBRARIES PkgConfig::UV)

bridge_test(test_echo
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_echo.c ${CMAKE_CURRENT_LIST_DIR}/fake_host.c
            ${PROJECT_SOURCE_DIR}/contrib/echo/echo.c
    LAYERS base LIBRARIES PkgConfig::UV)
# As in contrib/echo.
set_source_files_properties(${PROJECT_SOURCE_DIR}/contrib/echo/echo.c
    PROPERTIES COMPILE_OPTIONS -Wno-unused-parameter)

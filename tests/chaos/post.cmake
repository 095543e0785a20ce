# The transport of the chaos test; not installed.
add_library(post MODULE ${CMAKE_CURRENT_LIST_DIR}/post.c)
set_target_properties(post PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test_plugins)
target_include_directories(post PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(post PRIVATE PkgConfig::UV PkgConfig::JANSSON)

add_library(store_lab OBJECT ${CMAKE_CURRENT_LIST_DIR}/store_lab.c)
target_include_directories(store_lab PUBLIC ${PROJECT_SOURCE_DIR}/include
    ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/bridge/store)
target_link_libraries(store_lab PUBLIC PkgConfig::UV PkgConfig::SQLITE)

foreach(name account delivery_store seal store)
    bridge_test(test_${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${name}.c
        LAYERS base store LIBRARIES store_lab)
endforeach()

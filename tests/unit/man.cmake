add_test(NAME man_page_has_every_key
         COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/man_keys.sh $<TARGET_FILE:bridged>
                 ${PROJECT_BINARY_DIR}/plugins ${PROJECT_SOURCE_DIR}/contrib/man/bridge.conf.5)

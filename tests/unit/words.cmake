# Catalogues of the test's own, and one that is none.
set(words ${CMAKE_CURRENT_BINARY_DIR}/words)
foreach(language de fr)
    file(MAKE_DIRECTORY ${words}/${language}/LC_MESSAGES)
    set(catalogue ${words}/${language}/LC_MESSAGES/bridged.mo)
    add_custom_command(OUTPUT ${catalogue}
        COMMAND ${MSGFMT} --check-format --output-file=${catalogue}
                ${CMAKE_CURRENT_LIST_DIR}/words/${language}.po
        DEPENDS ${CMAKE_CURRENT_LIST_DIR}/words/${language}.po)
    list(APPEND word_catalogues ${catalogue})
endforeach()
bridge_test(test_words SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_words.c ${word_catalogues}
    LAYERS base)
target_compile_definitions(test_words PRIVATE WORDS="${words}")

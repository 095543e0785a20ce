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

add_test(NAME every_text_is_translated
    COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/translations.sh ${PROJECT_SOURCE_DIR})

# The core between fakes, with the translations that are installed.
bridge_test(test_language
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_language.c ${CMAKE_CURRENT_LIST_DIR}/dialogue.c
    LAYERS core xmpp base
    LIBRARIES core_lab)
target_compile_definitions(test_language PRIVATE TRANSLATIONS="${PROJECT_BINARY_DIR}/locale")
add_dependencies(test_language translations)

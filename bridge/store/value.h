/* value.h - what is bound to a statement's ?1, ?2, ... */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

struct value {
    bool is_number;
    int64_t number;
    const char *text; /* NULL is SQL's NULL */
};

#define TEXT(string)    ((struct value){ .text = (string) })
#define NUMBER(integer) ((struct value){ .is_number = true, .number = (integer) })

/* Two arguments: the values and how many they are. */
#define VALUES(...)                                                                            \
    (const struct value[]){ __VA_ARGS__ },                                                     \
        sizeof(const struct value[]){ __VA_ARGS__ } / sizeof(struct value)

/* Texts are not copied. SQLite's result. */
int value_bind(sqlite3_stmt *q, const struct value *values, size_t count);

#endif

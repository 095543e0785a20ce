#include "value.h"

int value_bind(sqlite3_stmt *q, const struct value *values, size_t count)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
        const struct value *v = &values[i];
        int place = (int)i + 1;
        rc = v->is_number ? sqlite3_bind_int64(q, place, v->number)
                          : sqlite3_bind_text(q, place, v->text, -1, SQLITE_STATIC);
    }
    return rc;
}

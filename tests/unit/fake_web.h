/* fake_web.h - routes without a listener: what they answer. */
#ifndef FAKE_WEB_H
#define FAKE_WEB_H

#include <bridge/strbuf.h>

struct fake_answer {
    unsigned status; /* 0: there is no such page */
    const char *type;
    struct strbuf body; /* the caller's to release */
};

void fake_web_get(const char *path, struct fake_answer *out);
void fake_web_clear(void);

#endif

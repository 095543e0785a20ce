/* describe.h - what we say of ourselves and of our addresses (XEP-0030). */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "query.h"

void describe_answer_info(const struct query *q);
void describe_answer_items(const struct query *q);

#endif

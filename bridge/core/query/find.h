/* find.h - finding people of a network by what a user types (jabber:iq:gateway,
 * XEP-0100 §6.3). */
#ifndef FIND_H
#define FIND_H

#include "query.h"

void find_answer_prompt(const struct query *q); /* what is to be typed */
void find_answer(const struct query *q);        /* the JID for what was typed */

#endif

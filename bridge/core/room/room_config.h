/* room_config.h - a room's configuration form (XEP-0045 §10.2): here each user's
 * own settings of the room, which concern nobody else. */
#ifndef ROOM_CONFIG_H
#define ROOM_CONFIG_H

#include "query.h"

/* muc#owner, get and set. */
void room_config_answer(const struct query *q);

#endif

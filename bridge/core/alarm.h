/* alarm.h - what the gateway's admins are told at once, as a message: that nothing can
 * be stored, and that it can again. */
#ifndef ALARM_H
#define ALARM_H

#include "core.h"

/* The store's health has changed, or a stream is up by which it can be told. Each
 * trouble is told once, and its end to those who know of it. */
void alarm_tell(struct core *core);

#endif

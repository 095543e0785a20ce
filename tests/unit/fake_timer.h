/* fake_timer.h - libuv's timers and the clock under the test's hand: the
 * linker's --wrap leads uv_timer_start() here, and time passes only in
 * fake_timer_advance(). */
#ifndef FAKE_TIMER_H
#define FAKE_TIMER_H

#include <stddef.h>
#include <stdint.h>

/* Freeze the clock and forget all timers. */
void fake_timer_reset(void);

/* Milliseconds until the next timer fires that does not repeat; UINT64_MAX if
 * none will. */
uint64_t fake_timer_next(void);
size_t fake_timer_count(void);

/* Let time pass, firing what is due in order. */
void fake_timer_advance(uint64_t ms);

#endif

/* budget.h - what users spend at a transport that costs money: each on a day, and all
 * together. The sums are kept in the database, so that a restart forgives nothing.
 *
 * Prices are in millionths of the currency in which the admin thinks; the limits
 * (permit.h) in hundredths. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

#include <bridge/error.h>

#include "domain.h"

struct budget;

/* For a domain whose transport charges, otherwise NULL. */
struct budget *budget_new(struct bridge_host *host);
void budget_free(struct budget *budget); /* may be NULL */

/* May this user spend so much? 0: it is spent. -1 with *err set (BRIDGE_BUSY): which
 * limit would be passed, and when it ends. `price` is not negative. */
int budget_charge(struct bridge_host *host, const char *user, int64_t price,
                  struct bridge_error *err);
/* It was not spent after all. */
void budget_refund(struct bridge_host *host, const char *user, int64_t price);

#endif

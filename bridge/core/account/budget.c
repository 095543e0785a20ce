#include "budget.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/map.h>
#include <bridge/strbuf.h>
#include <bridge/words.h>

#include "core.h"
#include "permit.h"
#include "store.h"

#define HUNDREDTH 10000 /* millionths */
#define EVERYBODY ""

/* What one user, or everybody together, has spent on a day. */
struct expense {
    int64_t spent;
    char user[];
};

struct budget {
    int64_t day; /* that the expenses are of */
    struct map expenses; /* by user: of those who spent, or tried to, on this day */
};

struct budget *budget_new(struct bridge_host *host)
{
    return host->transport && host->transport->charges ? bridge_alloc(sizeof(struct budget)) : NULL;
}

static void clear(struct budget *budget)
{
    struct expense *expense;
    size_t i = 0;

    while ((expense = map_next(&budget->expenses, &i)))
        free(expense);
    map_release(&budget->expenses);
}

void budget_free(struct budget *budget)
{
    if (!budget)
        return;
    clear(budget);
    free(budget);
}

static void turn_day(struct bridge_host *host)
{
    int64_t today = permit_today();

    if (host->budget->day == today)
        return;
    clear(host->budget);
    host->budget->day = today;
    store_counters_forget(host->core->store, today, NULL, NULL);
}

static struct expense *expense_get(struct bridge_host *host, const char *user)
{
    struct budget *budget = host->budget;
    struct expense *expense = map_finds(&budget->expenses, user);

    if (expense)
        return expense;
    expense = bridge_alloc(sizeof *expense + strlen(user) + 1);
    strcpy(expense->user, user);
    expense->spent = store_expense_get(host->core->store, host->name, user, budget->day);
    map_puts(&budget->expenses, expense->user, expense);
    return expense;
}

static void add(struct bridge_host *host, struct expense *expense, int64_t price)
{
    expense->spent += price;
    if (expense->spent < 0)
        expense->spent = 0;
    store_expense_put(host->core->store, host->name, expense->user, host->budget->day,
                      expense->spent, NULL, NULL);
}

/* "2.05" */
static const char *amount(int64_t hundredths, char text[32])
{
    snprintf(text, 32, "%" PRId64 ".%02d", hundredths / 100, (int)(hundredths % 100));
    return text;
}

static bool passes(const struct expense *expense, int64_t price, int64_t limit)
{
    return limit && (price > limit * HUNDREDTH || expense->spent > limit * HUNDREDTH - price);
}

int budget_charge(struct bridge_host *host, const char *user, int64_t price,
                  struct bridge_error *err)
{
    const struct permit_limits *limits = &host->permit.limits;
    char most[32];

    assert(host->budget); /* the transport's descriptor says `charges` */
    turn_day(host);
    struct expense *own = expense_get(host, user);
    struct expense *all = expense_get(host, EVERYBODY);
    if (passes(own, price, limits->spend_per_day))
        return bridge_fail(err, BRIDGE_BUSY,
                           _("This would cost more than the %s that you may spend a day here; it "
                             "goes on at 00:00 UTC"), amount(limits->spend_per_day, most));
    if (passes(all, price, limits->total_spend_per_day))
        return bridge_fail(err, BRIDGE_BUSY,
                           _("All users together have spent what is allowed here for today; it "
                             "goes on at 00:00 UTC"));
    add(host, own, price);
    add(host, all, price);
    return 0;
}

void budget_refund(struct bridge_host *host, const char *user, int64_t price)
{
    assert(host->budget);
    turn_day(host);
    add(host, expense_get(host, user), -price);
    add(host, expense_get(host, EVERYBODY), -price);
}

#include "subscription.h"

#include "store.h"

#define SEEN_OR_ASKED (STORE_SUB_FROM | STORE_SUB_ASKED)
#define IN_ROSTER (STORE_SUB_BOTH | STORE_SUB_ASKED)

/* Who adds a contact is asked back, once: the contact, too, wants to know
 * whether anybody is there (XEP-0100 §4.5). */
static struct subscription_step wanted(unsigned now)
{
    bool ask = !(now & IN_ROSTER);
    unsigned next = (now | STORE_SUB_TO) & ~(unsigned)STORE_SUB_DECLINED;

    return (struct subscription_step){
        next | (ask ? STORE_SUB_ASKED : 0),
        SAY_SUBSCRIBED | SAY_PRESENCE | (ask ? SAY_SUBSCRIBE : 0),
    };
}

/* A server that hears it twice must not be left waiting (RFC 6121 §3.3.3). */
static struct subscription_step unwanted(unsigned now)
{
    return (struct subscription_step){
        now ? STORE_SUB_DECLINED : 0,
        SAY_UNSUBSCRIBED | SAY_UNAVAILABLE | (now & SEEN_OR_ASKED ? SAY_UNSUBSCRIBE : 0),
    };
}

/* Not asked for, of a contact that we know nothing of: it promises nothing. */
static struct subscription_step granted(unsigned now)
{
    if (!now)
        return (struct subscription_step){ 0 };
    return (struct subscription_step){
        (now | STORE_SUB_FROM) & ~(unsigned)(STORE_SUB_ASKED | STORE_SUB_DECLINED), 0
    };
}

static struct subscription_step denied(unsigned now)
{
    unsigned next = now & ~(unsigned)SEEN_OR_ASKED;

    if (now && !(next & STORE_SUB_TO))
        next = STORE_SUB_DECLINED;
    return (struct subscription_step){ next, now & STORE_SUB_FROM ? HEAR_NO_MORE : 0 };
}

static struct subscription_step lost(unsigned now)
{
    return (struct subscription_step){ now & ~(unsigned)STORE_SUB_ASKED, 0 };
}

static struct subscription_step offered(unsigned now)
{
    if (now & (SEEN_OR_ASKED | STORE_SUB_DECLINED))
        return (struct subscription_step){ now, 0 };
    return (struct subscription_step){ now | STORE_SUB_ASKED, SAY_SUBSCRIBE };
}

static struct subscription_step settled(unsigned now)
{
    return (struct subscription_step){
        STORE_SUB_BOTH,
        (now & STORE_SUB_TO ? 0 : SAY_PRESENCE) | (now & STORE_SUB_FROM ? 0 : SAY_PROBE),
    };
}

static struct subscription_step named(unsigned now)
{
    return (struct subscription_step){ now, 0 };
}

static struct subscription_step released(unsigned now)
{
    return (struct subscription_step){
        0, now & IN_ROSTER ? SAY_UNSUBSCRIBE | SAY_UNSUBSCRIBED | SAY_UNAVAILABLE : 0
    };
}

struct subscription_step subscription_step(unsigned now, enum subscription_event event)
{
    static struct subscription_step (*const steps[])(unsigned now) = {
        [SUBSCRIPTION_WANTED] = wanted,     [SUBSCRIPTION_UNWANTED] = unwanted,
        [SUBSCRIPTION_GRANTED] = granted,   [SUBSCRIPTION_DENIED] = denied,
        [SUBSCRIPTION_LOST] = lost,         [SUBSCRIPTION_OFFERED] = offered,
        [SUBSCRIPTION_SETTLED] = settled,   [SUBSCRIPTION_NAMED] = named,
        [SUBSCRIPTION_RELEASED] = released,
    };

    return steps[event](now);
}

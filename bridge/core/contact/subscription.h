/* subscription.h - what becomes of a contact's subscriptions (enum
 * store_subscription; 0: no contact) when something happens: RFC 6121 §3 and
 * appendix A, XEP-0100 §4.5 and §4.6, seen from the contact's side. No I/O. */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

enum subscription_event {
    /* The user says so, by presence of type: */
    SUBSCRIPTION_WANTED,   /* "subscribe": wants to see the contact */
    SUBSCRIPTION_UNWANTED, /* "unsubscribe": no more, it has been taken out of the roster */
    SUBSCRIPTION_GRANTED,  /* "subscribed": the contact may see the user */
    SUBSCRIPTION_DENIED,   /* "unsubscribed": it may not, or no more */
    SUBSCRIPTION_LOST,     /* "error": the contact's request did not arrive */
    /* We want it: */
    SUBSCRIPTION_OFFERED,  /* the contact asks to see the user, unless declined before */
    SUBSCRIPTION_SETTLED,  /* both ways already, by the user's server (XEP-0356) */
    SUBSCRIPTION_NAMED,    /* only the name is another one */
    SUBSCRIPTION_RELEASED, /* there is no such contact any more */
};

/* What is then to be said to the user, in this order. */
enum subscription_saying {
    SAY_SUBSCRIBED = 1,
    SAY_PRESENCE = 2, /* that of the contact, now and from now on */
    SAY_SUBSCRIBE = 4,
    SAY_PROBE = 8,
    SAY_UNSUBSCRIBE = 16,
    SAY_UNSUBSCRIBED = 32,
    SAY_UNAVAILABLE = 64, /* and the contact's presence no more */
    HEAR_NO_MORE = 128,   /* the user's presence does not come this way any more */
};

struct subscription_step {
    unsigned next; /* enum store_subscription; 0: forget the contact */
    unsigned then; /* enum subscription_saying, once `next` is stored */
};

/* An event may come again, or when nobody expects it: nothing happens then,
 * besides the answer that RFC 6121 wants. */
struct subscription_step subscription_step(unsigned now, enum subscription_event event);

#endif

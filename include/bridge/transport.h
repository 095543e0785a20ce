/* transport.h - what a transport plugin gives to bridged. Start here; the
 * calls in the other direction are in host.h, and transports/README.md walks
 * through a complete example.
 *
 * A plugin is a shared object that exports one constant, `bridge_plugin`, made
 * by BRIDGE_PLUGIN(). Everything runs on the one thread of the event loop:
 * no call may block, on a name server, a disk or a peer.
 *
 * Addresses. The core cuts the JID: a transport sees localparts only, as they
 * are after XEP-0106 unescaping ("#chan%irc.libera.chat", "+15551234567"), and
 * says with classify() what each is. What classify() writes as the canonical
 * form is the identity of the contact or room from then on.
 *
 * Users. One user's use of one transport is a session: opened by the core when
 * it is first needed, closed when nothing holds it. Sessions are found by bare
 * JID; several clients of one user share theirs. */
#ifndef BRIDGE_TRANSPORT_H
#define BRIDGE_TRANSPORT_H

#include <stdbool.h>

#include <bridge/error.h>
#include <bridge/message.h>
#include <bridge/preference.h>
#include <bridge/settings.h>
#include <bridge/strbuf.h>

/* Raised whenever anything in include/bridge/ changes its meaning or layout. */
#define BRIDGE_ABI 3u

struct bridge_host;    /* the transport's instance, as the core knows it */
struct bridge_session; /* one user's login */
struct bridge_room;    /* one user's view of a room or channel (XEP-0045) */
struct bridge_change;  /* settings that a user wants to have, being checked */
struct bridge_lookup;  /* a question about a contact, being answered */

enum bridge_address {
    BRIDGE_ADDRESS_NONE,    /* not an address of this network */
    BRIDGE_ADDRESS_CONTACT, /* a person or number: takes messages, has presence */
    BRIDGE_ADDRESS_ROOM,    /* can be joined */
    BRIDGE_ADDRESS_SERVICE, /* a network or server: takes messages, answers disco */
};

struct bridge_transport {
    /* --- constants ------------------------------------------------------- */
    const char *type;        /* XEP-0030 registry: gateway/TYPE, e.g. "irc", "sms", "smtp" */
    const char *description; /* one line for people */
    const struct setting *settings; /* rows beside `plugin`, `domain`, `secret`; may be NULL */
    size_t settings_size;           /* of the struct that the rows fill */
    /* Who may use it while the admin has not said: everybody (true) or nobody,
     * which is right where use costs money or goes out in the admin's name. */
    bool open_by_default;
    /* Using the network costs money: the admin can limit what is spent
     * (bridge_charge(), host.h). */
    bool charges;
    unsigned features; /* bits of enum bridge_feature */
    /* Users must register before anything goes to the network. Without it they
     * may, if there is something to set. */
    bool needs_account;
    const struct preference *preferences; /* what users can set; ends with { 0 }; or NULL */
    /* What the user is to type to find somebody (jabber:iq:gateway, XEP-0100 §6.3),
     * and the sentence that explains it; NULL: the core's own. */
    const char *prompt;
    const char *prompt_help;

    /* --- the instance ---------------------------------------------------- */

    /* Start serving host's domain. `settings` stays valid and unchanged until
     * stop() or reload(). Returns the instance, or NULL with *err set. */
    void *(*start)(struct bridge_host *host, const void *settings, struct bridge_error *err);

    /* The admin reloaded the configuration: use `settings` from now on; the
     * old ones are freed after the call. Rows without SETTING_RELOAD have not
     * changed. Optional: without it, and then without such rows, a change needs
     * a restart, and the admin is told so. */
    void (*reload)(void *transport, const void *settings);

    /* Every session has been closed. Free the instance. */
    void (*stop)(void *transport);

    /* What is this localpart? For anything but NONE, append the canonical
     * form to *canonical. For NONE set *err: BRIDGE_ADDRESS with a sentence
     * that says how an address looks. Pure: no session is touched. */
    enum bridge_address (*classify)(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err);

    /* Append the localpart for what a user typed to find somebody: "(555)
     * 123-4567". Pure, as classify(), which sees the result. Optional: what was
     * typed is the localpart. */
    int (*find)(void *transport, const char *text, struct strbuf *localpart,
                struct bridge_error *err);

    /* A user registers, or changes settings, whose values are each well-formed:
     * do they make sense together, and does the network take them (a password)?
     * Ends with bridge_change_done(), now or later, exactly once; until then
     * nothing is stored. Optional: they always do. */
    void (*check)(void *transport, struct bridge_change *change);

    /* The XMPP server does not keep up (true) or does again (false): stop, or
     * resume, reading from the network. Optional. */
    void (*throttle)(void *transport, bool on);

    /* --- one user -------------------------------------------------------- */

    /* Returns the transport's own data for this session (not NULL), or NULL
     * with *err set. Need not connect anything yet. */
    void *(*open)(void *transport, struct bridge_session *session, struct bridge_error *err);

    /* The session ends: say goodbye to the network and let go of everything.
     * No upcall for this session or its rooms may be made afterwards.
     * `reason` is for people on the network, never NULL. */
    void (*close)(void *data, const char *reason);

    /* The user's own presence, that of the best of all clients: at once after
     * open() if it is known, and at each change. BRIDGE_OFFLINE: the last client
     * has gone. It is known of those who registered, and of those who have given a
     * contact of ours leave to see it. Optional. */
    void (*presence)(void *data, const struct bridge_presence *presence);

    /* Settings have changed and are stored: read again with bridge_preference().
     * `address` NULL: those of the account. Optional. */
    void (*changed)(void *data, const char *address);

    /* Send a message to a contact or service, at once or not at all. 0: accepted; a later failure is
     * reported with bridge_message_failed(). -1: the sender gets *err. */
    int (*send)(void *data, const char *contact, const struct bridge_message *message,
                struct bridge_error *err);

    /* Instead of send(), for networks where a message must never be lost, and can
     * take minutes or days: the core keeps it in the database until it has come to an
     * end, tries again, and tells the sender. `delivery` names it: after a crash of
     * ours it may be given a second time, under the same number, which no other
     * message ever has. So give the number to the network, if that can tell by it
     * what it already has.
     * 0: in hand; one of the bridge_delivery_ calls follows. -1: it could not even be
     * tried, as if bridge_delivery_later() (BRIDGE_RETRY, BRIDGE_BUSY) or
     * bridge_delivery_failed() (all else) had been called. */
    int (*deliver)(void *data, int64_t delivery, const char *contact,
                   const struct bridge_message *message, struct bridge_error *err);

    /* Chat states, receipts and markers for a contact, or for the room of this
     * address: those of the features that the descriptor names. A user's clients
     * each send their own, so the same may come again. Nothing is lost if it does
     * not arrive. Optional. */
    void (*signal)(void *data, const char *contact, const struct bridge_signal *signal);

    /* Who is this contact? Ends with bridge_lookup_done(), now or later, exactly
     * once, unless the session ends before. Users wait half a minute for it; a
     * contact is asked for once at a time, and few of them. Optional: the core
     * answers with the address alone. */
    void (*lookup)(void *data, const char *contact, struct bridge_lookup *lookup);

    /* The user has this contact in the roster and is there to see it: report
     * its presence with bridge_contact_presence(), now and at each change,
     * until unwatch(). Optional, both or none: contacts are then shown as
     * online all the time. */
    int (*watch)(void *data, const char *contact, struct bridge_error *err);
    void (*unwatch)(void *data, const char *contact);

    /* --- rooms (optional as a whole: join == NULL) ------------------------ */

    /* Enter. After 0 exactly one of bridge_room_joined() and
     * bridge_room_refused() follows, now or later. `password` may be NULL. */
    int (*join)(void *data, struct bridge_room *room, const char *nick, const char *password,
                struct bridge_error *err);

    /* The last client has left, or gave up before bridge_room_joined(). The
     * room is gone after the call: forget the pointer. `reason` may be NULL. */
    void (*leave)(void *data, struct bridge_room *room, const char *reason);

    /* Say something in the room. The transport reflects what really went out
     * with bridge_room_message() under the user's own nick and the id of
     * `message` (XEP-0045 §7.4: the sender needs its copy). */
    int (*say)(void *data, struct bridge_room *room, const struct bridge_message *message,
               struct bridge_error *err);

    /* Ask for another nick. The outcome is bridge_room_renamed() or
     * bridge_room_nick_failed(). Optional. */
    int (*rename)(void *data, struct bridge_room *room, const char *nick,
                  struct bridge_error *err);

    /* Ask for another subject; bridge_room_subject() reports it. `id` is that
     * of the stanza, for bridge_message_failed(); may be NULL. Optional. */
    int (*subject)(void *data, struct bridge_room *room, const char *text, const char *id,
                   struct bridge_error *err);

    /* Append the contact address of the occupant `nick`, for private messages
     * (XEP-0045 §7.5). Optional. */
    int (*occupant)(void *data, struct bridge_room *room, const char *nick,
                    struct strbuf *contact, struct bridge_error *err);
};

struct bridge_plugin {
    unsigned abi;        /* first, for ever: read before anything else */
    const char *version; /* of the plugin, for people */
    const struct bridge_transport *transport;
};

/* At file scope, once: BRIDGE_PLUGIN("0.1", &my_transport); */
#define BRIDGE_PLUGIN(plugin_version, plugin_transport) \
    __attribute__((visibility("default"))) extern const struct bridge_plugin bridge_plugin; \
    const struct bridge_plugin bridge_plugin = { \
        .abi = BRIDGE_ABI, \
        .version = (plugin_version), \
        .transport = (plugin_transport), \
    }

#endif

/* conn.h - one TCP connection to a peer, with or without TLS, on the event
 * loop. The only way in which bridged and its transports use sockets.
 *
 * Never blocks: names are resolved in the thread pool, addresses are tried in
 * the manner of RFC 8305 (happy eyeballs), every phase has a deadline.
 * Callbacks never run inside the call that asked for them. on_closed comes
 * exactly once, last, for every conn that conn_open() returned; the conn is
 * freed after it.
 *
 *     opening -> (on_connected) open -> closing -> on_closed
 *
 * All calls come from the loop's thread, and all loops with conns run in one
 * thread. Nobody needs to ignore SIGPIPE for them. */
#ifndef BRIDGE_CONN_H
#define BRIDGE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <uv.h>

struct conn;

enum conn_tls {
    CONN_TLS_OFF,
    CONN_TLS_ON, /* from the first byte */
};

struct conn_options {
    const char *host; /* name or numeric address */
    uint16_t port;
    const char *bind_address; /* numeric source address, or NULL */
    bool public_only; /* only to addresses of the Internet, whatever the name says: for names
                         that users choose, who must not reach behind the firewall */

    enum conn_tls tls;        /* TLS 1.2 or 1.3, SNI, host name check */
    const char *tls_name;     /* name to send and check; NULL: host */
    const char *ca_file;      /* PEM; NULL: the system's certificates */
    const char *cert_file;    /* our certificate chain (PEM), or NULL */
    const char *key_file;     /* its key; NULL: in cert_file */
    const char *fingerprint;  /* SHA-256 of the peer's certificate in hex, colons allowed:
                                 accept exactly this one, whoever signed it; or NULL */
    bool tls_any_certificate; /* accept any certificate; only when the admin says so */

    /* Milliseconds; 0 takes the default in parentheses. */
    uint64_t resolve_timeout; /* (10 s) */
    uint64_t connect_timeout; /* (20 s) over all addresses */
    uint64_t tls_timeout;     /* (20 s) */
    uint64_t idle_timeout;    /* nothing received for so long while open; 0: none. Does not
                                 run while paused nor after on_eof */
    uint64_t close_timeout;   /* (2 s) to flush and shut down */

    /* Back-pressure, bytes queued for sending: conn_full() from `high` on;
     * on_drained() when it is back at `low`. Past `limit` the conn fails. */
    size_t high;  /* (1 MiB) */
    size_t low;   /* (256 KiB) */
    size_t limit; /* (64 MiB) */
};

struct conn_events {
    void (*on_connected)(void *arg); /* TLS included */
    /* Bytes from the peer, borrowed. conn_close() and conn_pause() are allowed inside. */
    void (*on_data)(void *arg, const char *data, size_t len);
    void (*on_drained)(void *arg); /* optional */
    /* The peer has sent its last byte; we may still send. Optional: without it
     * the conn closes by itself, after flushing. */
    void (*on_eof)(void *arg);
    /* `why` is NULL when we closed it and all that was queued is sent, when we aborted it,
     * and when the peer ended it in an orderly way: with TLS that takes a close_notify, for
     * anybody on the way can send a FIN. Otherwise its code is
     *   BRIDGE_NO_HOST   there is no such name
     *   BRIDGE_FORBIDDEN the name has no address but those that `public_only` rules out
     *   BRIDGE_REJECTED  no TLS here, none that is new enough, a certificate that is not
     *                    accepted (the text has its fingerprint, ready to be pinned)
     *   BRIDGE_AUTH      the server requires a client certificate, or another one
     *   BRIDGE_BUSY      past `limit`
     *   BRIDGE_RETRY     all else: refused, cut, too late
     * A server that requires a client certificate may say so after on_connected (TLS 1.3). */
    void (*on_closed)(void *arg, const struct bridge_error *why);
};

/* Start connecting. `options` is copied, `events` is borrowed for the conn's
 * life. Returns NULL with *err set (BRIDGE_INVALID) only if the options make
 * no sense: an unreadable certificate, a bad fingerprint, no host. */
struct conn *conn_open(uv_loop_t *loop, const struct conn_options *options,
                       const struct conn_events *events, void *arg, struct bridge_error *err);

/* Queue bytes; they are copied. One gathered write per loop turn sends what
 * was queued in it. Before on_connected the bytes wait. Ignored once closing. */
void conn_write(struct conn *conn, const void *data, size_t len);

size_t conn_queued(const struct conn *conn); /* bytes not yet taken by the kernel */
bool conn_full(const struct conn *conn);     /* queued reached `high`, not yet back at `low` */

/* Stop, and resume, reading. */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* Orderly: send what is queued, TLS close_notify, FIN, then on_closed. No
 * other callback comes after this call. Calling it again does nothing. Before
 * on_connected it is conn_abort(). */
void conn_close(struct conn *conn);

/* At once, dropping what is queued; the peer sees a reset, not an end. Only
 * on_closed comes after it. */
void conn_abort(struct conn *conn);

/* Numeric address of the peer and of us ("192.0.2.1", "2001:db8::1"); "" before
 * on_connected. Borrowed, as long as the conn. */
const char *conn_peer_address(const struct conn *conn);
uint16_t conn_local_port(const struct conn *conn);

#endif

/* tls.h - the client's side of TLS 1.2 and 1.3, without a socket: bytes in,
 * bytes out.
 *
 * What the peer sent goes in through tls_feed(); what it must be sent is
 * appended to `out` by every call that takes one, also by those that fail (the
 * alert that tells the peer why). `out` must have room: a call never adds more
 * than it was given plus 20 KiB. An idle session holds no buffers. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

struct tls;

struct tls_options {
    const char *name; /* to send (SNI) and to find in the certificate; a numeric
                         address is only looked for */
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *fingerprint;
    bool any_certificate;
}; /* as in struct conn_options */

enum tls_result {
    TLS_OK,
    TLS_MORE, /* feed it more */
    TLS_END,  /* the peer has sent its last byte (close_notify) */
    TLS_FAILED,
};

/* BRIDGE_INVALID for files that cannot be used and malformed fingerprints. */
struct tls *tls_new(const struct tls_options *options, struct bridge_error *err);
void tls_free(struct tls *tls); /* may be NULL */

/* Bytes from the peer, borrowed until tls_keep(), which copies those that no
 * call has used yet. */
void tls_feed(struct tls *tls, const char *data, size_t len);
void tls_keep(struct tls *tls);
bool tls_pending(const struct tls *tls); /* some are left */

enum tls_result tls_handshake(struct tls *tls, struct strbuf *out, struct bridge_error *err);

/* Call until TLS_MORE. TLS_OK: `*len` bytes are in `to`, whose `size` of
 * 16 KiB holds any record whole. */
enum tls_result tls_read(struct tls *tls, char *to, size_t size, size_t *len,
                         struct strbuf *out, struct bridge_error *err);
int tls_write(struct tls *tls, const void *data, size_t len, struct strbuf *out,
              struct bridge_error *err);
void tls_finish(struct tls *tls, struct strbuf *out); /* close_notify */

#endif

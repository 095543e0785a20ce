/* tls_server.h - a peer for tests of connections: a thread that accepts on
 * loopback, with or without TLS, and certificates made on the spot.
 *
 * The thread must not use cmocka's asserts: it writes down what it saw, and the
 * test looks after server_join(). */
#ifndef TEST_TLS_SERVER_H
#define TEST_TLS_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/strbuf.h>
#include <openssl/ssl.h>

struct cert {
    X509 *x509;
    EVP_PKEY *key;
};

/* `names` as in an extension ("DNS:good.test,IP:127.0.0.1"), NULL for an
 * authority. `issuer` NULL: signed by itself. Days are counted from now. */
void cert_make(struct cert *cert, const char *names, const struct cert *issuer, int from_day,
               int to_day);
void cert_release(struct cert *cert);
void cert_fingerprint(const struct cert *cert, char text[65]);
/* As PEM; a file that is NULL is not written. */
void cert_save(const struct cert *cert, const char *cert_file, const char *key_file);

enum peer_end { PEER_NOT_ENDED, PEER_FIN, PEER_GOODBYE /* close_notify */, PEER_RESET };

/* The server's end of one connection. */
struct peer {
    int fd;
    SSL *ssl;           /* NULL: plain text */
    bool shook;         /* the TLS handshake succeeded */
    char source[16];    /* where the client came from */
    char client_cn[64]; /* of its certificate */
    char sni[64];
    enum peer_end end;
};

long peer_read(struct peer *peer, void *to, size_t size); /* 0 or less: see peer->end */
void peer_write(struct peer *peer, const void *data, size_t len);
void peer_read_all(struct peer *peer, struct strbuf *got);
void peer_finish(struct peer *peer); /* goodbye and FIN, and still reading */
void peer_reset(struct peer *peer);

struct server {
    /* Set before server_start(). */
    void (*serve)(struct server *server, struct peer *peer); /* after the handshake */
    const struct cert *cert; /* NULL: plain text */
    const struct cert *client_ca; /* require a certificate signed by it */
    int max_version;              /* of TLS; 0: any */
    const char *address;          /* NULL: 127.0.0.1 */
    unsigned connections;         /* to accept, one after the other; 0: one */

    uint16_t port;
    int listener;
    pthread_t thread;
    SSL_CTX *ctx;

    /* For serve() and the test to use. */
    struct peer last;
    struct strbuf got;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool told;
};

void server_start(struct server *server);
void server_join(struct server *server); /* what it saw stays, for the test to look at */
void server_release(struct server *server);

/* What one thread tells the other. */
void server_tell(struct server *server);
void server_await(struct server *server);

#endif

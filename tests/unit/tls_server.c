#include "tls_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    abort();
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    check(extension && X509_add_ext(x509, extension, -1), value);
    X509_EXTENSION_free(extension);
}

void cert_make(struct cert *cert, const char *names, const struct cert *issuer, int from_day,
               int to_day)
{
    static long serial;
    X509 *x509 = X509_new();
    X509_NAME *subject = X509_get_subject_name(x509);
    const unsigned char *cn = (const unsigned char *)(names ? names : "Test Authority");

    cert->x509 = x509;
    cert->key = EVP_EC_gen("P-256");
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), from_day * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(x509), to_day * 86400L);
    X509_set_pubkey(x509, cert->key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, cn, -1, -1, 0);
    if (!issuer)
        issuer = cert;
    X509_set_issuer_name(x509, X509_get_subject_name(issuer->x509));
    add_extension(x509, issuer->x509, NID_basic_constraints,
                  names ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(x509, issuer->x509, NID_subject_alt_name, names);
    check(X509_sign(x509, issuer->key, EVP_sha256()), "X509_sign");
}

void cert_release(struct cert *cert)
{
    X509_free(cert->x509);
    EVP_PKEY_free(cert->key);
}

void cert_fingerprint(const struct cert *cert, char text[65])
{
    unsigned char digest[32];

    X509_digest(cert->x509, EVP_sha256(), digest, NULL);
    for (size_t i = 0; i < sizeof digest; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
}

void cert_save(const struct cert *cert, const char *cert_file, const char *key_file)
{
    FILE *file;

    if (cert_file) {
        file = fopen(cert_file, "w");
        check(file && PEM_write_X509(file, cert->x509), cert_file);
        fclose(file);
    }
    if (key_file) {
        file = fopen(key_file, "w");
        check(file && PEM_write_PrivateKey(file, cert->key, NULL, NULL, 0, NULL, NULL),
              key_file);
        fclose(file);
    }
}

/* ---- one connection ---- */

static void note_end(struct peer *peer, long rc)
{
    if (peer->end != PEER_NOT_ENDED)
        return;
    if (peer->ssl && SSL_get_error(peer->ssl, (int)rc) == SSL_ERROR_ZERO_RETURN)
        peer->end = PEER_GOODBYE;
    else if (rc < 0 && errno == ECONNRESET)
        peer->end = PEER_RESET;
    else
        peer->end = PEER_FIN;
}

long peer_read(struct peer *peer, void *to, size_t size)
{
    errno = 0;
    ERR_clear_error();
    long rc = peer->ssl ? SSL_read(peer->ssl, to, (int)size) : recv(peer->fd, to, size, 0);
    if (rc <= 0)
        note_end(peer, rc);
    return rc;
}

void peer_write(struct peer *peer, const void *data, size_t len)
{
    const char *from = data;

    while (len) {
        ERR_clear_error();
        long n = peer->ssl ? SSL_write(peer->ssl, from, (int)len)
                           : send(peer->fd, from, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        from += n;
        len -= (size_t)n;
    }
}

void peer_read_all(struct peer *peer, struct strbuf *got)
{
    char piece[16384];
    long n;

    while ((n = peer_read(peer, piece, sizeof piece)) > 0)
        strbuf_add(got, piece, (size_t)n);
}

void peer_finish(struct peer *peer)
{
    if (peer->ssl && peer->shook)
        SSL_shutdown(peer->ssl);
    shutdown(peer->fd, SHUT_WR);
}

void peer_reset(struct peer *peer)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer->fd);
    peer->fd = -1;
}

static void shake_hands(struct peer *peer)
{
    peer->shook = SSL_accept(peer->ssl) == 1;
    if (!peer->shook)
        return;
    const char *sni = SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(peer->sni, sizeof peer->sni, "%s", sni ? sni : "");
    X509 *cert = SSL_get0_peer_certificate(peer->ssl);
    if (cert)
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, peer->client_cn,
                                  sizeof peer->client_cn);
}

static void serve_one(struct server *server)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    struct timeval patience = { .tv_sec = 20 }; /* a test that hangs must end */
    struct peer *peer = &server->last;

    *peer = (struct peer){ .fd = accept(server->listener, (struct sockaddr *)&from, &size) };
    if (peer->fd < 0)
        return;
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    inet_ntop(AF_INET, &from.sin_addr, peer->source, sizeof peer->source);
    if (server->ctx) {
        peer->ssl = SSL_new(server->ctx);
        SSL_set_fd(peer->ssl, peer->fd);
        shake_hands(peer);
    }
    if (server->serve && (!peer->ssl || peer->shook))
        server->serve(server, peer);
    SSL_free(peer->ssl);
    if (peer->fd >= 0)
        close(peer->fd);
}

/* ---- the thread ---- */

static void *run(void *arg)
{
    struct server *server = arg;
    sigset_t pipe;

    /* OpenSSL's own socket BIO raises it. Only here: conn must not need it blocked. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (unsigned i = 0; i < server->connections; i++)
        serve_one(server);
    return NULL;
}

static SSL_CTX *context_new(const struct server *server)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    /* Level 0 lets a test offer what nobody should: TLS 1.1. */
    SSL_CTX_set_cipher_list(ctx, "DEFAULT@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx, server->max_version);
    check(SSL_CTX_use_certificate(ctx, server->cert->x509) == 1, "certificate");
    check(SSL_CTX_use_PrivateKey(ctx, server->cert->key) == 1, "key");
    if (server->client_ca) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), server->client_ca->x509);
    }
    return ctx;
}

void server_start(struct server *server)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(server->port) };
    socklen_t size = sizeof at;
    int yes = 1;

    inet_pton(AF_INET, server->address ? server->address : "127.0.0.1", &at.sin_addr);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    check(!bind(server->listener, (struct sockaddr *)&at, sizeof at), "bind");
    check(!listen(server->listener, 512), "listen");
    getsockname(server->listener, (struct sockaddr *)&at, &size);
    server->port = ntohs(at.sin_port);
    if (server->cert)
        server->ctx = context_new(server);
    if (!server->connections)
        server->connections = 1;
    strbuf_init(&server->got, 64 * 1024 * 1024);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    check(!pthread_create(&server->thread, NULL, run, server), "pthread_create");
}

void server_join(struct server *server)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;

    /* Should nobody have come, accept() waits. Those who did are served first. */
    getsockname(server->listener, (struct sockaddr *)&at, &size);
    for (unsigned i = 0; i < server->connections; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fd, (struct sockaddr *)&at, size);
        close(fd);
    }
    pthread_join(server->thread, NULL);
    close(server->listener);
}

void server_release(struct server *server)
{
    SSL_CTX_free(server->ctx);
    strbuf_release(&server->got);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
}

void server_tell(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->told = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void server_await(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    while (!server->told)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

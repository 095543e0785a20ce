#include "tls.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { FINGERPRINT = 32 /* bytes of SHA-256 */ };

struct tls {
    SSL *ssl;
    struct strbuf *out; /* of the call that runs */
    const char *in;     /* fed and not yet used */
    size_t in_len;
    char *kept; /* our copy of `in`, or NULL */

    char *name; /* that the certificate must be for; for messages */
    bool answered;    /* the peer's first byte has been looked at */
    bool cert_wanted; /* the server asked for a certificate and we have none */
    bool any_certificate;
    bool pinned;
    bool refused; /* the certificate; below is why */
    int verify_error;
    int verify_depth;
    unsigned char pin[FINGERPRINT];
    unsigned char seen[FINGERPRINT];
};

/* ---- OpenSSL's input and output are our memory ---- */

static int bio_read(BIO *bio, char *to, int size)
{
    struct tls *tls = BIO_get_data(bio);
    size_t n = tls->in_len < (size_t)size ? tls->in_len : (size_t)size;

    BIO_clear_retry_flags(bio);
    if (!n) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, tls->in, n);
    tls->in += n;
    tls->in_len -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct tls *tls = BIO_get_data(bio);

    strbuf_add(tls->out, data, (size_t)len);
    return tls->out->overflow ? -1 : len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO *bio_new(struct tls *tls)
{
    static BIO_METHOD *method;

    if (!method) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "conn");
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_ctrl);
    }
    BIO *bio = BIO_new(method);
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    return bio;
}

void tls_feed(struct tls *tls, const char *data, size_t len)
{
    if (tls->in_len) { /* behind what was kept */
        char *joined = bridge_realloc(NULL, tls->in_len + len);
        memcpy(joined, tls->in, tls->in_len);
        memcpy(joined + tls->in_len, data, len);
        free(tls->kept);
        tls->in = tls->kept = joined;
        tls->in_len += len;
        return;
    }
    tls->in = data;
    tls->in_len = len;
}

void tls_keep(struct tls *tls)
{
    if (!tls->in_len) {
        free(tls->kept);
        tls->in = tls->kept = NULL;
        /* SSL_MODE_RELEASE_BUFFERS forgets the 16 KiB that a session ticket
         * makes OpenSSL set up for an answer that never comes. */
        SSL_free_buffers(tls->ssl);
    } else if (!tls->kept) {
        tls->in = tls->kept = bridge_strndup(tls->in, tls->in_len);
    }
}

bool tls_pending(const struct tls *tls)
{
    return tls->in_len > 0;
}

/* ---- the certificate ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool parse_fingerprint(const char *text, unsigned char out[FINGERPRINT])
{
    for (size_t i = 0; i < FINGERPRINT; i++) {
        if (i && *text == ':')
            text++;
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
        text += 2;
    }
    return !*text;
}

static const char *format_fingerprint(const unsigned char bytes[FINGERPRINT],
                                      char text[2 * FINGERPRINT + 1])
{
    for (size_t i = 0; i < FINGERPRINT; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * FINGERPRINT] = 0;
    return text;
}

/* In place of OpenSSL's whole check: a pinned certificate is right whoever
 * signed it, and the fingerprint must be at hand when it is not. */
static int check_certificate(X509_STORE_CTX *chain, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_app_data(ssl);

    (void)unused;
    X509_digest(X509_STORE_CTX_get0_cert(chain), EVP_sha256(), tls->seen, NULL);
    if (tls->pinned)
        tls->refused = memcmp(tls->seen, tls->pin, FINGERPRINT) != 0;
    else if (!tls->any_certificate)
        tls->refused = X509_verify_cert(chain) <= 0;
    if (!tls->refused) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    if (tls->pinned) /* decides which alert the server gets */
        X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    tls->verify_error = X509_STORE_CTX_get_error(chain);
    tls->verify_depth = X509_STORE_CTX_get_error_depth(chain);
    return 0;
}

static const char *verify_words(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "is not valid yet";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "is for another name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "is signed by nobody but itself";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "is signed by an authority that is not trusted here";
    default:
        return NULL;
    }
}

/* The fingerprint goes into the text for the admin who, having asked the
 * server's, wants to pin it. */
static void explain_refusal(const struct tls *tls, struct bridge_error *err)
{
    char seen[2 * FINGERPRINT + 1], pin[2 * FINGERPRINT + 1];
    bool issuer = tls->verify_depth > 0 && (tls->verify_error == X509_V_ERR_CERT_HAS_EXPIRED ||
                                            tls->verify_error == X509_V_ERR_CERT_NOT_YET_VALID);
    const char *words = verify_words(tls->verify_error);

    format_fingerprint(tls->seen, seen);
    if (tls->pinned)
        bridge_fail(err, BRIDGE_REJECTED,
                    "the certificate of %.80s has SHA-256 fingerprint %s, not the expected %s",
                    tls->name, seen, format_fingerprint(tls->pin, pin));
    else
        bridge_fail(err, BRIDGE_REJECTED, "the certificate of %s%.80s %s%s (SHA-256 %s)",
                    issuer ? "an issuer behind " : "", tls->name, words ? words : "is bad: ",
                    words ? "" : X509_verify_cert_error_string(tls->verify_error), seen);
}

/* ---- failures in words ---- */

static const struct {
    int reason;
    enum bridge_code code;
    const char *words;
} failures[] = {
    { SSL_R_UNSUPPORTED_PROTOCOL, BRIDGE_REJECTED, "the server has no TLS newer than 1.1" },
    { SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, BRIDGE_REJECTED,
      "the server has no TLS newer than 1.1" },
    { SSL_R_TLSV1_UNRECOGNIZED_NAME, BRIDGE_REJECTED, "the server does not go by this name" },
    { SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, BRIDGE_REJECTED,
      "the server shares no way to encrypt with us" },
    { SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, BRIDGE_AUTH,
      "the server requires a client certificate" },
    { SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, BRIDGE_AUTH, "the server refuses our certificate" },
    { SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, BRIDGE_AUTH,
      "the server cannot use our certificate" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, BRIDGE_AUTH, "our certificate has been revoked" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, BRIDGE_AUTH, "our certificate has expired" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, BRIDGE_AUTH,
      "the server refuses our certificate" },
    { SSL_R_TLSV1_ALERT_UNKNOWN_CA, BRIDGE_AUTH,
      "the server does not trust the issuer of our certificate" },
    { SSL_R_TLSV1_ALERT_ACCESS_DENIED, BRIDGE_AUTH, "the server refuses our certificate" },
};

static enum tls_result fail(const struct tls *tls, struct bridge_error *err)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *text = ERR_reason_error_string(error);

    if (tls->refused) {
        explain_refusal(tls, err);
        return TLS_FAILED;
    }
    /* TLS 1.2 has no alert of its own for this. */
    if (tls->cert_wanted && reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
        reason = SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (reason == failures[i].reason) {
            bridge_fail(err, failures[i].code, "%s", failures[i].words);
            return TLS_FAILED;
        }
    }
    bridge_fail(err, BRIDGE_RETRY, "TLS failed: %s", text ? text : "unknown error");
    return TLS_FAILED;
}

/* ---- the session ---- */

enum tls_result tls_handshake(struct tls *tls, struct strbuf *out, struct bridge_error *err)
{
    if (tls->in_len && !tls->answered) {
        tls->answered = true;
        /* A greeting in plain text, or the complaint of an HTTP server. */
        if (*tls->in != SSL3_RT_HANDSHAKE && *tls->in != SSL3_RT_ALERT) {
            bridge_fail(err, BRIDGE_REJECTED, "the server does not speak TLS on this port");
            return TLS_FAILED;
        }
    }
    ERR_clear_error();
    tls->out = out;
    int rc = SSL_do_handshake(tls->ssl);
    if (rc == 1)
        return TLS_OK;
    if (SSL_get_error(tls->ssl, rc) == SSL_ERROR_WANT_READ)
        return TLS_MORE;
    return fail(tls, err);
}

enum tls_result tls_read(struct tls *tls, char *to, size_t size, size_t *len,
                         struct strbuf *out, struct bridge_error *err)
{
    ERR_clear_error();
    tls->out = out;
    int rc = SSL_read_ex(tls->ssl, to, size, len);
    if (rc == 1)
        return TLS_OK;
    switch (SSL_get_error(tls->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    default:
        return fail(tls, err);
    }
}

int tls_write(struct tls *tls, const void *data, size_t len, struct strbuf *out,
              struct bridge_error *err)
{
    size_t taken;

    ERR_clear_error();
    tls->out = out;
    if (SSL_write_ex(tls->ssl, data, len, &taken) == 1)
        return 0; /* all of it: bio_write() never takes a part */
    fail(tls, err);
    return -1;
}

void tls_finish(struct tls *tls, struct strbuf *out)
{
    ERR_clear_error();
    tls->out = out;
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

/* ---- setting up ---- */

static int no_passphrase(char *to, int size, int writing, void *unused)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)unused;
    return -1; /* OpenSSL's own would ask the terminal, and wait */
}

static int on_cert_wanted(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
    struct tls *tls = SSL_get_app_data(ssl);

    (void)cert;
    (void)key;
    tls->cert_wanted = true;
    return 0; /* go on without */
}

static int fail_file(struct bridge_error *err, const char *what, const char *file)
{
    unsigned long error = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(error);

    if (access(file, R_OK))
        bridge_fail(err, BRIDGE_INVALID, "cannot read the %s %s: %s", what, file,
                    strerror(errno));
    else
        bridge_fail(err, BRIDGE_INVALID, "cannot use the %s %s: %s", what, file,
                    text ? text : "unknown error");
    ERR_clear_error();
    return -1;
}

/* The names that OpenSSL looks for: 9d66eef0.0 */
static bool is_hashed(const char *directory)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry = NULL;

    while (dir && (entry = readdir(dir))) {
        if (strspn(entry->d_name, "0123456789abcdef") == 8 && !strcmp(entry->d_name + 8, ".0"))
            break;
    }
    if (dir)
        closedir(dir);
    return entry;
}

/* The bundle of all authorities takes 20 ms to read, in which nothing else would
 * happen. From a directory OpenSSL reads those that it needs, when it does. */
static void trust_system(SSL_CTX *ctx)
{
    const char *directory = getenv(X509_get_default_cert_dir_env());

    SSL_CTX_set_default_verify_dir(ctx);
    if (getenv(X509_get_default_cert_file_env()) ||
        !is_hashed(directory ? directory : X509_get_default_cert_dir()))
        SSL_CTX_set_default_verify_file(ctx);
}

static SSL_CTX *context_new(const char *ca_file, struct bridge_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    assert(ctx);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, check_certificate, NULL);
    SSL_CTX_set_client_cert_cb(ctx, on_cert_wanted);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (!ca_file) {
        trust_system(ctx);
    } else if (SSL_CTX_load_verify_file(ctx, ca_file)) {
        /* What the admin put there is trusted, be it a root or not. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    } else {
        fail_file(err, "CA file", ca_file);
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* Sessions that trust the same file share what was read, until it changes. */
static SSL_CTX *context_get(const char *ca_file, struct bridge_error *err)
{
    static struct context {
        SSL_CTX *ctx;
        char *ca_file;
        struct stat as_read;
    } cache[8];
    static size_t oldest;
    struct stat now = { 0 };

    if (ca_file && stat(ca_file, &now)) {
        fail_file(err, "CA file", ca_file);
        return NULL;
    }
    for (size_t i = 0; i < sizeof cache / sizeof *cache; i++) {
        const struct context *c = &cache[i];
        if (c->ctx && !strcmp(c->ca_file, ca_file ? ca_file : "") &&
            c->as_read.st_ino == now.st_ino && c->as_read.st_size == now.st_size &&
            c->as_read.st_mtim.tv_sec == now.st_mtim.tv_sec &&
            c->as_read.st_mtim.tv_nsec == now.st_mtim.tv_nsec)
            return c->ctx;
    }
    SSL_CTX *ctx = context_new(ca_file, err);
    if (!ctx)
        return NULL;
    struct context *c = &cache[oldest++ % (sizeof cache / sizeof *cache)];
    SSL_CTX_free(c->ctx); /* its sessions keep it until they end */
    free(c->ca_file);
    *c = (struct context){ ctx, bridge_strdup(ca_file ? ca_file : ""), now };
    return ctx;
}

static int use_certificate(SSL *ssl, const struct tls_options *options,
                           struct bridge_error *err)
{
    const char *key = options->key_file ? options->key_file : options->cert_file;

    if (!options->cert_file)
        return 0;
    if (SSL_use_certificate_chain_file(ssl, options->cert_file) != 1)
        return fail_file(err, "certificate", options->cert_file);
    /* This also checks that the two belong together. */
    if (SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return fail_file(err, "key", key);
    return 0;
}

static int expect_name(struct tls *tls, const char *name, struct bridge_error *err)
{
    size_t len = strcspn(name, "%"); /* an address may have a zone: fe80::1%eth0 */

    if (len > 1 && name[len - 1] == '.') /* an absolute name; certificates have no dot there */
        len--;
    tls->name = bridge_strndup(name, len);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), tls->name))
        return 0; /* and no SNI: RFC 6066 §3 */
    ERR_clear_error();
    SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* OpenSSL takes "" to mean that any name is right. */
    if (!len || !SSL_set1_host(tls->ssl, tls->name) ||
        !SSL_set_tlsext_host_name(tls->ssl, tls->name))
        return bridge_fail(err, BRIDGE_INVALID, "'%s' is no name for a TLS server", name);
    return 0;
}

struct tls *tls_new(const struct tls_options *options, struct bridge_error *err)
{
    struct tls *tls = bridge_alloc(sizeof *tls);

    ERR_clear_error();
    if (options->fingerprint && !parse_fingerprint(options->fingerprint, tls->pin)) {
        bridge_fail(err, BRIDGE_INVALID,
                    "a SHA-256 fingerprint has 64 hexadecimal digits, unlike '%s'",
                    options->fingerprint);
        goto failed;
    }
    SSL_CTX *ctx = context_get(options->ca_file, err);
    if (!ctx)
        goto failed;
    tls->ssl = SSL_new(ctx);
    if (use_certificate(tls->ssl, options, err) || expect_name(tls, options->name, err))
        goto failed;
    tls->pinned = options->fingerprint != NULL;
    tls->any_certificate = options->any_certificate;
    BIO *bio = bio_new(tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_connect_state(tls->ssl);
    return tls;
failed:
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    free(tls->kept);
    free(tls->name);
    free(tls);
}

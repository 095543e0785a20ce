#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bridge/log.h>
#include <sodium.h>

#include "file.h"

#define VARIANT    sodium_base64_VARIANT_ORIGINAL_NO_PADDING
#define FILE_MAX   1024  /* bytes of a key file */
#define SECRET_MAX 65536 /* more is never sealed */
#define PATH_LIMIT 65536

/* The sort of seal comes first, so that there can be another one some day. */
#define MARK "sealed:1:"

struct seal {
    unsigned char key[crypto_secretbox_KEYBYTES];
};

/* --- the key's file --------------------------------------------------------- */

static int decode(unsigned char *out, size_t size, const char *text, size_t *len)
{
    return sodium_base642bin(out, size, text, strlen(text), "\r\n", len, NULL, VARIANT);
}

static int parse_key(struct seal *seal, const char *path, const struct strbuf *text,
                     const struct stat *status, struct bridge_error *err)
{
    size_t len = 0;

    if (status->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH))
        return bridge_fail(err, BRIDGE_INVALID,
                           "%s: others than its owner may read this key: chmod 600 it", path);
    if (strlen(strbuf_text(text)) != text->len ||
        decode(seal->key, sizeof seal->key, strbuf_text(text), &len) || len != sizeof seal->key)
        return bridge_fail(err, BRIDGE_INVALID,
                           "%s holds no key of bridged: restore it from a backup; without one, "
                           "remove it, and users must set their passwords again", path);
    return 0;
}

static int read_key(struct seal *seal, const char *path, struct bridge_error *err)
{
    struct strbuf text = STRBUF_INIT(FILE_MAX);
    struct bridge_error why = { 0 };
    struct stat status;
    int rc = file_read(path, FILE_MAX, &text, &status, &why);

    if (rc)
        bridge_fail(err, why.code, "%s: %s", path, why.text);
    else
        rc = parse_key(seal, path, &text, &status, err);
    if (text.data)
        sodium_memzero(text.data, text.size);
    strbuf_release(&text);
    return rc;
}

static int write_key(const struct seal *seal, const char *path)
{
    char text[sodium_base64_ENCODED_LEN(crypto_secretbox_KEYBYTES, VARIANT) + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    sodium_bin2base64(text, sizeof text, seal->key, sizeof seal->key, VARIANT);
    size_t len = strlen(text);
    text[len++] = '\n';
    int rc = write(fd, text, len) == (ssize_t)len && !fsync(fd) ? 0 : -1;
    int number = errno;
    sodium_memzero(text, sizeof text);
    close(fd);
    errno = number;
    return rc;
}

/* Under its name stands a whole key or none, and it is on the disk before anything
 * is sealed with it. */
static int make_key(struct seal *seal, const char *path, struct bridge_error *err)
{
    struct strbuf part = STRBUF_INIT(PATH_LIMIT);
    int rc = -1;

    crypto_secretbox_keygen(seal->key);
    strbuf_addf(&part, "%s.part", path);
    if (!write_key(seal, strbuf_text(&part)) && !rename(strbuf_text(&part), path) &&
        !file_sync_directory(path)) {
        log_info("store", "made the key %s: back it up apart from the database, whose secrets "
                          "nothing else opens", path);
        rc = 0;
    } else {
        bridge_fail(err, BRIDGE_INVALID, "cannot make the key %s: %s", path, strerror(errno));
        unlink(strbuf_text(&part));
    }
    strbuf_release(&part);
    return rc;
}

struct seal *seal_open(const char *path, struct bridge_error *err)
{
    struct seal *seal = bridge_alloc(sizeof *seal);
    bool absent = access(path, F_OK) && errno == ENOENT;

    if (sodium_init() < 0)
        abort(); /* no random numbers */
    if (absent ? make_key(seal, path, err) : read_key(seal, path, err)) {
        seal_close(seal);
        return NULL;
    }
    return seal;
}

void seal_close(struct seal *seal)
{
    if (seal)
        sodium_memzero(seal, sizeof *seal);
    free(seal);
}

/* --- secrets ---------------------------------------------------------------- */

bool seal_is_sealed(const char *text)
{
    return !strncmp(text, MARK, strlen(MARK));
}

/* A nonce, and the box that it made. */
void seal_add(struct strbuf *out, const struct seal *seal, const char *secret)
{
    size_t len = strlen(secret);
    size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    size_t text_size = sodium_base64_ENCODED_LEN(size, VARIANT);
    unsigned char *box = bridge_alloc(size);
    char *text = bridge_alloc(text_size);

    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)secret, len,
                          box, seal->key);
    sodium_bin2base64(text, text_size, box, size, VARIANT);
    strbuf_adds(out, MARK);
    strbuf_adds(out, text);
    free(text);
    free(box);
}

static int open_box(struct strbuf *out, const struct seal *seal, const unsigned char *box,
                    size_t size)
{
    size_t overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;

    if (size < overhead)
        return -1;
    char *secret = bridge_alloc(size);
    int rc = crypto_secretbox_open_easy((unsigned char *)secret,
                                        box + crypto_secretbox_NONCEBYTES,
                                        size - crypto_secretbox_NONCEBYTES, box, seal->key);
    if (!rc)
        strbuf_add(out, secret, size - overhead);
    sodium_memzero(secret, size);
    free(secret);
    return rc;
}

int seal_read(struct strbuf *out, const struct seal *seal, const char *sealed,
              struct bridge_error *err)
{
    size_t len = strlen(sealed);
    size_t size = 0;
    int rc = -1;

    if (seal_is_sealed(sealed) && len <= SECRET_MAX) {
        unsigned char *box = bridge_alloc(len);
        if (!decode(box, len, sealed + strlen(MARK), &size))
            rc = open_box(out, seal, box, size);
        free(box);
    }
    if (rc)
        bridge_fail(err, BRIDGE_INVALID,
                    "this was not sealed with the key that bridged has now: set it again");
    return rc;
}

#include "digest.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

#include <openssl/evp.h>

#define SHA1_SIZE 20

static void sha1(const void *data, size_t len, unsigned char digest[EVP_MAX_MD_SIZE])
{
    unsigned int size = 0;

    int ok = EVP_Digest(data, len, digest, &size, EVP_sha1(), NULL);
    assert(ok && size == SHA1_SIZE);
    (void)ok;
}

void digest_hex(const void *data, size_t len, char hex[DIGEST_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    sha1(data, len, digest);
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void digest_base64(const void *data, size_t len, char text[DIGEST_BASE64_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    sha1(data, len, digest);
    EVP_EncodeBlock((unsigned char *)text, digest, SHA1_SIZE);
}

void base64_add(struct strbuf *out, const void *data, size_t len)
{
    assert(len <= INT_MAX);
    /* One more: a NUL is written behind it. */
    char *at = strbuf_reserve(out, (len + 2) / 3 * 4 + 1);
    if (at)
        out->len += (size_t)EVP_EncodeBlock((unsigned char *)at, data, (int)len);
}

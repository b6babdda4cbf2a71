#ifndef FIRN_OPENSSL_H
#define FIRN_OPENSSL_H

// The part of libcrypto that Firn uses, without its types. Every function that can fail returns 1 for success and 0
// for a failure of the library, which only lack of memory or a broken build can cause unless the comment says more.

#include <stddef.h>
#include <stdint.h>

enum firn_digest_kind {
    FIRN_DIGEST_MD5 = 1,
    FIRN_DIGEST_SHA1 = 2,
    FIRN_DIGEST_SHA256 = 3,
    FIRN_DIGEST_SHA224 = 4,
    FIRN_DIGEST_SHA384 = 5,
    FIRN_DIGEST_SHA512 = 6,
    FIRN_DIGEST_BLAKE2B = 7,
    FIRN_DIGEST_BLAKE2S = 8
};

typedef struct firn_digest firn_digest;

// Null when out of memory.
firn_digest *firn_digest_new(int kind);
int firn_digest_update(firn_digest *digest, const uint8_t *bytes, size_t count);
// Writes as many bytes as the kind has, 64 at most; the digest takes no more input afterwards.
int firn_digest_finish(firn_digest *digest, uint8_t *result);
void firn_digest_free(firn_digest *digest);

int firn_digest_once(int kind, const uint8_t *bytes, size_t count, uint8_t *result);
int firn_hmac_sha256(const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count, uint8_t *result);

// AES-256-GCM: key 32, nonce 12 and tag 16 bytes; the sealed text is as long as the clear one.
int firn_gcm_seal(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *extra, size_t extra_count, const uint8_t *clear,
    size_t count, uint8_t *sealed, uint8_t *tag);
// 0 also when the tag does not fit; `clear` must then not be used.
int firn_gcm_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *extra, size_t extra_count, const uint8_t *sealed,
    size_t count, const uint8_t *tag, uint8_t *clear);

// 1 when equal; takes as long for any two texts of this length.
int firn_equal_constant_time(const uint8_t *left, const uint8_t *right, size_t count);

// The library that answers at run time and the header this was compiled with, as in OPENSSL_VERSION_NUMBER. They differ
// in more than the patch level when another library's OpenSSL shadows ours.
unsigned long firn_openssl_runtime_version(void);
unsigned long firn_openssl_header_version(void);

#endif

#include "firn_openssl.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <pthread.h>
#include <string.h>

static EVP_MD *fetched_sha256;
static pthread_once_t fetching = PTHREAD_ONCE_INIT;

static void fetch_sha256(void) { fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL); }

// The others are looked up by name at each use, which takes longer than hashing a token does.
static const EVP_MD *sha256(void) {
    pthread_once(&fetching, fetch_sha256);
    return fetched_sha256 != NULL ? fetched_sha256 : EVP_sha256();
}

static const EVP_MD *digest_of(int kind) {
    switch (kind) {
    case FIRN_DIGEST_MD5: return EVP_md5();
    case FIRN_DIGEST_SHA1: return EVP_sha1();
    case FIRN_DIGEST_SHA224: return EVP_sha224();
    case FIRN_DIGEST_SHA384: return EVP_sha384();
    case FIRN_DIGEST_SHA512: return EVP_sha512();
    case FIRN_DIGEST_BLAKE2B: return EVP_blake2b512();
    case FIRN_DIGEST_BLAKE2S: return EVP_blake2s256();
    default: return sha256();
    }
}

firn_digest *firn_digest_new(int kind) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) return NULL;
    if (EVP_DigestInit_ex(context, digest_of(kind), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return (firn_digest *)context;
}

int firn_digest_update(firn_digest *digest, const uint8_t *bytes, size_t count) {
    return EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, count) == 1;
}

int firn_digest_finish(firn_digest *digest, uint8_t *result) {
    return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, result, NULL) == 1;
}

void firn_digest_free(firn_digest *digest) { EVP_MD_CTX_free((EVP_MD_CTX *)digest); }

int firn_digest_once(int kind, const uint8_t *bytes, size_t count, uint8_t *result) {
    return EVP_Digest(bytes, count, result, NULL, digest_of(kind), NULL) == 1;
}

// RFC 2104, out of two digests: the library's own takes four times as long for a short text.
int firn_hmac_sha256(const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count, uint8_t *result) {
    enum { block = 64, length = 32 };
    uint8_t inner[block] = {0}, outer[block];
    if (key_count > block) {
        if (EVP_Digest(key, key_count, inner, NULL, sha256(), NULL) != 1) return 0;
    } else if (key_count > 0) {
        memcpy(inner, key, key_count);
    }
    for (int i = 0; i < block; i++) {
        outer[i] = inner[i] ^ 0x5C;
        inner[i] ^= 0x36;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context != NULL && EVP_DigestInit_ex2(context, sha256(), NULL) == 1
        && EVP_DigestUpdate(context, inner, block) == 1 && EVP_DigestUpdate(context, bytes, count) == 1
        && EVP_DigestFinal_ex(context, result, NULL) == 1 && EVP_DigestInit_ex2(context, sha256(), NULL) == 1
        && EVP_DigestUpdate(context, outer, block) == 1 && EVP_DigestUpdate(context, result, length) == 1
        && EVP_DigestFinal_ex(context, result, NULL) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_cleanse(inner, block);
    OPENSSL_cleanse(outer, block);
    return done;
}

int firn_gcm_seal(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *extra, size_t extra_count, const uint8_t *clear,
    size_t count, uint8_t *sealed, uint8_t *tag) {
    if (count > INT_MAX || extra_count > INT_MAX) return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return 0;
    int length = 0;
    int done = EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1
        && (extra_count == 0 || EVP_EncryptUpdate(context, NULL, &length, extra, (int)extra_count) == 1)
        && (count == 0 || EVP_EncryptUpdate(context, sealed, &length, clear, (int)count) == 1)
        && EVP_EncryptFinal_ex(context, tag, &length) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

int firn_gcm_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *extra, size_t extra_count, const uint8_t *sealed,
    size_t count, const uint8_t *tag, uint8_t *clear) {
    if (count > INT_MAX || extra_count > INT_MAX) return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return 0;
    int length = 0;
    uint8_t rest[16];
    int done = EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1
        && (extra_count == 0 || EVP_DecryptUpdate(context, NULL, &length, extra, (int)extra_count) == 1)
        && (count == 0 || EVP_DecryptUpdate(context, clear, &length, sealed, (int)count) == 1)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (void *)tag) == 1
        && EVP_DecryptFinal_ex(context, rest, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

int firn_equal_constant_time(const uint8_t *left, const uint8_t *right, size_t count) {
    return CRYPTO_memcmp(left, right, count) == 0;
}

unsigned long firn_openssl_runtime_version(void) { return OpenSSL_version_num(); }
unsigned long firn_openssl_header_version(void) { return OPENSSL_VERSION_NUMBER; }

// Certificates for HTTPS: one chain and key for all servers of the process, exchanged while they run.
#include "server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_LIMIT = 16 };

typedef struct certificate {
    gnutls_pcert_st chain[CHAIN_LIMIT];
    unsigned int chain_length;
    gnutls_privkey_t key;
} certificate;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static certificate *present;
// Handshakes that run may still use the one before; it goes when the next comes.
static certificate *previous;

static void release(certificate *old) {
    if (old == NULL) return;
    for (unsigned int index = 0; index < old->chain_length; index++) gnutls_pcert_deinit(&old->chain[index]);
    if (old->key != NULL) gnutls_privkey_deinit(old->key);
    free(old);
}

static const char *read_chain(certificate *made, const uint8_t *pem, size_t count) {
    gnutls_datum_t data = {(unsigned char *)pem, (unsigned int)count};
    made->chain_length = CHAIN_LIMIT;
    int status = gnutls_pcert_list_import_x509_raw(
        made->chain, &made->chain_length, &data, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (status >= 0) return NULL;
    made->chain_length = 0;
    return gnutls_strerror(status);
}

static const char *read_key(certificate *made, const uint8_t *pem, size_t count) {
    gnutls_datum_t data = {(unsigned char *)pem, (unsigned int)count};
    int status = gnutls_privkey_init(&made->key);
    if (status >= 0) status = gnutls_privkey_import_x509_raw(made->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    return status < 0 ? gnutls_strerror(status) : NULL;
}

// A signature by the key must hold under the certificate.
static const char *check_pair(certificate *made) {
    static const unsigned char text[] = "firn";
    gnutls_datum_t data = {(unsigned char *)text, sizeof text}, signature = {NULL, 0};
    int status = gnutls_privkey_sign_data(made->key, GNUTLS_DIG_SHA256, 0, &data, &signature);
    if (status < 0) return gnutls_strerror(status);
    int algorithm = gnutls_pk_to_sign(gnutls_privkey_get_pk_algorithm(made->key, NULL), GNUTLS_DIG_SHA256);
    status = gnutls_pubkey_verify_data2(made->chain[0].pubkey, algorithm, 0, &data, &signature);
    gnutls_free(signature.data);
    return status < 0 ? "the key does not belong to the certificate" : NULL;
}

bool firn_http_tls_use(
    const uint8_t *chain, size_t chain_count, const uint8_t *key, size_t key_count, char *reason,
    size_t reason_capacity) {
    certificate *made = calloc(1, sizeof *made);
    const char *failure = made == NULL ? "out of memory" : read_chain(made, chain, chain_count);
    if (failure == NULL) failure = read_key(made, key, key_count);
    if (failure == NULL) failure = check_pair(made);
    if (failure != NULL) {
        strncpy(reason, failure, reason_capacity - 1);
        reason[reason_capacity - 1] = 0;
        release(made);
        return false;
    }
    pthread_mutex_lock(&lock);
    release(previous);
    previous = present;
    present = made;
    pthread_mutex_unlock(&lock);
    return true;
}

int firn_http_tls_certificate(
    gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
    int algorithm_count, gnutls_pcert_st **chain, unsigned int *chain_length, gnutls_privkey_t *key) {
    (void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    pthread_mutex_lock(&lock);
    certificate *chosen = present;
    pthread_mutex_unlock(&lock);
    if (chosen == NULL) return -1;
    *chain = chosen->chain;
    *chain_length = chosen->chain_length;
    *key = chosen->key;
    return 0;
}

// Decides whether a server may go without TLS.
bool firn_http_is_loopback(const char *address) {
    struct in_addr four;
    struct in6_addr six;
    if (strcmp(address, "localhost") == 0) return true;
    if (inet_pton(AF_INET, address, &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

// What the files of this target share; not for Swift.
#ifndef FIRN_MICROHTTPD_SERVER_H
#define FIRN_MICROHTTPD_SERVER_H

#include "firn_microhttpd.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>

// One TCP connection; all of a server's hang in a list so that slow ones can be found.
typedef struct connection {
    struct connection *previous, *next;
    firn_http_server *server;
    struct MHD_Connection *mhd;
    void *exchange;           // of the request whose head is complete
    int fd;
    int64_t head_since;       // when it began to wait for a request head
    uint64_t received_before; // what had come by then
    bool is_busy;             // a request with a complete head runs
    bool is_answered;         // and has its answer
    bool was_at_end;          // the last sweep found nothing left to read
    bool is_late;             // the sweep gave up on its head
    bool is_refused;          // nothing more may be written
} connection;

struct firn_http_server {
    struct MHD_Daemon *daemon;
    int listener;
    bool is_quiet;
    bool uses_tls;
    firn_http_callbacks callbacks;
    void *context;
    pthread_mutex_t lock;
    connection *connections;
};

connection *firn_http_connection_of(struct MHD_Connection *mhd);

// Hands one of our own answers to the library.
enum MHD_Result firn_http_queue(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *response);

// Answers in the library's stead and ends the connection's writing side. Once a connection; on its server's thread.
void firn_http_refuse(connection *connection, uint32_t status);

// Bytes that came over the connection since it began; the end of the peer's side counts as one.
uint64_t firn_http_received(const connection *connection);

// Tells where in its file a response ends that reads `descriptor`, so that its pieces can be large.
void firn_http_file_ends(int descriptor, int64_t end);

// The callback with which the library asks for a certificate.
int firn_http_tls_certificate(
    gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
    int algorithm_count, gnutls_pcert_st **chain, unsigned int *chain_length, gnutls_privkey_t *key);

#endif

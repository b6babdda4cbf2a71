// What a client is told when the library itself refuses a request: a body of ours, with a request id, once.
//
// The library writes its own page of HTML for heads and chunks it cannot read, and twice for a bad Content-Length. It
// has no setting for that, but it hands every answer, also its own, to the exported MHD_queue_response: the one below
// takes that name's place in this process, passes our answers on and answers for the library otherwise. Where a linker
// bound the library's call to itself, clients see the library's page: no worse than without this file.
#define _GNU_SOURCE
#include "server.h"

#include <dlfcn.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);

static queue_function real_queue;
static pthread_once_t real_queue_once = PTHREAD_ONCE_INIT;

static void find_real_queue(void) {
    real_queue = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
    if (real_queue == NULL) abort();
}

enum MHD_Result firn_http_queue(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *response) {
    pthread_once(&real_queue_once, find_real_queue);
    return real_queue(mhd, status, response);
}

// Called by the library alone: it closes the connection when an answer of its own cannot be queued.
enum MHD_Result MHD_queue_response(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *response) {
    connection *refused = firn_http_connection_of(mhd);
    if (refused == NULL) return firn_http_queue(mhd, status, response);
    firn_http_refuse(refused, status);
    return MHD_NO;
}

uint64_t firn_http_received(const connection *connection) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.tcpi_bytes_received;
}

static void write_out(connection *connection, const uint8_t *bytes, size_t count) {
    if (!connection->server->uses_tls) {
        // The answer is shorter than any socket's buffer, and nothing else waits in it.
        (void)send(connection->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info != NULL && info->tls_session != NULL)
        (void)gnutls_record_send((gnutls_session_t)info->tls_session, bytes, count);
}

void firn_http_refuse(connection *connection, uint32_t status) {
    if (connection->is_refused) return;
    connection->is_refused = true;
    if (connection->is_answered) return;
    firn_http_server *server = connection->server;
    uint8_t answer[8192];
    size_t count =
        server->callbacks.refused(server->context, connection->exchange, status, answer, sizeof answer);
    write_out(connection, answer, count);
    shutdown(connection->fd, SHUT_WR);
    // What is unread when the socket closes makes the kernel send a reset, which may overtake the answer.
    uint8_t unread[16 * 1024];
    for (int rounds = 0; rounds < 64; rounds++)
        if (recv(connection->fd, unread, sizeof unread, MSG_DONTWAIT) <= 0) break;
}

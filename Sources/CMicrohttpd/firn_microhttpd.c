#define _GNU_SOURCE
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct firn_http_request {
    firn_http_server *server;
    struct MHD_Connection *mhd;
    connection *connection;
    const char *method;
    const char *version;
    char *target;
    void *exchange;
    bool has_ended;  // the library has said so once
};

static int64_t now_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

connection *firn_http_connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : (connection *)info->socket_context;
}

// The raw request target, before the library touches it.
static void *on_target(void *cls, const char *uri, struct MHD_Connection *mhd) {
    firn_http_request *request = calloc(1, sizeof *request);
    if (request == NULL) return NULL;
    request->server = cls;
    request->mhd = mhd;
    request->target = strdup(uri);
    if (request->target == NULL) {
        free(request);
        return NULL;
    }
    return request;
}

// Percent escapes stay: %2F and %1F mean something to the layers above.
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text) {
    (void)cls;
    (void)mhd;
    return strlen(text);
}

// `exchange` null: the connection waits for the next head.
static void mark(firn_http_server *server, connection *connection, void *exchange) {
    if (connection == NULL) return;
    pthread_mutex_lock(&server->lock);
    connection->is_busy = exchange != NULL;
    connection->head_since = now_nanoseconds();
    connection->was_at_end = false;
    pthread_mutex_unlock(&server->lock);
    connection->exchange = exchange;
    connection->is_answered = false;
    if (exchange == NULL) connection->received_before = firn_http_received(connection);
}

static enum MHD_Result on_access(
    void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **slot) {
    (void)url;
    firn_http_server *server = cls;
    firn_http_request *request = *slot;
    if (request == NULL) return MHD_NO;
    if (request->exchange == NULL) {
        request->connection = firn_http_connection_of(mhd);
        request->method = method;
        request->version = version;
        // Busy before the exchange is there: the sweep must not look for a head any more.
        mark(server, request->connection, request);
        request->exchange = server->callbacks.began(server->context, request);
        if (request->connection != NULL) request->connection->exchange = request->exchange;
        return request->exchange == NULL ? MHD_NO : MHD_YES;
    }
    bool goes_on;
    if (*size > 0) {
        size_t taken = 0;
        goes_on = server->callbacks.received(request->exchange, (const uint8_t *)data, *size, &taken);
        *size -= taken;
    } else if (request->has_ended) {
        goes_on = server->callbacks.awaited(request->exchange);
    } else {
        // A connection that is suspended while the library waits for input is read once more when it is resumed, and
        // a client that has closed its side by then is cut off. After one idle turn the library waits for us instead.
        request->has_ended = true;
        goes_on = server->callbacks.ended(request->exchange);
    }
    if (!goes_on) firn_http_cut(request);
    return goes_on ? MHD_YES : MHD_NO;
}

// What to tell a client, if it is still there, whose request ended without an answer.
static uint32_t status_of_end(enum MHD_RequestTerminationCode code) {
    switch (code) {
    case MHD_REQUEST_TERMINATED_TIMEOUT_REACHED: return MHD_HTTP_REQUEST_TIMEOUT;
    case MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN: return MHD_HTTP_SERVICE_UNAVAILABLE;
    case MHD_REQUEST_TERMINATED_WITH_ERROR: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    default: return MHD_HTTP_BAD_REQUEST;
    }
}

static void on_completed(
    void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code) {
    (void)mhd;
    firn_http_server *server = cls;
    firn_http_request *request = *slot;
    if (request == NULL) return;
    *slot = NULL;
    bool is_complete = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    // With TLS the session is closed by now.
    if (!is_complete && request->exchange != NULL && request->connection != NULL && !server->uses_tls)
        firn_http_refuse(request->connection, status_of_end(code));
    if (request->exchange != NULL) {
        server->callbacks.finished(request->exchange, is_complete);
        mark(server, request->connection, NULL);
    }
    free(request->target);
    free(request);
}

static void on_connection(
    void *cls, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code) {
    firn_http_server *server = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection *made = calloc(1, sizeof *made);
        *socket_context = made;
        if (made == NULL) return;
        made->server = server;
        made->mhd = mhd;
        made->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        made->head_since = now_nanoseconds();
        int yes = 1;
        setsockopt(made->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        pthread_mutex_lock(&server->lock);
        made->next = server->connections;
        if (made->next != NULL) made->next->previous = made;
        server->connections = made;
        pthread_mutex_unlock(&server->lock);
        return;
    }
    connection *gone = *socket_context;
    if (gone == NULL) return;
    *socket_context = NULL;
    // Something came that never became a head. One byte may be no more than the end of the peer's side.
    if (!server->uses_tls && gone->exchange == NULL && firn_http_received(gone) > gone->received_before + 1)
        firn_http_refuse(gone, gone->is_late ? MHD_HTTP_REQUEST_TIMEOUT : MHD_HTTP_BAD_REQUEST);
    pthread_mutex_lock(&server->lock);
    if (gone->previous != NULL) gone->previous->next = gone->next;
    else server->connections = gone->next;
    if (gone->next != NULL) gone->next->previous = gone->previous;
    pthread_mutex_unlock(&server->lock);
    free(gone);
}

static void on_complaint(void *cls, const char *format, va_list arguments) {
    firn_http_server *server = cls;
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    server->callbacks.complained(server->context, text);
}

int32_t firn_http_listen(const char *address, uint16_t port) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, service, &hints, &found) != 0) return -EADDRNOTAVAIL;
    int failure = EADDRNOTAVAIL;
    for (struct addrinfo *each = found; each != NULL; each = each->ai_next) {
        int fd = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            failure = errno;
            continue;
        }
        int yes = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, each->ai_addr, each->ai_addrlen) == 0 && listen(fd, 1024) == 0) {
            freeaddrinfo(found);
            return fd;
        }
        failure = errno;
        close(fd);
    }
    freeaddrinfo(found);
    return -failure;
}

uint16_t firn_http_port(int32_t listener) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) return 0;
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

firn_http_server *firn_http_start(
    int32_t listener, firn_http_limits limits, firn_http_callbacks callbacks, void *server_context) {
    firn_http_server *server = calloc(1, sizeof *server);
    if (server == NULL) return NULL;
    server->listener = listener;
    server->callbacks = callbacks;
    server->context = server_context;
    pthread_mutex_init(&server->lock, NULL);
    server->uses_tls = limits.uses_tls;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)firn_http_tls_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    // "Turbo" leaves out the shutdown before a close, after which a refused client could not be told why.
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                         (limits.uses_tls ? MHD_USE_TLS : MHD_USE_TURBO);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, server, MHD_OPTION_ARRAY, limits.uses_tls ? tls : plain, MHD_OPTION_EXTERNAL_LOGGER, on_complaint, server, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listener,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned int)limits.threads, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)limits.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned int)limits.connections_per_client, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)limits.idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.connection_memory_bytes,
        MHD_OPTION_END);
    if (server->daemon == NULL) {
        pthread_mutex_destroy(&server->lock);
        free(server);
        return NULL;
    }
    return server;
}

void firn_http_quiesce(firn_http_server *server) {
    if (server->is_quiet) return;
    server->is_quiet = true;
    MHD_quiesce_daemon(server->daemon);
    close(server->listener);
}

void firn_http_stop(firn_http_server *server) {
    // The library closes the listener itself unless it was quiesced before.
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static bool is_at_end(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void firn_http_sweep(firn_http_server *server, int64_t head_nanoseconds) {
    int64_t oldest = now_nanoseconds() - head_nanoseconds;
    pthread_mutex_lock(&server->lock);
    for (connection *each = server->connections; each != NULL; each = each->next) {
        // One that was told it is late is at its end because of us, and stays late until the library has noticed.
        if (each->is_busy || each->is_late) continue;
        bool at_end = is_at_end(each->fd);
        // Twice in a row: the library may be about to find out by itself.
        if (each->head_since < oldest || (at_end && each->was_at_end)) {
            each->is_late = !at_end;
            // The library finds the end of the head's side and closes; what it was writing still goes out.
            shutdown(each->fd, SHUT_RD);
        }
        each->was_at_end = at_end;
    }
    pthread_mutex_unlock(&server->lock);
}

uint32_t firn_http_connection_count(firn_http_server *server) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info == NULL ? 0 : info->num_connections;
}

const char *firn_http_target(const firn_http_request *request) { return request->target; }
const char *firn_http_method(const firn_http_request *request) { return request->method; }
const char *firn_http_version(const firn_http_request *request) { return request->version; }

void firn_http_peer(const firn_http_request *request, char *buffer, size_t capacity) {
    buffer[0] = 0;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) return;
    if (info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)info->client_addr)->sin6_addr, buffer, (socklen_t)capacity);
    else
        inet_ntop(AF_INET, &((struct sockaddr_in *)info->client_addr)->sin_addr, buffer, (socklen_t)capacity);
}

typedef struct {
    void *context;
    void (*visit)(void *context, const char *name, const char *value);
} header_visit;

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value) {
    (void)kind;
    header_visit *visit = cls;
    visit->visit(visit->context, name, value == NULL ? "" : value);
    return MHD_YES;
}

void firn_http_each_header(
    firn_http_request *request, void *context, void (*visit)(void *context, const char *name, const char *value)) {
    MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, on_header, &(header_visit){context, visit});
}

void firn_http_suspend(firn_http_request *request) { MHD_suspend_connection(request->mhd); }
void firn_http_resume(firn_http_request *request) { MHD_resume_connection(request->mhd); }

int32_t firn_http_peer_state(const firn_http_request *request) {
    if (request->connection == NULL) return 0;
    struct pollfd asked = {.fd = request->connection->fd, .events = POLLRDHUP};
    if (poll(&asked, 1, 0) <= 0) return 0;
    if ((asked.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return 2;
    return (asked.revents & POLLRDHUP) != 0 ? 1 : 0;
}

bool firn_http_is_at_end(const firn_http_request *request) {
    return request->connection != NULL && is_at_end(request->connection->fd);
}

void firn_http_end_reading(const firn_http_request *request) {
    if (request->connection != NULL) shutdown(request->connection->fd, SHUT_RD);
}

bool firn_http_probe(const firn_http_request *request) {
    static const char probe[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (request->connection == NULL || request->server->uses_tls) return false;
    if (request->version == NULL || strcmp(request->version, "HTTP/1.1") != 0) return true;
    (void)send(request->connection->fd, probe, sizeof probe - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return true;
}

// A chunk's size may begin with zeros (RFC 9112, section 7.1), and the library has sent all it had.
void firn_http_probe_between_chunks(const firn_http_request *request) {
    if (request->connection == NULL || request->server->uses_tls) return;
    if (request->version == NULL || strcmp(request->version, "HTTP/1.1") != 0) return;
    (void)send(request->connection->fd, "0", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void firn_http_cut(const firn_http_request *request) {
    if (request->connection != NULL) shutdown(request->connection->fd, SHUT_RDWR);
}

firn_http_response *firn_http_response_bytes(const uint8_t *bytes, size_t count) {
    return (firn_http_response *)MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

firn_http_response *firn_http_response_file(int32_t descriptor, uint64_t offset, uint64_t count) {
    firn_http_file_ends(descriptor, (int64_t)(offset + count));
    struct MHD_Response *made = MHD_create_response_from_fd_at_offset64(count, descriptor, offset);
    if (made == NULL) close(descriptor);
    return (firn_http_response *)made;
}

static ssize_t on_produce(void *cls, uint64_t position, char *buffer, size_t capacity) {
    (void)position;
    firn_http_request *request = cls;
    int64_t count = request->server->callbacks.produce(request->exchange, (uint8_t *)buffer, capacity);
    if (count == FIRN_HTTP_PRODUCED_END) return MHD_CONTENT_READER_END_OF_STREAM;
    if (count == FIRN_HTTP_PRODUCED_FAULT) return MHD_CONTENT_READER_END_WITH_ERROR;
    return (ssize_t)count;
}

firn_http_response *firn_http_response_stream(firn_http_request *request, int64_t length) {
    const size_t block_bytes = 64 * 1024;
    return (firn_http_response *)MHD_create_response_from_callback(
        length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)length, block_bytes, on_produce, request, NULL);
}

bool firn_http_response_header(firn_http_response *response, const char *name, const char *value) {
    // The library takes no empty value; one of a space reads the same.
    const char *text = value[0] == 0 ? " " : value;
    return MHD_add_response_header((struct MHD_Response *)response, name, text) == MHD_YES;
}

bool firn_http_respond(firn_http_request *request, uint32_t status, firn_http_response *response) {
    if (request->connection != NULL) request->connection->is_answered = true;
    enum MHD_Result result = firn_http_queue(request->mhd, status, (struct MHD_Response *)response);
    MHD_destroy_response((struct MHD_Response *)response);
    return result == MHD_YES;
}

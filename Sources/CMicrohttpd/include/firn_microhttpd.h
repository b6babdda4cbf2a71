// A small HTTP server interface over GNU libmicrohttpd. Everything that needs a variadic call, a macro or a library
// struct stays behind it, so that Swift sees plain functions.
#ifndef FIRN_MICROHTTPD_H
#define FIRN_MICROHTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct firn_http_server firn_http_server;
typedef struct firn_http_request firn_http_request;
typedef struct firn_http_response firn_http_response;

// What `produce` answers besides a count of bytes.
enum { FIRN_HTTP_PRODUCED_NOTHING = 0, FIRN_HTTP_PRODUCED_END = -1, FIRN_HTTP_PRODUCED_FAULT = -2 };

// All of these run on the server's own threads, never two at a time for one request.
typedef struct {
    // The head of a request is complete. Answers the exchange that the later callbacks get, or null to hang up.
    void *(*began)(void *server_context, firn_http_request *request);
    // `count` bytes of the body; sets how many it took. True: go on; false: hang up.
    bool (*received)(void *exchange, const uint8_t *bytes, size_t count, size_t *taken);
    // The request is complete. May respond; does not suspend.
    bool (*ended)(void *exchange);
    // There is nothing to do but to respond, or to suspend until there is a response.
    bool (*awaited)(void *exchange);
    // Writes at most `capacity` bytes of a streamed body; answers their count or one of FIRN_HTTP_PRODUCED_….
    int64_t (*produce)(void *exchange, uint8_t *buffer, size_t capacity);
    // The request is over; `request` must not be used any more.
    void (*finished)(void *exchange, bool is_complete);
    // The library refuses a request, or nothing that could become one came. Writes the whole answer, head and body, and
    // answers its length. `exchange` is null when there was no complete head.
    size_t (*refused)(
        void *server_context, void *exchange, uint32_t status, uint8_t *buffer, size_t capacity);
    // The library's own complaints.
    void (*complained)(void *server_context, const char *message);
} firn_http_callbacks;

typedef struct {
    uint32_t threads;
    uint32_t connections;
    uint32_t connections_per_client;
    uint32_t idle_seconds;
    size_t connection_memory_bytes;
    // With the certificate of `firn_http_tls_use`.
    bool uses_tls;
} firn_http_limits;

// Binds and listens. Answers the socket, or a negative errno.
int32_t firn_http_listen(const char *address, uint16_t port);
// The port a listening socket got.
uint16_t firn_http_port(int32_t listener);
// True for 127.0.0.0/8, ::1 and "localhost".
bool firn_http_is_loopback(const char *address);

// Sets or exchanges the certificate chain (leaf first) and its key, both PEM, of all servers with TLS. Connections that
// exist keep theirs. False with a reason; the certificate before stays.
bool firn_http_tls_use(
    const uint8_t *chain, size_t chain_count, const uint8_t *key, size_t key_count, char *reason,
    size_t reason_capacity);

// Serves connections of `listener`; null when the library refuses. The server owns `listener` from then on.
firn_http_server *firn_http_start(
    int32_t listener, firn_http_limits limits, firn_http_callbacks callbacks, void *server_context);
// Takes no further connections; those that exist go on.
void firn_http_quiesce(firn_http_server *server);
// Ends all threads and closes every connection. No request may be suspended. Blocks.
void firn_http_stop(firn_http_server *server);
// Cuts connections between requests that nobody else would: those without a complete head for longer than
// `head_nanoseconds` (a client that sends one byte by byte never looks idle to the library), and those whose client has
// gone (the library misses a FIN that arrives together with data, until its idle timeout). Call it about once a second.
void firn_http_sweep(firn_http_server *server, int64_t head_nanoseconds);
uint32_t firn_http_connection_count(firn_http_server *server);

// Valid until `finished`.
const char *firn_http_target(const firn_http_request *request);
const char *firn_http_method(const firn_http_request *request);
const char *firn_http_version(const firn_http_request *request);
// Writes the peer's address as text.
void firn_http_peer(const firn_http_request *request, char *buffer, size_t capacity);
void firn_http_each_header(
    firn_http_request *request, void *context, void (*visit)(void *context, const char *name, const char *value));

// Stops reading and writing this request's connection until it is resumed. Only inside `received` and `produce`.
void firn_http_suspend(firn_http_request *request);
// From any thread, after a suspend.
void firn_http_resume(firn_http_request *request);
// Asks the socket: 0 all is well, 1 the peer sends no more, 2 the connection is broken.
int32_t firn_http_peer_state(const firn_http_request *request);
// True when everything the peer sent is read and the peer has closed its side.
bool firn_http_is_at_end(const firn_http_request *request);
// As if the peer had closed its side now.
void firn_http_end_reading(const firn_http_request *request);
// Sends a waiting client `100 Continue`, which changes nothing for one that has only closed its side, and lets the system of
// one that has left answer with a reset. Only while the request is suspended and has no answer. False: cannot be asked.
bool firn_http_probe(const firn_http_request *request);
// The same between two chunks of an answer, with a zero in front of the next chunk's size. Only while the request is suspended
// because it produced nothing.
void firn_http_probe_between_chunks(const firn_http_request *request);
// Makes the socket useless to both sides; the library finds out at its next read or write.
void firn_http_cut(const firn_http_request *request);

// A response is made, given headers and sent, in one callback. Sending consumes it.
firn_http_response *firn_http_response_bytes(const uint8_t *bytes, size_t count);
// Owns `descriptor` from then on, also when it answers null.
firn_http_response *firn_http_response_file(int32_t descriptor, uint64_t offset, uint64_t count);
// A body from `produce`; a negative length is not known and goes out in chunks.
firn_http_response *firn_http_response_stream(firn_http_request *request, int64_t length);
// False when the name or value has characters that a header may not have.
bool firn_http_response_header(firn_http_response *response, const char *name, const char *value);
bool firn_http_respond(firn_http_request *request, uint32_t status, firn_http_response *response);

#endif

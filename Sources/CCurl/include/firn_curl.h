#ifndef FIRN_CURL_H
#define FIRN_CURL_H

// Requests through libcurl's multi interface: its variadic calls with fixed types.

#include <stddef.h>
#include <stdint.h>

typedef struct firn_curl_loop firn_curl_loop;
typedef struct firn_curl_request firn_curl_request;

// What a finished request came to.
enum firn_curl_outcome {
    FIRN_CURL_DONE = 0,
    FIRN_CURL_BAD_URL = 1,
    FIRN_CURL_NOT_CONNECTED = 2,
    FIRN_CURL_TIMED_OUT = 3,
    FIRN_CURL_TLS_FAILED = 4,
    FIRN_CURL_INTERRUPTED = 5,
    // The server's certificate is not trusted, or another server's. Nothing was sent.
    FIRN_CURL_CERTIFICATE_REFUSED = 6,
};

// Called on the loop's thread. `header` gets one line without its end; the empty line ends the head. `body` answers how
// many bytes it took: all, or 0 to be paused until `firn_curl_resume`. `source` puts up to `capacity` bytes of a streamed
// request body where `bytes` points and answers how many, FIRN_CURL_LATER to be paused until `firn_curl_resume`, or
// FIRN_CURL_BROKEN to end the request. `done` is the last call.
enum firn_curl_source { FIRN_CURL_LATER = -1, FIRN_CURL_BROKEN = -2 };
typedef struct {
    void (*header)(void *context, const char *line, size_t count);
    size_t (*body)(void *context, const uint8_t *bytes, size_t count);
    ptrdiff_t (*source)(void *context, uint8_t *bytes, size_t capacity);
    void (*done)(void *context, int outcome, const char *message);
} firn_curl_callbacks;

typedef struct {
    const char *method;
    const char *url;
    // Lines `Name: value`, `Name;` for an empty value, `Name:` for one of libcurl's own that is left out.
    const char *const *headers;
    size_t header_count;
    const uint8_t *body;
    size_t body_count;
    int has_body;
    // Bytes that `source` will give instead of `body`; -1 for none.
    int64_t stream_count;
    long connect_milliseconds;
    long total_milliseconds;
    // Less than a byte a second for so long ends the request, unless `body` has it paused; 0 for no such bound.
    long stall_seconds;
} firn_curl_options;

// `ca_file` holds the certificates, in PEM, that vouch for servers' own; null for the system's. Null when out of memory.
firn_curl_loop *firn_curl_loop_new(long connections_per_host, const char *ca_file);
void firn_curl_loop_free(firn_curl_loop *loop);

// Runs transfers until nothing is ready, then waits up to this long or until `firn_curl_loop_wake`. Loop's thread only.
void firn_curl_loop_run(firn_curl_loop *loop, int milliseconds);
// Any thread.
void firn_curl_loop_wake(firn_curl_loop *loop);

// Copies the options. Null when out of memory. The request goes out once at most: libcurl's own second try, on a
// connection that turned out to be dead, ends as FIRN_CURL_INTERRUPTED. Loop's thread only, as are the two below.
firn_curl_request *firn_curl_start(
    firn_curl_loop *loop, const firn_curl_options *options, const firn_curl_callbacks *callbacks, void *context);
void firn_curl_resume(firn_curl_request *request);
// Without a call of `done`.
void firn_curl_cancel(firn_curl_loop *loop, firn_curl_request *request);

#endif

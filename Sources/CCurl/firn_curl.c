#include "firn_curl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct firn_curl_loop {
    CURLM *multi;
    char *ca_file;
};

struct firn_curl_request {
    CURL *easy;
    struct curl_slist *headers;
    uint8_t *body;
    firn_curl_callbacks callbacks;
    void *context;
    int times_sent;
    char message[CURL_ERROR_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialise(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

firn_curl_loop *firn_curl_loop_new(long connections_per_host, const char *ca_file) {
    pthread_once(&once, initialise);
    firn_curl_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) return NULL;
    loop->multi = curl_multi_init();
    if (ca_file != NULL) loop->ca_file = strdup(ca_file);
    if (loop->multi == NULL || (ca_file != NULL && loop->ca_file == NULL)) {
        firn_curl_loop_free(loop);
        return NULL;
    }
    curl_multi_setopt(loop->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_host);
    return loop;
}

void firn_curl_loop_free(firn_curl_loop *loop) {
    if (loop->multi != NULL) curl_multi_cleanup(loop->multi);
    free(loop->ca_file);
    free(loop);
}

void firn_curl_loop_wake(firn_curl_loop *loop) { curl_multi_wakeup(loop->multi); }

static void release(firn_curl_request *request) {
    if (request->easy != NULL) curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    free(request->body);
    free(request);
}

static int outcome_of(CURLcode code) {
    switch (code) {
    case CURLE_OK: return FIRN_CURL_DONE;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return FIRN_CURL_BAD_URL;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return FIRN_CURL_NOT_CONNECTED;
    case CURLE_OPERATION_TIMEDOUT: return FIRN_CURL_TIMED_OUT;
    case CURLE_PEER_FAILED_VERIFICATION: return FIRN_CURL_CERTIFICATE_REFUSED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: return FIRN_CURL_TLS_FAILED;
    default: return FIRN_CURL_INTERRUPTED;
    }
}

void firn_curl_loop_run(firn_curl_loop *loop, int milliseconds) {
    int running = 0;
    curl_multi_perform(loop->multi, &running);
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(loop->multi, &left); message != NULL;
         message = curl_multi_info_read(loop->multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        firn_curl_request *request = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
        curl_multi_remove_handle(loop->multi, easy);
        const char *text = request->message[0] != 0 ? request->message : curl_easy_strerror(code);
        request->callbacks.done(request->context, outcome_of(code), text);
        release(request);
    }
    curl_multi_poll(loop->multi, NULL, 0, milliseconds, NULL);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
    firn_curl_request *request = context;
    size_t length = size * count;
    size_t kept = length;
    while (kept > 0 && (bytes[kept - 1] == '\n' || bytes[kept - 1] == '\r')) kept--;
    request->callbacks.header(request->context, bytes, kept);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    firn_curl_request *request = context;
    size_t length = size * count;
    if (length == 0) return 0;
    return request->callbacks.body(request->context, (const uint8_t *)bytes, length) == 0 ? CURL_WRITEFUNC_PAUSE
                                                                                          : length;
}

static size_t on_source(char *bytes, size_t size, size_t count, void *context) {
    firn_curl_request *request = context;
    ptrdiff_t given = request->callbacks.source(request->context, (uint8_t *)bytes, size * count);
    if (given == FIRN_CURL_LATER) return CURL_READFUNC_PAUSE;
    return given < 0 ? CURL_READFUNC_ABORT : (size_t)given;
}

// Called each time a request is about to go out.
static int on_send(void *context, char *remote, char *local, int remote_port, int local_port) {
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    firn_curl_request *request = context;
    return ++request->times_sent > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

firn_curl_request *firn_curl_start(
    firn_curl_loop *loop, const firn_curl_options *options, const firn_curl_callbacks *callbacks, void *context) {
    firn_curl_request *request = calloc(1, sizeof *request);
    if (request == NULL) return NULL;
    request->callbacks = *callbacks;
    request->context = context;
    request->easy = curl_easy_init();
    request->body = malloc(options->body_count + 1);
    if (request->easy == NULL || request->body == NULL) {
        release(request);
        return NULL;
    }
    if (options->body_count > 0) memcpy(request->body, options->body, options->body_count);
    for (size_t index = 0; index < options->header_count; index++) {
        struct curl_slist *longer = curl_slist_append(request->headers, options->headers[index]);
        if (longer == NULL) {
            release(request);
            return NULL;
        }
        request->headers = longer;
    }
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->message);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_URL, options->url);
    if (loop->ca_file != NULL) {
        // Instead of the system's, in both places where libcurl looks for those.
        curl_easy_setopt(easy, CURLOPT_CAINFO, loop->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    // The path is what is signed: no dots resolved.
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    // What sends large bodies speaks this version: one request on a connection at a time.
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    if (options->stream_count >= 0) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)options->stream_count);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_source);
        curl_easy_setopt(easy, CURLOPT_READDATA, request);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    } else if (options->has_body) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->body_count);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    if (strcmp(options->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, options->method);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_milliseconds);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->total_milliseconds);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, options->stall_seconds);
    if (curl_multi_add_handle(loop->multi, easy) != CURLM_OK) {
        release(request);
        return NULL;
    }
    return request;
}

void firn_curl_resume(firn_curl_request *request) { curl_easy_pause(request->easy, CURLPAUSE_CONT); }

void firn_curl_cancel(firn_curl_loop *loop, firn_curl_request *request) {
    curl_multi_remove_handle(loop->multi, request->easy);
    release(request);
}

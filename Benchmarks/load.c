// Sends events over HTTP/1.1 from one thread, as fast as answers come or at a set rate, and tells what came of them.
//
//     load ADDRESS PORT TARGET TOKEN FILE --batch 1000 --connections 8 --seconds 20 [--rate EVENTS_A_SECOND] [--first ID] [--mark TEXT]
//
// FILE holds an event a line, each with twelve `@` where its id goes: a request is `batch` lines as they lie in memory, with ids
// that no other request has. Bodies are neither made nor copied while the clock runs, so that two cores are left to the server.
// With a rate a request has a time at which it is due, and its latency counts from there, also when no connection is free.
//
// Prints one line of JSON; anything but an answer to every request ends it with a message.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { ID_DIGITS = 12, HEAD_BYTES = 1024, ANSWER_BYTES = 16384, REFUSED_PAUSE_NS = 100000000 };

// `batch` lines of the file.
typedef struct {
    char *bytes;
    size_t count;
    // Where the ids of its lines begin.
    uint32_t *ids;
    uint32_t marked;
} body;

typedef struct {
    int socket;
    // Nil between requests.
    body *body;
    char head[HEAD_BYTES];
    size_t head_count;
    size_t sent;
    int64_t due;
    char answer[ANSWER_BYTES + 1];
    size_t answered;
    bool awaits_writing;
    // A refused one sends nothing before.
    int64_t rests_until;
} connection;

static const char *target, *token, *host, *port, *mark;
static long batch = 1000, connection_count = 8;
static double seconds = 10, rate;
static int poller;
static int64_t next_id = 100000000000;
// A ring: a body is in one request at a time.
static body **bodies;
static size_t body_count, body_head, body_free;
static uint32_t *latencies;
static size_t latency_count, latency_room;
static uint64_t requests, acknowledged, acknowledged_marked, refused, in_flight;

static void fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    exit(1);
}

static void *allocate(size_t bytes) {
    void *made = calloc(1, bytes);
    if (!made) fail("no memory");
    return made;
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void read_bodies(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat information;
    if (!file || fstat(fileno(file), &information)) fail("%s: %s", path, strerror(errno));
    size_t size = (size_t)information.st_size;
    char *bytes = allocate(size + 1);
    if (fread(bytes, 1, size, file) != size) fail("%s: cannot be read", path);
    fclose(file);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    body_count = body_free = lines / (size_t)batch;
    if (body_count < (size_t)connection_count) fail("%zu bodies for %ld connections", body_count, connection_count);
    bodies = allocate(body_count * sizeof *bodies);
    char *line = bytes;
    for (size_t number = 0; number < body_count; number++) {
        body *made = bodies[number] = allocate(sizeof *made);
        made->bytes = line;
        made->ids = allocate((size_t)batch * sizeof *made->ids);
        for (long i = 0; i < batch; i++) {
            char *end = strchr(line, '\n');
            *end = 0;
            char *id = strstr(line, "@@@@@@@@@@@@");
            if (!id) fail("a line without the place of its id");
            made->ids[i] = (uint32_t)(id - made->bytes);
            made->marked += mark && strstr(line, mark);
            *end = '\n';
            line = end + 1;
        }
        made->count = (size_t)(line - made->bytes) - 1;
    }
}

static body *take_body(void) {
    body *taken = bodies[body_head];
    body_head = (body_head + 1) % body_count;
    body_free--;
    for (long i = 0; i < batch; i++) {
        char *place = taken->bytes + taken->ids[i];
        int64_t id = next_id++;
        for (int digit = ID_DIGITS - 1; digit >= 0; digit--, id /= 10) place[digit] = (char)('0' + id % 10);
    }
    return taken;
}

static void give_body(body *given) {
    bodies[(body_head + body_free) % body_count] = given;
    body_free++;
}

static void watch(connection *c, bool for_writing) {
    if (c->awaits_writing == for_writing) return;
    c->awaits_writing = for_writing;
    struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &event)) fail("epoll: %s", strerror(errno));
}

static void send_on(connection *c) {
    size_t total = c->head_count + c->body->count;
    while (c->sent < total) {
        struct iovec parts[2];
        int count = 0;
        size_t body_sent = c->sent > c->head_count ? c->sent - c->head_count : 0;
        if (c->sent < c->head_count) parts[count++] = (struct iovec){c->head + c->sent, c->head_count - c->sent};
        parts[count++] = (struct iovec){c->body->bytes + body_sent, c->body->count - body_sent};
        ssize_t wrote = writev(c->socket, parts, count);
        if (wrote < 0 && errno == EAGAIN) return watch(c, true);
        if (wrote < 0) fail("send: %s", strerror(errno));
        c->sent += (size_t)wrote;
    }
    watch(c, false);
}

static void begin(connection *c, int64_t due) {
    c->body = take_body();
    c->due = due;
    c->sent = c->answered = 0;
    c->head_count = (size_t)snprintf(
        c->head, sizeof c->head,
        "POST %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
        target, host, port, token, batch == 1 ? "application/json" : "application/x-ndjson", c->body->count);
    in_flight++;
    requests++;
    send_on(c);
}

static void finish(connection *c, int status, const char *text) {
    int64_t now = now_ns();
    if (status == 200) {
        if (latency_count == latency_room) {
            latency_room = latency_room ? latency_room * 2 : 1 << 20;
            latencies = realloc(latencies, latency_room * sizeof *latencies);
            if (!latencies) fail("no memory");
        }
        latencies[latency_count++] = (uint32_t)((now - c->due) / 1000);
        acknowledged += (uint64_t)batch;
        acknowledged_marked += c->body->marked;
        c->rests_until = 0;
    } else {
        if (!refused++) fprintf(stderr, "load: refused: %d %s\n", status, text);
        c->rests_until = now + REFUSED_PAUSE_NS;
    }
    give_body(c->body);
    c->body = NULL;
    in_flight--;
}

// True when the answer is whole.
static bool receive(connection *c) {
    ssize_t count = read(c->socket, c->answer + c->answered, ANSWER_BYTES - c->answered);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) fail("the server closed a connection: %s", count ? strerror(errno) : "end");
    if (!c->body) fail("an answer to nothing");
    c->answered += (size_t)count;
    c->answer[c->answered] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) return false;
    char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (!length || length > end) fail("an answer without a length");
    size_t whole = (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
    if (whole > ANSWER_BYTES) fail("an answer too long");
    if (c->answered < whole) return false;
    finish(c, atoi(c->answer + 9), end + 4);
    return true;
}

static void connect_one(connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("%s is no address", host);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->socket, (struct sockaddr *)&address, sizeof address)) fail("connect: %s", strerror(errno));
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->socket, &event)) fail("epoll: %s", strerror(errno));
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double latency_ms(double share) {
    size_t place = (size_t)((double)latency_count * share);
    return latency_count ? latencies[place < latency_count ? place : latency_count - 1] / 1000.0 : 0;
}

static double time_of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void run(connection *all) {
    // Connections that send nothing, last in first out.
    connection **idle = allocate((size_t)connection_count * sizeof *idle);
    long idle_count = 0;
    for (long i = connection_count - 1; i >= 0; i--) idle[idle_count++] = &all[i];
    struct epoll_event events[256];
    int64_t started = now_ns(), deadline = started + (int64_t)(seconds * 1e9), ended = started;
    double spacing = rate > 0 ? 1e9 * (double)batch / rate : 0;
    uint64_t sent = 0;
    while (true) {
        int64_t now = now_ns(), wake = deadline;
        while (idle_count > 0 && now < deadline) {
            int64_t due = spacing > 0 ? started + (int64_t)(spacing * (double)sent) : now;
            connection *c = idle[idle_count - 1];
            int64_t begins = due > c->rests_until ? due : c->rests_until;
            if (begins > now) {
                wake = begins < wake ? begins : wake;
                break;
            }
            idle_count--;
            sent++;
            begin(c, due);
        }
        if (now >= deadline && in_flight == 0) break;
        int64_t wait = now >= deadline ? 60000000000 : wake - now;
        struct timespec timeout = {wait / 1000000000, wait % 1000000000};
        int count = epoll_pwait2(poller, events, 256, idle_count == 0 ? NULL : &timeout, NULL);
        if (count < 0) fail("epoll: %s", strerror(errno));
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (c->awaits_writing && events[i].events & EPOLLOUT) send_on(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && receive(c)) {
                ended = now_ns();
                idle[idle_count++] = c;
            }
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf(
        "{\"requests\": %lu, \"acknowledged\": %lu, \"marked\": %lu, \"refused\": %lu, \"seconds\": %.6f, \"cpu_seconds\": %.3f, "
        "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f}\n",
        requests, acknowledged, acknowledged_marked, refused, (double)(ended - started) / 1e9,
        time_of(usage.ru_utime) + time_of(usage.ru_stime), latency_ms(.5), latency_ms(.99), latency_ms(.999), latency_ms(1));
}

int main(int count, char **arguments) {
    if (count < 6) fail("ADDRESS PORT TARGET TOKEN FILE [--batch N] [--connections N] [--seconds S] [--rate R] [--first ID] [--mark TEXT]");
    host = arguments[1], port = arguments[2], target = arguments[3], token = arguments[4];
    for (int i = 6; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (!strcmp(name, "--batch")) batch = atol(value);
        else if (!strcmp(name, "--connections")) connection_count = atol(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--rate")) rate = atof(value);
        else if (!strcmp(name, "--first")) next_id = atoll(value);
        else if (!strcmp(name, "--mark")) mark = value;
        else fail("%s is no option", name);
    }
    if (batch < 1 || connection_count < 1) fail("nothing to send");
    signal(SIGPIPE, SIG_IGN);
    read_bodies(arguments[5]);
    poller = epoll_create1(0);
    connection *all = allocate((size_t)connection_count * sizeof *all);
    for (long i = 0; i < connection_count; i++) connect_one(&all[i]);
    run(all);
    return 0;
}

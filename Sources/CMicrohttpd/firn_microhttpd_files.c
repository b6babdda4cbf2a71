// How files go out. The library sends 128 KiB of a file whenever a connection has its turn, and each piece wakes the
// reader once more: at 16 connections and 1 MiB a response, woken threads took more of the cores than bytes did. Two
// MiB at once is what it sends where a connection has a thread to itself. It calls `sendfile64` through the dynamic
// linker, so the one below is found first; a result beyond what was asked for is only added to the position.
#define _GNU_SOURCE
#include "server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const size_t turn_bytes = 2 * 1024 * 1024;

// Where the response that reads a descriptor ends in its file. Each response has a descriptor of its own; one beyond
// the table, which its pages are only taken for when they are used, goes out by what the library asks for.
enum { descriptors = 1 << 16 };
static _Atomic int64_t ends[descriptors];

void firn_http_file_ends(int descriptor, int64_t end) {
    if (descriptor >= 0 && descriptor < descriptors) atomic_store_explicit(&ends[descriptor], end, memory_order_release);
}

ssize_t sendfile64(int socket, int file, off64_t *offset, size_t asked) {
    int64_t end = 0;
    if (offset != NULL && file >= 0 && file < descriptors) end = atomic_load_explicit(&ends[file], memory_order_acquire);
    size_t count = asked;
    if (offset != NULL && end > *offset && (size_t)(end - *offset) > asked) {
        size_t left = (size_t)(end - *offset);
        count = left < turn_bytes ? left : turn_bytes;
    }
    ssize_t sent = syscall(SYS_sendfile, socket, file, offset, count);
    // The library takes what is sent for a middle piece, and would leave the last segment corked until a timer lets go.
    if (count > asked && sent > 0 && *offset == end) {
        int off = 0;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    }
    return sent;
}

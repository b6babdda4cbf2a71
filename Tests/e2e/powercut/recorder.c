/* Records every change a process makes to files below a folder, so that a test can cut the power at any moment.
 *
 * Loaded with LD_PRELOAD. RECORDER_ROOT names the folder, RECORDER_TRACE the trace. A record is written after its
 * operation took effect, under one lock; an fsync's record carries the trace's length at its start, because only what was
 * written before that is certain to be covered. simulate.py replays a trace. Mapped memory is not seen: SQLite's -shm,
 * which recovery rebuilds, is all that needs it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OP_CREATE = 1, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_SYNC_DIR, OP_RENAME, OP_UNLINK, OP_MKDIR, OP_LINK };

struct record {
    uint32_t op, path_bytes;
    uint64_t inode, offset, data_bytes, start;
};

#define MAX_FD 65536
static struct { uint64_t inode; char is_dir; char *path; } files[MAX_FD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace_fd = -2;
static uint64_t trace_bytes;
static char root[PATH_MAX];
static size_t root_bytes;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_recording(void) {
    if (trace_fd == -2) {
        const char *folder = getenv("RECORDER_ROOT"), *trace = getenv("RECORDER_TRACE");
        trace_fd = -1;
        if (folder && trace && realpath(folder, root)) {
            root_bytes = strlen(root);
            trace_fd = (int)syscall(SYS_openat, AT_FDCWD, trace, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
        }
    }
    return trace_fd >= 0;
}

static int is_inside(const char *path) {
    return strncmp(path, root, root_bytes) == 0 && (path[root_bytes] == '/' || path[root_bytes] == 0);
}

/* The absolute path, symbolic links in the folder part resolved; empty when it lies elsewhere. */
static void absolute(int dirfd, const char *path, char *out) {
    char joined[PATH_MAX * 2];
    out[0] = 0;
    if (path[0] == '/') {
        snprintf(joined, sizeof joined, "%s", path);
    } else if (dirfd == AT_FDCWD) {
        char cwd[PATH_MAX];
        if (!getcwd(cwd, sizeof cwd)) return;
        snprintf(joined, sizeof joined, "%s/%s", cwd, path);
    } else if (dirfd >= 0 && dirfd < MAX_FD && files[dirfd].path) {
        snprintf(joined, sizeof joined, "%s/%s", files[dirfd].path, path);
    } else {
        return;
    }
    char *slash = strrchr(joined, '/');
    char name[NAME_MAX + 2];
    snprintf(name, sizeof name, "%s", slash);
    *slash = 0;
    char folder[PATH_MAX];
    if (!realpath(joined[0] ? joined : "/", folder)) return;
    if (snprintf(out, PATH_MAX, "%s%s", folder, name) >= PATH_MAX) out[0] = 0;
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/') out[--length] = 0;
    if (!is_inside(out)) out[0] = 0;
}

/* Caller holds the lock. */
static void emit(uint32_t op, const char *path, uint64_t inode, uint64_t offset, const struct iovec *data, int count,
                 uint64_t data_bytes, uint64_t start) {
    struct record head = {op, path ? (uint32_t)strlen(path) : 0, inode, offset, data_bytes, start};
    struct iovec parts[2 + 1024];
    int parts_count = 0;
    parts[parts_count++] = (struct iovec){&head, sizeof head};
    if (path) parts[parts_count++] = (struct iovec){(void *)path, head.path_bytes};
    uint64_t left = data_bytes;
    for (int i = 0; i < count && left > 0; i++) {
        size_t bytes = data[i].iov_len < left ? data[i].iov_len : left;
        parts[parts_count++] = (struct iovec){data[i].iov_base, bytes};
        left -= bytes;
    }
    ssize_t written = syscall(SYS_writev, trace_fd, parts, parts_count);
    if (written != (ssize_t)(sizeof head + head.path_bytes + data_bytes)) abort();
    trace_bytes += written;
}


static int opened(int fd, int dirfd, const char *path, int flags, int existed) {
    if (fd < 0 || fd >= MAX_FD || !is_recording()) return fd;
    char full[PATH_MAX];
    int saved = errno;
    absolute(dirfd, path, full);
    if (full[0]) {
        struct stat status;
        fstat(fd, &status);
        pthread_mutex_lock(&lock);
        free(files[fd].path);
        files[fd].path = strdup(full);
        files[fd].inode = status.st_ino;
        files[fd].is_dir = S_ISDIR(status.st_mode);
        if ((flags & O_CREAT) && !existed) emit(OP_CREATE, full, status.st_ino, 0, NULL, 0, 0, 0);
        if ((flags & O_TRUNC) && existed) emit(OP_TRUNCATE, NULL, status.st_ino, 0, NULL, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = saved;
    return fd;
}

#define OPEN_BODY(call)                                            \
    mode_t mode = 0;                                               \
    if (flags & (O_CREAT | O_TMPFILE)) {                           \
        va_list list;                                              \
        va_start(list, flags);                                     \
        mode = va_arg(list, mode_t);                               \
        va_end(list);                                              \
    }                                                              \
    struct stat before;                                            \
    int existed = fstatat(dirfd, path, &before, 0) == 0;           \
    return opened(call, dirfd, path, flags, existed);

int open(const char *path, int flags, ...) {
    int dirfd = AT_FDCWD;
    OPEN_BODY(syscall(SYS_openat, dirfd, path, flags, mode))
}
int open64(const char *path, int flags, ...) {
    int dirfd = AT_FDCWD;
    OPEN_BODY(syscall(SYS_openat, dirfd, path, flags, mode))
}
int openat(int dirfd, const char *path, int flags, ...) { OPEN_BODY(syscall(SYS_openat, dirfd, path, flags, mode)) }
int openat64(int dirfd, const char *path, int flags, ...) { OPEN_BODY(syscall(SYS_openat, dirfd, path, flags, mode)) }
int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
    if (fd >= 0 && fd < MAX_FD && files[fd].path) {
        pthread_mutex_lock(&lock);
        free(files[fd].path);
        files[fd].path = NULL;
        files[fd].inode = 0;
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_close, fd);
}

static int is_tracked(int fd) { return fd >= 0 && fd < MAX_FD && files[fd].path && is_recording(); }

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_tracked(fd)) return syscall(SYS_write, fd, bytes, count);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_write, fd, bytes, count);
    int saved = errno;
    if (done > 0) {
        struct iovec part = {(void *)bytes, done};
        emit(OP_WRITE, NULL, files[fd].inode, lseek(fd, 0, SEEK_CUR) - done, &part, 1, done, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!is_tracked(fd)) return syscall(SYS_writev, fd, parts, count);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_writev, fd, parts, count);
    int saved = errno;
    if (done > 0) emit(OP_WRITE, NULL, files[fd].inode, lseek(fd, 0, SEEK_CUR) - done, parts, count, done, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    if (!is_tracked(fd)) return syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, offset);
    int saved = errno;
    if (done > 0) {
        struct iovec part = {(void *)bytes, done};
        emit(OP_WRITE, NULL, files[fd].inode, offset, &part, 1, done, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    if (!is_tracked(fd)) return syscall(SYS_pwritev, fd, parts, count, offset, 0);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwritev, fd, parts, count, offset, 0);
    int saved = errno;
    if (done > 0) emit(OP_WRITE, NULL, files[fd].inode, offset, parts, count, done, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return done;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

int ftruncate64(int fd, off64_t length) {
    if (!is_tracked(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_ftruncate, fd, length);
    int saved = errno;
    if (result == 0) emit(OP_TRUNCATE, NULL, files[fd].inode, length, NULL, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int synced(int fd, long call) {
    if (!is_tracked(fd)) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    uint64_t start = trace_bytes, inode = files[fd].inode;
    char is_dir = files[fd].is_dir, path[PATH_MAX];
    snprintf(path, sizeof path, "%s", files[fd].path);
    pthread_mutex_unlock(&lock);
    int result = (int)syscall(call, fd);
    int saved = errno;
    if (result == 0) {
        pthread_mutex_lock(&lock);
        emit(is_dir ? OP_SYNC_DIR : OP_SYNC, is_dir ? path : NULL, inode, 0, NULL, 0, 0, start);
        pthread_mutex_unlock(&lock);
    }
    errno = saved;
    return result;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int renamed(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    if (!is_recording()) return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    char full_from[PATH_MAX], full_to[PATH_MAX], both[PATH_MAX * 2 + 2];
    absolute(from_fd, from, full_from);
    absolute(to_fd, to, full_to);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    int saved = errno;
    if (result == 0 && full_from[0] && full_to[0]) {
        snprintf(both, sizeof both, "%s\n%s", full_from, full_to);
        emit(OP_RENAME, both, 0, 0, NULL, 0, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_fd, const char *from, int to_fd, const char *to) { return renamed(from_fd, from, to_fd, to, 0); }
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    return renamed(from_fd, from, to_fd, to, flags);
}

static int linked(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    if (!is_recording()) return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    char full_from[PATH_MAX], full_to[PATH_MAX], both[PATH_MAX * 2 + 2];
    absolute(from_fd, from, full_from);
    absolute(to_fd, to, full_to);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    int saved = errno;
    if (result == 0 && full_from[0] && full_to[0]) {
        snprintf(both, sizeof both, "%s\n%s", full_from, full_to);
        emit(OP_LINK, both, 0, 0, NULL, 0, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}
int link(const char *from, const char *to) { return linked(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    return linked(from_fd, from, to_fd, to, flags);
}

static int removed(int dirfd, const char *path, int flags) {
    if (!is_recording()) return (int)syscall(SYS_unlinkat, dirfd, path, flags);
    char full[PATH_MAX];
    absolute(dirfd, path, full);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_unlinkat, dirfd, path, flags);
    int saved = errno;
    if (result == 0 && full[0]) emit(OP_UNLINK, full, 0, 0, NULL, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int dirfd, const char *path, int flags) { return removed(dirfd, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

static int made(int dirfd, const char *path, mode_t mode) {
    int result = (int)syscall(SYS_mkdirat, dirfd, path, mode);
    int saved = errno;
    if (result == 0 && is_recording()) {
        char full[PATH_MAX];
        absolute(dirfd, path, full);
        pthread_mutex_lock(&lock);
        if (full[0]) emit(OP_MKDIR, full, 0, 0, NULL, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = saved;
    return result;
}
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int dirfd, const char *path, mode_t mode) { return made(dirfd, path, mode); }

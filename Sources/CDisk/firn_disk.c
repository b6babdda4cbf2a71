#define _GNU_SOURCE
#include "firn_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

int64_t firn_disk_read_cached(int32_t descriptor, void *bytes, size_t count, int64_t offset) {
    struct iovec place = {.iov_base = bytes, .iov_len = count};
    ssize_t got = preadv2(descriptor, &place, 1, offset, RWF_NOWAIT);
    return got < 0 ? -(int64_t)errno : (int64_t)got;
}

int32_t firn_disk_start_writing(int32_t descriptor, int64_t offset, int64_t count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE) == 0 ? 0 : -errno;
}

// What Linux offers for files beyond POSIX, as plain functions.
#ifndef FIRN_DISK_H
#define FIRN_DISK_H

#include <stddef.h>
#include <stdint.h>

// Reads what the page cache holds. Answers how many bytes, or a negative errno: -EAGAIN when it would have to wait for the
// disk.
int64_t firn_disk_read_cached(int32_t descriptor, void *bytes, size_t count, int64_t offset);

// Lets the system begin to write a range to the disk, and does not wait for its end. Nothing is durable by it. 0, or a
// negative errno.
int32_t firn_disk_start_writing(int32_t descriptor, int64_t offset, int64_t count);

#endif

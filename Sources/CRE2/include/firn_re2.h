// A C header over RE2: linear-time regular expressions, safe for patterns of users.
//
// No C++ type, exception or allocation crosses this border. A compiled expression may be used by many threads.
#ifndef FIRN_RE2_H
#define FIRN_RE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct firn_re2 firn_re2;

typedef enum {
    FIRN_RE2_IGNORE_CASE = 1,
    // `.` matches a line break too.
    FIRN_RE2_DOT_ALL = 2,
    // `^` and `$` match at line breaks.
    FIRN_RE2_MULTILINE = 4,
    FIRN_RE2_LITERAL = 8,
} firn_re2_flags;

// Null when the pattern is wrong or too large; then `message` holds why (cut to `capacity`, zero-terminated).
firn_re2 *firn_re2_compile(
    const uint8_t *pattern, size_t length, uint32_t flags, char *message, size_t capacity);
void firn_re2_free(firn_re2 *expression);
int32_t firn_re2_group_count(const firn_re2 *expression);
// The number of the group with this name, -1 without one.
int32_t firn_re2_group_named(const firn_re2 *expression, const uint8_t *name, size_t length);
// Both answer 1 for a match, 0 for none, -1 when RE2 failed (out of memory).
int32_t firn_re2_matches(const firn_re2 *expression, const uint8_t *text, size_t length);
// Looks for the first match at or after `start`. `bounds` gets 2 * (groups + 1) numbers: begin and end of the whole
// match, then of each group; -1 for a group that took no part. `groups` is at most the group count.
int32_t firn_re2_find(
    const firn_re2 *expression, const uint8_t *text, size_t length, size_t start, int64_t *bounds, int32_t groups);

#ifdef __cplusplus
}
#endif
#endif

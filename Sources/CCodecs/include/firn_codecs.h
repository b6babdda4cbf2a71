#ifndef FIRN_CODECS_H
#define FIRN_CODECS_H

#include <stddef.h>
#include <stdint.h>

// Whole buffers in, whole buffers out. The caller owns both; nothing is kept between calls.
//
// Answers: how much of `out` was filled, or one of the negative codes below.
#define FIRN_CODEC_TOO_SMALL (-1)
#define FIRN_CODEC_CORRUPT (-2)
#define FIRN_CODEC_FAILED (-3)

enum firn_codec {
    FIRN_CODEC_DEFLATE = 0,
    FIRN_CODEC_GZIP = 1,
    FIRN_CODEC_ZSTD = 2,
};

// The most bytes compressing `size` bytes can give.
size_t firn_codec_bound(enum firn_codec codec, size_t size);
int64_t firn_codec_compress(
    enum firn_codec codec, int level, const uint8_t *in, size_t size, uint8_t *out, size_t capacity);
int64_t firn_codec_decompress(
    enum firn_codec codec, const uint8_t *in, size_t size, uint8_t *out, size_t capacity);

// Unfolds a stream piece by piece; gzip members and zstd frames that follow one another are one stream. Not for raw deflate.
struct firn_unfolder;
// NULL without memory.
struct firn_unfolder *firn_unfolder_new(enum firn_codec codec);
void firn_unfolder_free(struct firn_unfolder *unfolder);
// Reads from `in` and fills `out`; `consumed` tells how much was read. When nothing was written, it wants more input.
int64_t firn_unfolder_run(
    struct firn_unfolder *unfolder, const uint8_t *in, size_t size, size_t *consumed, uint8_t *out,
    size_t capacity);
// Whether what was read so far is whole: no member or frame is open.
int firn_unfolder_is_whole(const struct firn_unfolder *unfolder);

#endif

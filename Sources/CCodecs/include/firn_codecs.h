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

#endif

#include "firn_codecs.h"

#include <limits.h>
#include <zlib.h>
#include <zstd.h>

static int window_bits(enum firn_codec codec) { return codec == FIRN_CODEC_GZIP ? 15 + 16 : -15; }

size_t firn_codec_bound(enum firn_codec codec, size_t size) {
    if (codec == FIRN_CODEC_ZSTD) return ZSTD_compressBound(size);
    // deflateBound without a stream is for the default settings; gzip adds a header of 18 bytes.
    return compressBound(size) + 32;
}

static int64_t deflate_all(
    enum firn_codec codec, int level, const uint8_t *in, size_t size, uint8_t *out, size_t capacity) {
    if (size > UINT_MAX || capacity > UINT_MAX) return FIRN_CODEC_FAILED;
    z_stream stream = {0};
    if (deflateInit2(&stream, level, Z_DEFLATED, window_bits(codec), 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return FIRN_CODEC_FAILED;
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)capacity;
    int status = deflate(&stream, Z_FINISH);
    int64_t written = (int64_t)stream.total_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? written : FIRN_CODEC_TOO_SMALL;
}

// Gzip allows several members one after the other; they are read as one. Behind raw deflate, Python's Avro writers leave
// the rest of a zlib checksum.
#define LEFTOVER_CHECKSUM_BYTES 4

static int64_t inflate_all(
    enum firn_codec codec, const uint8_t *in, size_t size, uint8_t *out, size_t capacity) {
    if (size > UINT_MAX || capacity > UINT_MAX) return FIRN_CODEC_FAILED;
    z_stream stream = {0};
    if (inflateInit2(&stream, window_bits(codec)) != Z_OK) return FIRN_CODEC_FAILED;
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)capacity;
    int64_t result;
    for (;;) {
        int status = inflate(&stream, Z_FINISH);
        if (status == Z_STREAM_END) {
            if (codec == FIRN_CODEC_GZIP && stream.avail_in > 0 && inflateReset(&stream) == Z_OK) continue;
            uInt allowed = codec == FIRN_CODEC_DEFLATE ? LEFTOVER_CHECKSUM_BYTES : 0;
            result = stream.avail_in <= allowed ? (int64_t)(stream.next_out - out) : FIRN_CODEC_CORRUPT;
        } else if (status == Z_BUF_ERROR && stream.avail_out == 0) {
            result = FIRN_CODEC_TOO_SMALL;
        } else {
            result = FIRN_CODEC_CORRUPT;
        }
        break;
    }
    inflateEnd(&stream);
    return result;
}

int64_t firn_codec_compress(
    enum firn_codec codec, int level, const uint8_t *in, size_t size, uint8_t *out, size_t capacity) {
    if (codec != FIRN_CODEC_ZSTD) return deflate_all(codec, level, in, size, out, capacity);
    size_t written = ZSTD_compress(out, capacity, in, size, level);
    return ZSTD_isError(written) ? FIRN_CODEC_TOO_SMALL : (int64_t)written;
}

int64_t firn_codec_decompress(
    enum firn_codec codec, const uint8_t *in, size_t size, uint8_t *out, size_t capacity) {
    if (codec != FIRN_CODEC_ZSTD) return inflate_all(codec, in, size, out, capacity);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL) return FIRN_CODEC_FAILED;
    ZSTD_inBuffer input = {in, size, 0};
    ZSTD_outBuffer output = {out, capacity, 0};
    int64_t result = FIRN_CODEC_CORRUPT;
    for (;;) {
        size_t before_in = input.pos, before_out = output.pos;
        size_t left = ZSTD_decompressStream(context, &output, &input);
        if (ZSTD_isError(left)) break;
        if (left == 0 && input.pos == input.size) {
            result = (int64_t)output.pos;
            break;
        }
        if (output.pos == output.size) {
            result = FIRN_CODEC_TOO_SMALL;
            break;
        }
        // Neither more output nor more input: the stream ends in the middle of a frame.
        if (input.pos == before_in && output.pos == before_out) break;
    }
    ZSTD_freeDCtx(context);
    return result;
}

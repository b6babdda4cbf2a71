#include "firn_codecs.h"

#include <limits.h>
#include <stdlib.h>
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

struct firn_unfolder {
    enum firn_codec codec;
    int is_whole;
    z_stream inflater;
    ZSTD_DCtx *context;
};

struct firn_unfolder *firn_unfolder_new(enum firn_codec codec) {
    struct firn_unfolder *unfolder = calloc(1, sizeof *unfolder);
    if (unfolder == NULL) return NULL;
    unfolder->codec = codec;
    unfolder->is_whole = 1;
    if (codec == FIRN_CODEC_ZSTD) {
        unfolder->context = ZSTD_createDCtx();
        if (unfolder->context != NULL) return unfolder;
    } else if (inflateInit2(&unfolder->inflater, window_bits(codec)) == Z_OK) {
        return unfolder;
    }
    free(unfolder);
    return NULL;
}

void firn_unfolder_free(struct firn_unfolder *unfolder) {
    if (unfolder->codec == FIRN_CODEC_ZSTD) {
        ZSTD_freeDCtx(unfolder->context);
    } else {
        inflateEnd(&unfolder->inflater);
    }
    free(unfolder);
}

static int64_t unfold_gzip(
    struct firn_unfolder *unfolder, const uint8_t *in, size_t size, size_t *consumed, uint8_t *out,
    size_t capacity) {
    z_stream *stream = &unfolder->inflater;
    if (size > UINT_MAX || capacity > UINT_MAX) return FIRN_CODEC_FAILED;
    stream->next_in = (Bytef *)in;
    stream->avail_in = (uInt)size;
    stream->next_out = out;
    stream->avail_out = (uInt)capacity;
    int64_t result = 0;
    // Also without input: bytes that found no room in the last call's output may wait inside.
    while (stream->avail_out > 0 && result == 0) {
        if (stream->avail_in > 0) unfolder->is_whole = 0;
        int status = inflate(stream, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            unfolder->is_whole = 1;
            if (inflateReset(stream) != Z_OK) result = FIRN_CODEC_FAILED;
            if (stream->avail_in == 0) break;
        } else if (status == Z_BUF_ERROR) {
            break;
        } else if (status != Z_OK) {
            result = status == Z_MEM_ERROR ? FIRN_CODEC_FAILED : FIRN_CODEC_CORRUPT;
        }
    }
    *consumed = size - stream->avail_in;
    return result < 0 ? result : (int64_t)(capacity - stream->avail_out);
}

static int64_t unfold_zstd(
    struct firn_unfolder *unfolder, const uint8_t *in, size_t size, size_t *consumed, uint8_t *out,
    size_t capacity) {
    ZSTD_inBuffer input = {in, size, 0};
    ZSTD_outBuffer output = {out, capacity, 0};
    size_t before;
    // Also without input: bytes that found no room in the last call's output may wait inside.
    do {
        before = input.pos + output.pos;
        size_t left = ZSTD_decompressStream(unfolder->context, &output, &input);
        if (ZSTD_isError(left)) return FIRN_CODEC_CORRUPT;
        if (input.pos + output.pos > before) unfolder->is_whole = left == 0;
    } while (output.pos < output.size && input.pos + output.pos > before);
    *consumed = input.pos;
    return (int64_t)output.pos;
}

int64_t firn_unfolder_run(
    struct firn_unfolder *unfolder, const uint8_t *in, size_t size, size_t *consumed, uint8_t *out,
    size_t capacity) {
    *consumed = 0;
    return unfolder->codec == FIRN_CODEC_ZSTD ? unfold_zstd(unfolder, in, size, consumed, out, capacity)
                                              : unfold_gzip(unfolder, in, size, consumed, out, capacity);
}

int firn_unfolder_is_whole(const struct firn_unfolder *unfolder) { return unfolder->is_whole; }

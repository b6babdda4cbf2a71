// Parquet by Arrow C++, behind a C header: no C++ type and no exception crosses it.
//
// Every call that can fail answers FIRN_ARROW_OK or a status; `firn_arrow_last_message` has the text of the calling
// thread's last failure.
#ifndef FIRN_ARROW_H
#define FIRN_ARROW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

typedef enum firn_arrow_status {
    FIRN_ARROW_OK = 0,
    /// The bytes are not what the format says.
    FIRN_ARROW_CORRUPT = 1,
    /// A feature that is not read or written.
    FIRN_ARROW_UNSUPPORTED = 2,
    FIRN_ARROW_NO_MEMORY = 3,
    /// A callback of the caller answered with a failure.
    FIRN_ARROW_CALLBACK = 4,
    /// The caller broke the rules of this header.
    FIRN_ARROW_MISUSE = 5,
} firn_arrow_status;

/// Text of the calling thread's last failure; valid until its next call.
const char *firn_arrow_last_message(void);

/// Arrow's version, such as `26.0.1`. Static text.
const char *firn_arrow_version(void);

// ---- Footers: what a file says of itself, parsed once and shared by any number of threads.

typedef struct firn_arrow_footer firn_arrow_footer;

/// Parses the footer's bytes (without length and magic). `file_size` is what every place in the file is checked against.
firn_arrow_status firn_arrow_footer_parse(
    const uint8_t *bytes, int64_t length, int64_t file_size, firn_arrow_footer *_Nullable *_Nonnull out);
void firn_arrow_footer_release(firn_arrow_footer *footer);

typedef struct firn_arrow_footer_info {
    int64_t row_count;
    int32_t row_group_count;
    int32_t leaf_count;
    /// Nodes of the schema in depth-first order, the root left out.
    int32_t node_count;
    const char *_Nullable created_by;
} firn_arrow_footer_info;

void firn_arrow_footer_describe(const firn_arrow_footer *footer, firn_arrow_footer_info *out);
/// A value of the file's own metadata, or null.
const char *_Nullable firn_arrow_footer_value(const firn_arrow_footer *footer, const char *key);

typedef enum firn_arrow_physical {
    FIRN_ARROW_GROUP = -1,
    FIRN_ARROW_BOOLEAN = 0,
    FIRN_ARROW_INT32 = 1,
    FIRN_ARROW_INT64 = 2,
    FIRN_ARROW_INT96 = 3,
    FIRN_ARROW_FLOAT = 4,
    FIRN_ARROW_DOUBLE = 5,
    FIRN_ARROW_BYTE_ARRAY = 6,
    FIRN_ARROW_FIXED = 7,
} firn_arrow_physical;

typedef enum firn_arrow_logical {
    FIRN_ARROW_PLAIN = 0,
    FIRN_ARROW_STRING = 1,
    FIRN_ARROW_DECIMAL = 2,
    FIRN_ARROW_DATE = 3,
    FIRN_ARROW_TIME = 4,
    FIRN_ARROW_TIMESTAMP = 5,
    FIRN_ARROW_INTEGER = 6,
    FIRN_ARROW_UUID = 7,
    FIRN_ARROW_JSON = 8,
    FIRN_ARROW_LIST = 9,
    FIRN_ARROW_MAP = 10,
    FIRN_ARROW_OTHER = 11,
} firn_arrow_logical;

typedef struct firn_arrow_node {
    const char *_Nullable name;
    /// -1 when the file gives none.
    int32_t field_id;
    /// 0 required, 1 optional, 2 repeated.
    int32_t repetition;
    int32_t child_count;
    int32_t physical;
    int32_t logical;
    int32_t precision;
    int32_t scale;
    /// Of times and timestamps: a second has ten to this power of them.
    int32_t unit_digits;
    int32_t is_utc;
    int32_t bit_width;
    int32_t is_signed;
    /// Of FIXED.
    int32_t byte_length;
    /// Position among the leaves; -1 for groups.
    int32_t leaf;
    int32_t definition_level;
    int32_t repetition_level;
} firn_arrow_node;

/// Names live as long as the footer.
firn_arrow_status firn_arrow_footer_node(const firn_arrow_footer *footer, int32_t index, firn_arrow_node *out);

typedef struct firn_arrow_chunk {
    int64_t value_count;
    int64_t offset;
    int64_t compressed_bytes;
    int64_t uncompressed_bytes;
    /// -1 when the file does not say.
    int64_t null_count;
    int32_t codec;
    /// Every data page holds indices into the chunk's dictionary.
    int32_t is_all_dictionary;
    int32_t has_minimum;
    int32_t has_maximum;
    /// Plain-encoded; valid until the thread's next call of this function.
    const uint8_t *_Nullable minimum;
    int64_t minimum_length;
    const uint8_t *_Nullable maximum;
    int64_t maximum_length;
    /// Zero when the file has no page index.
    int64_t column_index_offset;
    int64_t column_index_bytes;
    int64_t offset_index_offset;
    int64_t offset_index_bytes;
} firn_arrow_chunk;

firn_arrow_status firn_arrow_footer_row_count(const firn_arrow_footer *footer, int32_t row_group, int64_t *out);
firn_arrow_status firn_arrow_footer_chunk(
    const firn_arrow_footer *footer, int32_t row_group, int32_t leaf, firn_arrow_chunk *out);

// ---- Page indexes: bounds of each data page of a column chunk.

typedef struct firn_arrow_pages firn_arrow_pages;

/// Parses the two indexes of one chunk of a leaf, whose places `firn_arrow_chunk` has. Without the column index pages have
/// no bounds and no null counts.
firn_arrow_status firn_arrow_pages_parse(
    const firn_arrow_footer *footer, int32_t leaf, const uint8_t *_Nullable column_index, int64_t column_index_bytes,
    const uint8_t *offset_index, int64_t offset_index_bytes, firn_arrow_pages *_Nullable *_Nonnull out);
void firn_arrow_pages_release(firn_arrow_pages *pages);
int32_t firn_arrow_pages_count(const firn_arrow_pages *pages);

typedef struct firn_arrow_page {
    /// Row of the row group.
    int64_t first_row;
    int64_t offset;
    int64_t compressed_bytes;
    /// -1 when the file does not say.
    int64_t null_count;
    /// Null when all values are. Plain-encoded; they live as long as the pages.
    const uint8_t *_Nullable minimum;
    int64_t minimum_length;
    const uint8_t *_Nullable maximum;
    int64_t maximum_length;
} firn_arrow_page;

/// `index` is less than the count.
void firn_arrow_pages_get(const firn_arrow_pages *pages, int32_t index, firn_arrow_page *out);

// ---- Reading: column chunks out of bytes that were fetched before.

typedef struct firn_arrow_range {
    int64_t offset;
    const uint8_t *bytes;
    int64_t length;
} firn_arrow_range;

/// Reads one row group. One thread at a time; any number of groups over one footer.
typedef struct firn_arrow_group firn_arrow_group;

/// Asked before the readers of a group hold more than ever before, `bytes` in all; answers zero to refuse.
typedef int32_t (*firn_arrow_reserve)(void *context, int64_t bytes);

/// The ranges cover every chunk that will be read; their bytes stay where they are until `group_release`. Where `reserve`
/// refuses, the call that wanted memory answers NO_MEMORY.
firn_arrow_status firn_arrow_group_open(
    const firn_arrow_footer *footer, int32_t row_group, const firn_arrow_range *_Nullable ranges,
    int32_t range_count, firn_arrow_reserve reserve, void *context, firn_arrow_group *_Nullable *_Nonnull out);
void firn_arrow_group_release(firn_arrow_group *group);

/// How values come out.
typedef enum firn_arrow_form {
    /// Bits.
    FIRN_ARROW_FORM_BOOLEAN = 0,
    FIRN_ARROW_FORM_INT32 = 1,
    FIRN_ARROW_FORM_INT64 = 2,
    FIRN_ARROW_FORM_FLOAT = 3,
    FIRN_ARROW_FORM_DOUBLE = 4,
    /// Big-endian numbers of byte arrays as __int128.
    FIRN_ARROW_FORM_INT128 = 5,
    /// 16-byte views over one heap; see Columnar's StringView.
    FIRN_ARROW_FORM_VIEWS = 6,
    /// int32_t positions in the leaf's dictionary, which is one of views.
    FIRN_ARROW_FORM_INDICES = 7,
} firn_arrow_form;

typedef struct firn_arrow_leaf firn_arrow_leaf;

/// Bytes of the file that hold whole pages.
typedef struct firn_arrow_segment {
    int64_t offset;
    int64_t length;
} firn_arrow_segment;

typedef struct firn_arrow_leaf_options {
    /// Takes INDICES where every page has them; look at `firn_arrow_leaf_form` for what came of it.
    int32_t wants_dictionary;
    /// Takes FORM_INT128 for byte arrays, and nanoseconds where INT96 would give microseconds.
    int32_t as_number;
    /// The pages to read, the dictionary's among them, for a leaf outside lists; with a count of 0, the whole chunk.
    const firn_arrow_segment *_Nullable pages;
    int32_t page_count;
    /// Rows of the data pages.
    int64_t row_count;
} firn_arrow_leaf_options;

firn_arrow_status firn_arrow_leaf_open(
    firn_arrow_group *group, int32_t leaf, const firn_arrow_leaf_options *options,
    firn_arrow_leaf *_Nullable *_Nonnull out);
void firn_arrow_leaf_release(firn_arrow_leaf *leaf);
firn_arrow_form firn_arrow_leaf_form(const firn_arrow_leaf *leaf);

/// Values of some records. One entry for each level whose definition reaches the innermost list (all levels, where
/// there is none); an entry below the leaf's own definition level is null and its slot zero.
typedef struct firn_arrow_values {
    int64_t entry_count;
    int64_t null_count;
    const void *_Nullable values;
    /// 1 = not null, lowest bit first; null when nothing is.
    const uint64_t *_Nullable validity;
    int64_t level_count;
    /// Null for required leaves.
    const int16_t *_Nullable definitions;
    /// Null outside lists.
    const int16_t *_Nullable repetitions;
    const uint8_t *_Nullable heap;
    int64_t heap_length;
} firn_arrow_values;

/// Reads `row_count` records of a leaf outside lists, or all of the group of one inside. Valid until the leaf's next
/// call. CORRUPT when the chunk has fewer.
firn_arrow_status firn_arrow_leaf_next(firn_arrow_leaf *leaf, int64_t row_count, firn_arrow_values *out);
/// Moves past records of a leaf outside lists; pages of nothing else are not decompressed.
firn_arrow_status firn_arrow_leaf_skip(firn_arrow_leaf *leaf, int64_t row_count);
/// The dictionary of a leaf in INDICES form, after its first `next` that gave a value.
firn_arrow_status firn_arrow_leaf_dictionary(firn_arrow_leaf *leaf, firn_arrow_values *out);

// ---- Writing: batches in, bytes of a file out.

typedef struct firn_arrow_writer firn_arrow_writer;

typedef struct firn_arrow_column_option {
    /// Dotted path of the leaf in the file.
    const char *path;
    int32_t has_dictionary;
    /// DELTA_BINARY_PACKED, for integers without a dictionary.
    int32_t is_delta;
} firn_arrow_column_option;

enum firn_arrow_compression {
    FIRN_ARROW_UNCOMPRESSED,
    FIRN_ARROW_SNAPPY,
    FIRN_ARROW_GZIP,
    /// LZ4_RAW in the file.
    FIRN_ARROW_LZ4,
    FIRN_ARROW_ZSTD,
};

typedef struct firn_arrow_write_options {
    const char *created_by;
    int32_t compression;
    int32_t zstd_level;
    int64_t row_group_rows;
    int64_t page_rows;
    int64_t page_bytes;
    const firn_arrow_column_option *_Nullable columns;
    int32_t column_count;
    /// Key, value, key, value.
    const char *_Nonnull const *_Nullable metadata;
    int32_t metadata_count;
} firn_arrow_write_options;

/// Takes the schema (a `struct ArrowSchema *`; the structs are CArrowData's), whether it succeeds or not. Field ids come from `PARQUET:field_id` in the fields' metadata.
firn_arrow_status firn_arrow_writer_open(
    void *schema, const firn_arrow_write_options *options,
    firn_arrow_writer *_Nullable *_Nonnull out);
/// Takes the batch (a `struct ArrowArray *`), whether it succeeds or not.
firn_arrow_status firn_arrow_writer_write(firn_arrow_writer *writer, void *batch);
/// Ends the row group, if rows are in it.
firn_arrow_status firn_arrow_writer_end_group(firn_arrow_writer *writer);
/// Writes the footer. Only `take`, `footer` and `release` may follow.
firn_arrow_status firn_arrow_writer_finish(firn_arrow_writer *writer);
/// Hands out the file's bytes since the last call; valid until the writer's next call.
void firn_arrow_writer_take(firn_arrow_writer *writer, const uint8_t *_Nullable *_Nonnull bytes, int64_t *length);
/// The finished file's footer; released like any other.
firn_arrow_status firn_arrow_writer_footer(
    firn_arrow_writer *writer, firn_arrow_footer *_Nullable *_Nonnull out);
void firn_arrow_writer_release(firn_arrow_writer *writer);

// ---- Streams of Arrow's IPC format.

typedef struct firn_arrow_stream firn_arrow_stream;

/// Takes the schema (a `struct ArrowSchema *`), whether it succeeds or not.
firn_arrow_status firn_arrow_stream_open(void *schema, firn_arrow_stream *_Nullable *_Nonnull out);
/// Takes the batch (a `struct ArrowArray *`), whether it succeeds or not.
firn_arrow_status firn_arrow_stream_write(firn_arrow_stream *stream, void *batch);
/// Writes the end of the stream. Only `take` and `release` may follow.
firn_arrow_status firn_arrow_stream_finish(firn_arrow_stream *stream);
/// Hands out the stream's bytes since the last call; valid until the stream's next call.
void firn_arrow_stream_take(firn_arrow_stream *stream, const uint8_t *_Nullable *_Nonnull bytes, int64_t *length);
void firn_arrow_stream_release(firn_arrow_stream *stream);

// ---- Streams of Arrow's IPC format that others made.

/// One thread at a time.
typedef struct firn_arrow_feed firn_arrow_feed;

/// What a batch holds, before it is looked at.
typedef struct firn_arrow_rows {
    /// -1 behind the last batch.
    int64_t row_count;
    /// Values of all columns, of what lies in them and of their dictionaries.
    int64_t cell_count;
    /// Of all buffers; those of dictionaries again with each batch.
    int64_t byte_count;
} firn_arrow_rows;

/// Reads the schema. The bytes stay where they are until `feed_release`. `reserve` is asked for what is decompressed or
/// moved; where it refuses, the call answers NO_MEMORY.
firn_arrow_status firn_arrow_feed_open(
    const uint8_t *bytes, int64_t length, firn_arrow_reserve reserve, void *context,
    firn_arrow_feed *_Nullable *_Nonnull out);
/// Reads the next batch. NO_MEMORY for one with more than `cell_limit` rows or values, CORRUPT for bytes behind the end.
firn_arrow_status firn_arrow_feed_next(firn_arrow_feed *feed, int64_t cell_limit, firn_arrow_rows *out);
/// Checks every value of the batch and gives it: a `struct ArrowArray *` and a `struct ArrowSchema *`, to be released
/// before the feed.
firn_arrow_status firn_arrow_feed_take(firn_arrow_feed *feed, void *array, void *schema);
void firn_arrow_feed_release(firn_arrow_feed *feed);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif

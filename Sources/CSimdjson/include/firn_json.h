// JSON events by simdjson: a whole body is checked, or its events become typed columns.
//
// simdjson finds the structural characters and checks UTF-8 and control characters (its stage 1); the walk over them
// is ours, so that every token is checked in one pass and values go straight into columns. No exception crosses this
// header; every call answers with a status.
#ifndef FIRN_JSON_H
#define FIRN_JSON_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

/// The most levels a value may nest; the same as JSONText's.
enum { FIRN_JSON_DEPTH_LIMIT = 256 };
/// The most rows `firn_json_columns_next` gives.
enum { FIRN_JSON_ROW_LIMIT = 8192 };
/// `firn_json_columns_next` begins no event behind so much text: its rows' strings, and what misfits keep, are bounded
/// by it and one event.
#define FIRN_JSON_PART_BYTES ((int64_t)4 << 20)
/// Larger bodies are refused: simdjson counts bytes in 32 bits.
#define FIRN_JSON_BODY_LIMIT ((int64_t)1 << 30)

typedef enum firn_json_status {
    FIRN_JSON_OK = 0,
    FIRN_JSON_MALFORMED = 1,
    FIRN_JSON_TOO_DEEP = 2,
    FIRN_JSON_TOO_LARGE = 3,
    FIRN_JSON_NO_MEMORY = 4,
    /// simdjson or the walk contradicts the scalar check: our fault.
    FIRN_JSON_DEFECT = 5,
} firn_json_status;

typedef enum firn_json_framing {
    /// `[` begins an array, anything else is a sequence of lines.
    FIRN_JSON_DETECT = 0,
    /// One array of events, or one event that is an object.
    FIRN_JSON_DOCUMENT = 1,
    /// Values with a line break between any two.
    FIRN_JSON_LINES = 2,
} firn_json_framing;

/// Where and why a body is no JSON.
typedef struct firn_json_fault {
    /// Byte of the body, from zero.
    int64_t position;
    /// Static text.
    const char *_Nullable message;
    /// How many events are whole before it.
    int64_t event;
} firn_json_fault;

/// Checks the whole body and counts its events; of LINES each is one line, so that a line that is cut off is a fault of
/// its own and not the next one's. Keeps a buffer per thread, bounded to 16 MiB between calls.
firn_json_status firn_json_inspect(
    const uint8_t *_Nullable body, int64_t length, firn_json_framing framing, int64_t *event_count,
    firn_json_fault *fault);

typedef enum firn_json_type {
    /// Bits.
    FIRN_JSON_BOOLEAN = 1,
    /// int32_t.
    FIRN_JSON_INT32 = 2,
    /// int64_t.
    FIRN_JSON_INT64 = 3,
    /// int64_t, from 0 to 2^32 - 1.
    FIRN_JSON_UINT32 = 4,
    /// __int128, from 0 to 2^64 - 1.
    FIRN_JSON_UINT64 = 5,
    FIRN_JSON_FLOAT = 6,
    FIRN_JSON_DOUBLE = 7,
    /// int64_t, unscaled.
    FIRN_JSON_DECIMAL64 = 8,
    /// __int128, unscaled.
    FIRN_JSON_DECIMAL128 = 9,
    /// int32_t, days.
    FIRN_JSON_DATE = 10,
    /// int64_t, microseconds; numbers count in 10^`scale` parts of a second (0, 3, 6 or 9).
    FIRN_JSON_TIMESTAMP = 11,
    /// Views (16 bytes: length, 12 bytes inline, or prefix, heap 0, offset).
    FIRN_JSON_STRING = 12,
    /// Views of the value's text.
    FIRN_JSON_TEXT = 13,
    /// Views of decoded base64.
    FIRN_JSON_BINARY = 14,
    /// Views of 16 bytes.
    FIRN_JSON_UUID = 15,
    /// Two int64_t: where the value begins and ends in the body. Lists and structs, checked but not converted;
    /// `scale` is the character they begin with; 0 for maps, which are objects or arrays.
    FIRN_JSON_SPAN = 16,
    /// int32_t, in the type's range.
    FIRN_JSON_INT8 = 17,
    FIRN_JSON_INT16 = 18,
    FIRN_JSON_UINT8 = 19,
    FIRN_JSON_UINT16 = 20,
} firn_json_type;

/// How the text of a default is read.
typedef enum firn_json_default {
    FIRN_JSON_NO_DEFAULT = 0,
    FIRN_JSON_DEFAULT_NUMBER = 1,
    /// A string's content.
    FIRN_JSON_DEFAULT_STRING = 2,
    FIRN_JSON_DEFAULT_TRUE = 3,
    FIRN_JSON_DEFAULT_FALSE = 4,
    /// The value as TEXT.
    FIRN_JSON_DEFAULT_TEXT = 5,
    /// A SPAN from -1 to -1: the caller has the value.
    FIRN_JSON_DEFAULT_SPAN = 6,
} firn_json_default;

typedef struct firn_json_field {
    const char *_Nullable name;
    int32_t name_length;
    int32_t type;
    int32_t is_required;
    int32_t precision;
    int32_t scale;
    /// What stands for the member where an event lacks it; it fits the type.
    int32_t default_kind;
    int32_t default_length;
    const char *_Nullable default_text;
} firn_json_field;

typedef enum firn_json_misfit_code {
    FIRN_JSON_FITS = 0,
    FIRN_JSON_MISSING_FIELD = 1,
    FIRN_JSON_NULL_VALUE = 2,
    FIRN_JSON_TYPE_MISMATCH = 3,
    /// A string that does not read as the type.
    FIRN_JSON_PARSE_FAILURE = 4,
    /// A number the type cannot hold.
    FIRN_JSON_OUT_OF_RANGE = 5,
    FIRN_JSON_UNKNOWN_FIELD = 6,
    /// The event is no object.
    FIRN_JSON_NOT_AN_OBJECT = 7,
} firn_json_misfit_code;

/// An event that became no row. All positions are bytes of the body.
typedef struct firn_json_misfit {
    int64_t event_index;
    int32_t code;
    /// The first field of the schema that does not fit; -1 when the event or an unknown field is the fault.
    int32_t field;
    int64_t event_start;
    int64_t event_end;
    /// The value found, or the unknown field's name; empty when missing.
    int64_t found_start;
    int64_t found_end;
} firn_json_misfit;

/// The schema of a stream, and the buffers its events are read into. One thread at a time.
typedef struct firn_json_columns firn_json_columns;

/// `unstructured` takes whole events as the one TEXT field. `next` gives at most `row_limit` rows. Names are copied.
firn_json_status firn_json_columns_open(
    const firn_json_field *_Nullable fields, int32_t field_count, int32_t unstructured, int32_t rejects_unknown,
    int32_t row_limit, firn_json_columns *_Nullable *_Nonnull out);
void firn_json_columns_close(firn_json_columns *columns);

/// Takes a body, which `next` must be given again. What an earlier body left is dropped.
firn_json_status firn_json_columns_start(
    firn_json_columns *columns, const uint8_t *_Nullable body, int64_t length, firn_json_framing framing,
    firn_json_fault *fault);

typedef struct firn_json_rows {
    int64_t row_count;
    /// Members of events that no field takes, since the call before.
    int64_t unknown_count;
    int64_t misfit_count;
    const firn_json_misfit *_Nullable misfits;
    /// row_count entries: which event of the body became the row, and the event's place in it.
    const int64_t *_Nullable event_indexes;
    const int64_t *_Nullable event_starts;
    const int64_t *_Nullable event_ends;
    int64_t event_count;
    int32_t is_end;
} firn_json_rows;

/// Reads on until the rows are full, FIRN_JSON_PART_BYTES are read or the body ends. What it points to is valid until the next call.
firn_json_status firn_json_columns_next(
    firn_json_columns *columns, const uint8_t *_Nullable body, firn_json_rows *rows, firn_json_fault *fault);

typedef struct firn_json_values {
    const void *_Nullable values;
    /// 1 = not null; lowest bit first.
    const uint64_t *_Nullable validity;
    int64_t null_count;
    const uint8_t *_Nullable heap;
    int64_t heap_length;
} firn_json_values;

/// The values of one field for the rows of the last `next`.
void firn_json_columns_values(const firn_json_columns *columns, int32_t field, firn_json_values *out);

/// Which instruction set simdjson chose, such as `haswell`. Static text.
const char *firn_json_kernel(void);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif

#include "fields.hpp"

#include <cmath>
#include <limits>

namespace firn {

namespace {

/// FNV-1a. The table holds the schema's names only, so names in events cannot make it slow.
size_t hash_name(const uint8_t *name, size_t size) {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++) hash = (hash ^ name[i]) * 0x100000001b3;
    return static_cast<size_t>(hash ^ hash >> 32);
}

/// What a field keeps of the heap of the batch before: strings of 256 bytes in a full one.
constexpr size_t kept_heap_bytes = 2 << 20;

struct Span {
    int64_t start, end;
};

const uint8_t *bytes_of(const std::string &text) { return reinterpret_cast<const uint8_t *>(text.data()); }

size_t width_of(int32_t type) {
    switch (type) {
    case FIRN_JSON_INT8: case FIRN_JSON_INT16: case FIRN_JSON_UINT8: case FIRN_JSON_UINT16:
    case FIRN_JSON_INT32: case FIRN_JSON_DATE: case FIRN_JSON_FLOAT: return 4;
    case FIRN_JSON_UINT64: case FIRN_JSON_DECIMAL128: return 16;
    case FIRN_JSON_STRING: case FIRN_JSON_TEXT: case FIRN_JSON_BINARY: case FIRN_JSON_UUID: case FIRN_JSON_SPAN:
        return 16;
    // Booleans take a bit; a byte is kept for each.
    case FIRN_JSON_BOOLEAN: return 1;
    default: return 8;
    }
}

} // namespace

FieldNames::FieldNames(std::vector<std::string> names) : names_(std::move(names)) {
    next_.assign(names_.size() + 1, none);
    size_t slots = 8;
    while (slots < names_.size() * 2) slots *= 2;
    table_.assign(slots, none);
    for (size_t i = 0; i < names_.size(); i++) {
        size_t slot = hash_name(bytes_of(names_[i]), names_[i].size()) & (slots - 1);
        while (table_[slot] != none) slot = (slot + 1) & (slots - 1);
        table_[slot] = static_cast<int>(i);
        // A first guess: events list their fields as the schema does.
        next_[i] = static_cast<int>(i);
    }
}

int FieldNames::lookup(const uint8_t *name, size_t size) const {
    size_t mask = table_.size() - 1;
    for (size_t slot = hash_name(name, size) & mask; table_[slot] != none; slot = (slot + 1) & mask) {
        if (is_named(table_[slot], name, size)) return table_[slot];
    }
    return none;
}

FieldBuffer::FieldBuffer(const firn_json_field &field, size_t row_limit)
    : type(field.type), is_required(field.is_required != 0), precision(field.precision), scale(field.scale),
      default_kind(field.default_kind),
      default_text(field.default_text ? std::string(field.default_text, static_cast<size_t>(field.default_length)) : ""),
      width_(width_of(field.type)), values_(new uint8_t[(row_limit + 63) / 64 * 64 * width_]) {
    clear();
}

void FieldBuffer::clear() {
    std::memset(validity_, 0, sizeof(validity_));
    heap_length_ = 0;
    if (heap_capacity_ > kept_heap_bytes) {
        heap_.reset();
        heap_capacity_ = 0;
    }
}

uint8_t *FieldBuffer::heap_room(size_t size) {
    if (heap_length_ + size > heap_capacity_) {
        size_t capacity = (heap_length_ + size) * 2 + 4096;
        std::unique_ptr<uint8_t[]> grown(new uint8_t[capacity]);
        if (heap_length_ > 0) std::memcpy(grown.get(), heap_.get(), heap_length_);
        heap_ = std::move(grown);
        heap_capacity_ = capacity;
    }
    return heap_.get() + heap_length_;
}

void FieldBuffer::set_string(size_t row, const uint8_t *bytes, size_t size) {
    uint8_t view[16] = {};
    uint32_t length = static_cast<uint32_t>(size);
    std::memcpy(view, &length, 4);
    if (size <= 12) {
        std::memcpy(view + 4, bytes, size);
    } else {
        uint32_t offset = static_cast<uint32_t>(heap_length_);
        uint8_t *room = heap_room(size);
        if (room != bytes) std::memmove(room, bytes, size);
        heap_length_ += size;
        std::memcpy(view + 4, room, 4);
        std::memcpy(view + 12, &offset, 4);
    }
    std::memcpy(values_.get() + row * 16, view, 16);
}

void FieldBuffer::finish(size_t row_count) {
    size_t word = row_count >> 6;
    if (row_count & 63) validity_[word++] &= (1ull << (row_count & 63)) - 1;
    for (; word < FIRN_JSON_ROW_LIMIT / 64; word++) validity_[word] = 0;
}

void FieldBuffer::describe(size_t row_count, firn_json_values *out) const {
    int64_t valid = 0;
    for (uint64_t word : validity_) valid += __builtin_popcountll(word);
    *out = {values_.get(), validity_, static_cast<int64_t>(row_count) - valid, heap_.get(),
            static_cast<int64_t>(heap_length_)};
}

Text FieldReader::content(Walk &walk, bool &is_valid) {
    uint32_t end = walk.string_end();
    Text text{walk.text + walk.position() + 1, walk.text + end};
    is_valid = true;
    if (walk.has_escape(end)) {
        scratch_.resize(text.size() + 16);
        ptrdiff_t size = unescape(text.begin, text.end, scratch_.data());
        walk.seek_backslash(end);
        if (size < 0) {
            is_valid = walk.fail();
            return text;
        }
        // Ends as strings in the body do, for the readers of numbers.
        scratch_[static_cast<size_t>(size)] = '"';
        text = {scratch_.data(), scratch_.data() + size};
    }
    walk.at += 1;
    return text;
}

namespace {

/// A number inside quotes: the text must be one number of JSON's grammar.
bool is_number(Text text) {
    const uint8_t *p = text.begin;
    if (p < text.end && *p == '-') p += 1;
    if (p == text.end || !is_digit(*p)) return false;
    if (*p == '0') {
        p += 1;
    } else {
        while (p < text.end && is_digit(*p)) p += 1;
    }
    if (p < text.end && *p == '.') {
        const uint8_t *start = ++p;
        while (p < text.end && is_digit(*p)) p += 1;
        if (p == start) return false;
    }
    if (p < text.end && (*p == 'e' || *p == 'E')) {
        p += 1;
        if (p < text.end && (*p == '+' || *p == '-')) p += 1;
        const uint8_t *start = p;
        while (p < text.end && is_digit(*p)) p += 1;
        if (p == start) return false;
    }
    return p == text.end;
}

bool equals(Text text, const char *word) {
    return text.size() == std::strlen(word) && std::memcmp(text.begin, word, text.size()) == 0;
}

/// `NaN` and the infinities, which JSON's numbers lack.
bool read_special(Text text, double &value) {
    if (equals(text, "NaN")) {
        value = std::numeric_limits<double>::quiet_NaN();
    } else if (equals(text, "Infinity")) {
        value = std::numeric_limits<double>::infinity();
    } else if (equals(text, "-Infinity")) {
        value = -std::numeric_limits<double>::infinity();
    } else {
        return false;
    }
    return true;
}

/// Numbers of up to 18 digits without point or exponent: nearly all integers there are.
bool read_short_integer(Text text, int64_t &value) {
    const uint8_t *p = text.begin;
    bool is_negative = *p == '-';
    p += is_negative;
    if (text.end - p > 18) return false;
    int64_t magnitude = 0;
    for (; p < text.end; p++) {
        if (!is_digit(*p)) return false;
        magnitude = magnitude * 10 + (*p - '0');
    }
    value = is_negative ? -magnitude : magnitude;
    return true;
}

/// An integer in any notation: `12`, `12.0`, `1.2e1`.
firn_json_misfit_code read_integer(Text text, __int128 low, __int128 high, __int128 &value) {
    int64_t simple;
    if (read_short_integer(text, simple)) {
        value = simple;
    } else {
        ExactNumber number = read_exact(text);
        if (!number.is_too_long && number.exponent < 0) return FIRN_JSON_TYPE_MISMATCH;
        if (auto code = scale_exact(number, 0, 38, false, value)) return code;
    }
    return value < low || value > high ? FIRN_JSON_OUT_OF_RANGE : FIRN_JSON_FITS;
}

} // namespace

firn_json_misfit_code FieldReader::read_number(FieldBuffer &field, Text text, size_t row) {
    __int128 value = 0;
    auto small = [&](int32_t low, int32_t high) {
        auto code = read_integer(text, low, high, value);
        if (code == FIRN_JSON_FITS) field.set(row, static_cast<int32_t>(value));
        return code;
    };
    switch (field.type) {
    case FIRN_JSON_INT8: if (auto code = small(INT8_MIN, INT8_MAX)) return code; break;
    case FIRN_JSON_INT16: if (auto code = small(INT16_MIN, INT16_MAX)) return code; break;
    case FIRN_JSON_UINT8: if (auto code = small(0, UINT8_MAX)) return code; break;
    case FIRN_JSON_UINT16: if (auto code = small(0, UINT16_MAX)) return code; break;
    case FIRN_JSON_INT32: if (auto code = small(INT32_MIN, INT32_MAX)) return code; break;
    case FIRN_JSON_INT64: {
        if (auto code = read_integer(text, INT64_MIN, INT64_MAX, value)) return code;
        field.set(row, static_cast<int64_t>(value));
        break;
    }
    case FIRN_JSON_UINT32:
        if (auto code = read_integer(text, 0, UINT32_MAX, value)) return code;
        field.set(row, static_cast<int64_t>(value));
        break;
    case FIRN_JSON_UINT64:
        if (auto code = read_integer(text, 0, UINT64_MAX, value)) return code;
        field.set(row, value);
        break;
    case FIRN_JSON_FLOAT: {
        float number;
        if (!read_float(text, number)) return FIRN_JSON_OUT_OF_RANGE;
        field.set(row, number);
        break;
    }
    case FIRN_JSON_DOUBLE: {
        double number;
        if (!read_double(text, number)) return FIRN_JSON_OUT_OF_RANGE;
        field.set(row, number);
        break;
    }
    case FIRN_JSON_DECIMAL64: {
        if (auto code = scale_exact(read_exact(text), field.scale, field.precision, false, value)) return code;
        field.set(row, static_cast<int64_t>(value));
        break;
    }
    case FIRN_JSON_DECIMAL128: {
        if (auto code = scale_exact(read_exact(text), field.scale, field.precision, false, value)) return code;
        field.set(row, value);
        break;
    }
    case FIRN_JSON_TIMESTAMP: {
        if (auto code = scale_exact(read_exact(text), 6 - field.scale, 19, true, value)) return code;
        if (value < INT64_MIN || value > INT64_MAX) return FIRN_JSON_OUT_OF_RANGE;
        field.set(row, static_cast<int64_t>(value));
        break;
    }
    default: return FIRN_JSON_TYPE_MISMATCH;
    }
    field.set_valid(row);
    return FIRN_JSON_FITS;
}

firn_json_misfit_code FieldReader::read_string(FieldBuffer &field, Text text, size_t row) {
    switch (field.type) {
    case FIRN_JSON_STRING: field.set_string(row, text.begin, text.size()); break;
    case FIRN_JSON_INT8: case FIRN_JSON_INT16: case FIRN_JSON_UINT8: case FIRN_JSON_UINT16:
    case FIRN_JSON_INT32: case FIRN_JSON_INT64: case FIRN_JSON_UINT32: case FIRN_JSON_UINT64:
    case FIRN_JSON_DECIMAL64: case FIRN_JSON_DECIMAL128:
        return is_number(text) ? read_number(field, text, row) : FIRN_JSON_PARSE_FAILURE;
    case FIRN_JSON_FLOAT: case FIRN_JSON_DOUBLE: {
        double value;
        if (!read_special(text, value)) return FIRN_JSON_PARSE_FAILURE;
        if (field.type == FIRN_JSON_FLOAT) field.set(row, static_cast<float>(value));
        else field.set(row, value);
        break;
    }
    case FIRN_JSON_DATE: {
        int32_t days;
        if (!read_date(text, days)) return FIRN_JSON_PARSE_FAILURE;
        field.set(row, days);
        break;
    }
    case FIRN_JSON_TIMESTAMP: {
        int64_t microseconds;
        if (!read_timestamp(text, microseconds)) return FIRN_JSON_PARSE_FAILURE;
        field.set(row, microseconds);
        break;
    }
    case FIRN_JSON_UUID: {
        uint8_t bytes[16];
        if (!read_uuid(text, bytes)) return FIRN_JSON_PARSE_FAILURE;
        field.set_string(row, bytes, sizeof(bytes));
        break;
    }
    case FIRN_JSON_BINARY: {
        uint8_t *room = field.heap_room(text.size());
        ptrdiff_t size = read_base64(text, room);
        if (size < 0) return FIRN_JSON_PARSE_FAILURE;
        field.set_string(row, room, static_cast<size_t>(size));
        break;
    }
    default: return FIRN_JSON_TYPE_MISMATCH;
    }
    field.set_valid(row);
    return FIRN_JSON_FITS;
}

void FieldReader::read_default(FieldBuffer &field, size_t row) {
    auto *begin = bytes_of(field.default_text);
    Text text{begin, begin + field.default_text.size()};
    switch (field.default_kind) {
    case FIRN_JSON_DEFAULT_NUMBER: read_number(field, text, row); break;
    case FIRN_JSON_DEFAULT_STRING: read_string(field, text, row); break;
    case FIRN_JSON_DEFAULT_TRUE: case FIRN_JSON_DEFAULT_FALSE:
        field.set_bit(row, field.default_kind == FIRN_JSON_DEFAULT_TRUE);
        field.set_valid(row);
        break;
    case FIRN_JSON_DEFAULT_TEXT:
        field.set_string(row, text.begin, text.size());
        field.set_valid(row);
        break;
    default:
        field.set(row, Span{-1, -1});
        field.set_valid(row);
    }
}

bool FieldReader::read(
    FieldBuffer &field, Walk &walk, int depth, size_t row, int64_t base, firn_json_misfit_code &misfit) {
    misfit = FIRN_JSON_FITS;
    uint8_t first = walk.character();
    if (first == 'n') {
        if (!walk.skip_word("null", 4)) return false;
        field.set_null(row);
        if (field.is_required) misfit = FIRN_JSON_NULL_VALUE;
        return true;
    }
    if (field.type == FIRN_JSON_TEXT || field.type == FIRN_JSON_SPAN) {
        uint32_t start = walk.position();
        if (!walk.skip_value(depth)) return false;
        uint32_t end = walk.value_end();
        bool is_container = first == '{' || first == '[';
        if (field.type == FIRN_JSON_SPAN && !(field.scale == 0 ? is_container : first == field.scale)) {
            misfit = FIRN_JSON_TYPE_MISMATCH;
            return true;
        }
        if (field.type == FIRN_JSON_TEXT) {
            field.set_string(row, walk.text + start, end - start);
        } else {
            field.set(row, Span{base + start, base + end});
        }
        field.set_valid(row);
        return true;
    }
    switch (first) {
    case '"': {
        bool is_valid;
        Text text = content(walk, is_valid);
        if (!is_valid) return false;
        misfit = read_string(field, text, row);
        return true;
    }
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': {
        const uint8_t *begin = walk.text + walk.position();
        const uint8_t *end = walk.number_end(begin);
        if (!end) return walk.fail();
        walk.at += 1;
        misfit = read_number(field, {begin, end}, row);
        return true;
    }
    case 't': case 'f':
        if (!(first == 't' ? walk.skip_word("true", 4) : walk.skip_word("false", 5))) return false;
        if (field.type == FIRN_JSON_BOOLEAN) {
            field.set_bit(row, first == 't');
            field.set_valid(row);
        } else {
            misfit = FIRN_JSON_TYPE_MISMATCH;
        }
        return true;
    default:
        misfit = FIRN_JSON_TYPE_MISMATCH;
        return walk.skip_value(depth);
    }
}

} // namespace firn

#include "page_header.hpp"

namespace firn {

namespace {

/// Deeper structs are in no header.
constexpr int depth_limit = 8;

enum Wire : uint8_t { stop = 0, yes = 1, no = 2, byte = 3, i16 = 4, i32 = 5, i64 = 6, real = 7, binary = 8, list = 9,
                      set = 10, map = 11, structure = 12, uuid = 13 };

struct Reader {
    const uint8_t *bytes;
    int64_t length;
    int64_t at = 0;

    arrow::Status ended() const { return arrow::Status::Invalid("a page header ends early"); }

    arrow::Status varint(uint64_t &out) {
        out = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= length) return ended();
            uint8_t next = bytes[at++];
            out |= static_cast<uint64_t>(next & 127) << shift;
            if (next < 128) return arrow::Status::OK();
        }
        return arrow::Status::Invalid("a number of a page header is too long");
    }

    arrow::Status number(int32_t &out) {
        uint64_t raw;
        ARROW_RETURN_NOT_OK(varint(raw));
        int64_t value = static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
        if (value < INT32_MIN || value > INT32_MAX) return arrow::Status::Invalid("a number of a page header is too large");
        out = static_cast<int32_t>(value);
        return arrow::Status::OK();
    }

    arrow::Status pass(uint64_t count) {
        if (count > static_cast<uint64_t>(length - at)) return ended();
        at += static_cast<int64_t>(count);
        return arrow::Status::OK();
    }

    arrow::Status skip(uint8_t type, int depth) {
        if (depth > depth_limit) return arrow::Status::Invalid("a page header nests too deep");
        uint64_t count;
        switch (type) {
        case yes: case no: return arrow::Status::OK();
        case byte: return pass(1);
        case i16: case i32: case i64: return varint(count);
        case real: return pass(8);
        case uuid: return pass(16);
        case binary:
            ARROW_RETURN_NOT_OK(varint(count));
            return pass(count);
        case list: case set: return skip_list(depth);
        case structure:
            return fields([&](int, uint8_t inner) { return skip(inner, depth + 1); });
        default: return arrow::Status::Invalid("a page header has a field of an unknown type");
        }
    }

    arrow::Status skip_list(int depth) {
        if (at >= length) return ended();
        uint8_t head = bytes[at++];
        uint64_t count = head >> 4;
        if (count == 15) ARROW_RETURN_NOT_OK(varint(count));
        uint8_t type = head & 15;
        for (uint64_t i = 0; i < count; i++) {
            // Booleans take a byte each in lists, and so every element takes one at least.
            ARROW_RETURN_NOT_OK(type == yes || type == no ? pass(1) : skip(type, depth + 1));
        }
        return arrow::Status::OK();
    }

    /// Calls `field` with the id and type of each field until the struct ends.
    template <class Field> arrow::Status fields(Field &&field) {
        int32_t id = 0;
        while (true) {
            if (at >= length) return ended();
            uint8_t head = bytes[at++];
            if (head == stop) return arrow::Status::OK();
            if (head >> 4) {
                id += head >> 4;
            } else {
                ARROW_RETURN_NOT_OK(number(id));
            }
            ARROW_RETURN_NOT_OK(field(id, head & 15));
        }
    }
};

} // namespace

arrow::Status read_page_header(const uint8_t *bytes, int64_t length, PageHeader &out) {
    Reader reader{bytes, length};
    // The numbers of a page's own header by field id; `flag` is the one of them that is a boolean.
    auto inner = [&](std::initializer_list<int32_t *> numbers, int flag_id, bool *flag) {
        return reader.fields([&, flag_id, flag](int id, uint8_t type) -> arrow::Status {
            if (id == flag_id && flag && (type == yes || type == no)) {
                *flag = type == yes;
                return arrow::Status::OK();
            }
            if (id > 0 && id <= static_cast<int>(numbers.size()) && type == i32) return reader.number(*numbers.begin()[id - 1]);
            return reader.skip(type, 1);
        });
    };
    ARROW_RETURN_NOT_OK(reader.fields([&](int id, uint8_t type) -> arrow::Status {
        if (type == i32 && id == 1) return reader.number(out.kind);
        if (type == i32 && id == 2) return reader.number(out.uncompressed_bytes);
        if (type == i32 && id == 3) return reader.number(out.compressed_bytes);
        if (type == structure && id == 5) {
            return inner({&out.value_count, &out.encoding, &out.definition_encoding, &out.repetition_encoding}, 0, nullptr);
        }
        if (type == structure && id == 7) return inner({&out.value_count, &out.encoding}, 0, nullptr);
        if (type == structure && id == 8) {
            return inner({&out.value_count, &out.null_count, &out.row_count, &out.encoding, &out.definition_bytes,
                          &out.repetition_bytes}, 7, &out.is_compressed);
        }
        return reader.skip(type, 1);
    }));
    out.length = reader.at;
    if (out.kind < 0 || out.compressed_bytes < 0 || out.uncompressed_bytes < 0) {
        return arrow::Status::Invalid("a page header lacks its type or its sizes");
    }
    bool has_values = out.kind == PageHeader::data || out.kind == PageHeader::data_v2 || out.kind == PageHeader::dictionary;
    if (has_values && (out.value_count < 0 || out.encoding < 0 || out.encoding > 9)) {
        return arrow::Status::Invalid("a page header lacks its count or has an unknown encoding");
    }
    if (out.definition_encoding < 0 || out.definition_encoding > 9 || out.repetition_encoding < 0 || out.repetition_encoding > 9) {
        return arrow::Status::Invalid("a page header has an unknown encoding");
    }
    return arrow::Status::OK();
}

} // namespace firn

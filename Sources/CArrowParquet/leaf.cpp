// Values and levels of a column chunk, page by page, into buffers that are used again.
#include "leaf.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace {

/// Levels taken from a page at a time, so that their buffers stay in the cache.
constexpr int64_t step = 8192;

/// libparquet's type of a value for each of its readers.
template <class Reader> using ValueOf = typename Reader::T;

/// False when the time does not fit.
bool time_of(const parquet::Int96 &value, bool is_nanoseconds, int64_t &out) {
    uint64_t nanoseconds;
    std::memcpy(&nanoseconds, value.value.data(), 8);
    // Julian days since 4713 BC; 2440588 is 1970-01-01.
    __int128 days = static_cast<__int128>(value.value[2]) - 2440588;
    __int128 time = days * 86'400'000'000'000 + static_cast<int64_t>(nanoseconds);
    if (!is_nanoseconds) time = (time - (time % 1000 + 1000) % 1000) / 1000;
    out = static_cast<int64_t>(time);
    return out == time;
}

} // namespace

void firn_arrow_leaf::set_levels() {
    levels = parquet::internal::LevelInfo();
    levels.def_level = column->max_definition_level();
    levels.rep_level = column->max_repetition_level();
    // The innermost list's level: where an entry exists at all.
    int16_t definition = 0;
    std::vector<const parquet::schema::Node *> path;
    for (const auto *node = column->schema_node().get(); node && node->parent(); node = node->parent()) {
        path.push_back(node);
    }
    for (auto node = path.rbegin(); node != path.rend(); ++node) {
        if (!(*node)->is_required()) definition += 1;
        if ((*node)->is_repeated()) levels.repeated_ancestor_def_level = definition;
    }
}

void firn_arrow_leaf::expose_dictionary() {
    // Only libparquet's own row group reader may call it by name; a derived class may name it.
    struct Access : parquet::ColumnReader {
        static auto setter() { return &Access::SetExposedEncoding; }
    };
    (reader.get()->*Access::setter())(parquet::ExposedEncoding::DICTIONARY);
}

void firn_arrow_leaf::took(int64_t count) {
    if (pages_seen != pager->data_pages()) {
        pages_seen = pager->data_pages();
        page_left = pager->last_value_count();
    }
    page_left -= count;
}

size_t firn_arrow_leaf::width() const {
    switch (form) {
    case FIRN_ARROW_FORM_BOOLEAN: return 1;
    case FIRN_ARROW_FORM_INT32: case FIRN_ARROW_FORM_FLOAT: case FIRN_ARROW_FORM_INDICES: return 4;
    case FIRN_ARROW_FORM_INT64: case FIRN_ARROW_FORM_DOUBLE: return 8;
    default: return 16;
    }
}

void *firn_arrow_leaf::slot(int64_t entry) {
    return reinterpret_cast<uint8_t *>(slots.data()) + static_cast<size_t>(entry) * width();
}

void firn_arrow_leaf::make_room(int64_t entry_end) {
    size_t words = (static_cast<size_t>(entry_end) * width() + 15) / 16;
    if (slots.size() < words) slots.resize(std::max(words, slots.size() * 2));
    size_t bits = (static_cast<size_t>(entry_end) + 63) / 64;
    if (validity.size() < bits) validity.resize(std::max(bits, validity.size() * 2));
}

void firn_arrow_leaf::put_view(
    unsigned __int128 &view, firn::Vector<uint8_t> &to, const uint8_t *bytes, uint32_t length) {
    uint8_t out[16] = {};
    std::memcpy(out, &length, 4);
    if (length <= 12) {
        if (length > 0) std::memcpy(out + 4, bytes, length);
    } else {
        if (to.size() + length > UINT32_MAX) throw std::length_error("a column chunk has more than 4 GiB of strings");
        uint32_t offset = static_cast<uint32_t>(to.size());
        to.append(bytes, length);
        std::memcpy(out + 4, bytes, 4);
        std::memcpy(out + 12, &offset, 4);
    }
    std::memcpy(&view, out, 16);
}

arrow::Status firn_arrow_leaf::put_number(__int128 &slot, const uint8_t *bytes, uint32_t length) {
    unsigned __int128 number = length > 0 && bytes[0] & 0x80 ? ~static_cast<unsigned __int128>(0) : 0;
    uint8_t sign = number ? 0xFF : 0;
    for (uint32_t i = 0; i < length; i++) {
        // Longer forms are fine while they only repeat the sign.
        if (length - i > 16 && bytes[i] != sign) return arrow::Status::Invalid("a decimal has more than 128 bits");
        number = number << 8 | bytes[i];
    }
    slot = static_cast<__int128>(number);
    return arrow::Status::OK();
}

/// Moves `value_count` values that lie dense at the entry's slot to the entries that have one, back to front.
template <class Value>
void firn_arrow_leaf::spread(int64_t level_start, int64_t level_end, int64_t value_count) {
    auto *values = static_cast<Value *>(slot(entry_count));
    int64_t entries = 0;
    int16_t ancestor = levels.repeated_ancestor_def_level;
    for (int64_t i = level_start; i < level_end; i++) entries += definitions[static_cast<size_t>(i)] >= ancestor;
    int64_t target = entries;
    for (int64_t i = level_end - 1; i >= level_start; i--) {
        int16_t level = definitions[static_cast<size_t>(i)];
        if (level < ancestor) continue;
        target -= 1;
        uint64_t bit = 1ull << ((entry_count + target) & 63);
        uint64_t &word = validity[static_cast<size_t>((entry_count + target) >> 6)];
        if (level == levels.def_level) {
            value_count -= 1;
            values[target] = values[value_count];
            word |= bit;
        } else {
            values[target] = Value{};
            word &= ~bit;
            null_count += 1;
        }
    }
    entry_count += entries;
}

/// Reads up to `wanted` levels of one page. Answers how many; dense values lie at the next entry's slot.
template <class Reader> arrow::Result<int64_t> firn_arrow_leaf::read_values(int64_t wanted, int64_t &value_count) {
    using Value = ValueOf<Reader>;
    auto *typed = static_cast<Reader *>(reader.get());
    size_t level = static_cast<size_t>(level_count);
    int16_t *definition = column->max_definition_level() > 0 ? definitions.data() + level : nullptr;
    int16_t *repetition = column->max_repetition_level() > 0 ? repetitions.data() + level : nullptr;
    value_count = 0;
    if constexpr (std::is_same_v<Value, parquet::ByteArray>) {
        if (form == FIRN_ARROW_FORM_INDICES) {
            const parquet::ByteArray *words = nullptr;
            int32_t word_count = 0;
            auto *indices = static_cast<int32_t *>(slot(entry_count));
            int64_t count = typed->ReadBatchWithDictionary(
                wanted, definition, repetition, indices, &value_count, &words, &word_count);
            if (words && !has_dictionary) {
                dictionary_views.resize(static_cast<size_t>(word_count));
                for (int32_t i = 0; i < word_count; i++) {
                    put_view(dictionary_views[static_cast<size_t>(i)], dictionary_heap, words[i].ptr, words[i].len);
                }
                has_dictionary = true;
            }
            auto limit = static_cast<uint32_t>(dictionary_views.size());
            uint32_t largest = 0;
            for (int64_t i = 0; i < value_count; i++) largest = std::max(largest, static_cast<uint32_t>(indices[i]));
            if (value_count > 0 && largest >= limit) return arrow::Status::Invalid("an index passes the dictionary");
            return count;
        }
    }
    constexpr bool is_direct = std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>;
    if constexpr (is_direct) {
        auto *values = static_cast<Value *>(slot(entry_count));
        return typed->ReadBatch(wanted, definition, repetition, values, &value_count);
    } else {
        raw.resize(static_cast<size_t>(wanted) * sizeof(Value));
        auto *values = reinterpret_cast<Value *>(raw.data());
        int64_t count = typed->ReadBatch(wanted, definition, repetition, values, &value_count);
        for (int64_t i = 0; i < value_count; i++) {
            if constexpr (std::is_same_v<Value, bool>) {
                static_cast<uint8_t *>(slot(entry_count))[i] = values[i];
            } else if constexpr (std::is_same_v<Value, parquet::Int96>) {
                if (!time_of(values[i], is_nanoseconds, static_cast<int64_t *>(slot(entry_count))[i])) {
                    return arrow::Status::Invalid("a timestamp does not fit its type");
                }
            } else {
                uint32_t length;
                if constexpr (std::is_same_v<Value, parquet::ByteArray>) length = values[i].len;
                else length = static_cast<uint32_t>(column->type_length());
                if (form == FIRN_ARROW_FORM_INT128) {
                    auto *numbers = static_cast<__int128 *>(slot(entry_count));
                    ARROW_RETURN_NOT_OK(put_number(numbers[i], values[i].ptr, length));
                } else {
                    put_view(static_cast<unsigned __int128 *>(slot(entry_count))[i], heap, values[i].ptr, length);
                }
            }
        }
        return count;
    }
}

void firn_arrow_leaf::set_valid(int64_t start, int64_t end) {
    for (int64_t i = start; i < end;) {
        if ((i & 63) == 0 && end - i >= 64) {
            validity[static_cast<size_t>(i >> 6)] = ~0ull;
            i += 64;
        } else {
            validity[static_cast<size_t>(i >> 6)] |= 1ull << (i & 63);
            i += 1;
        }
    }
}

template <class Reader> arrow::Status firn_arrow_leaf::read_typed(int64_t row_count) {
    bool is_repeated = column->max_repetition_level() > 0;
    auto *typed = static_cast<Reader *>(reader.get());
    while (is_repeated ? typed->HasNext() : level_count < row_count && typed->HasNext()) {
        int64_t wanted = is_repeated ? step : std::min(step, row_count - level_count);
        size_t level_end = static_cast<size_t>(level_count + wanted);
        if (column->max_definition_level() > 0 && definitions.size() < level_end) {
            definitions.resize(std::max(level_end, definitions.size() * 2));
        }
        if (is_repeated && repetitions.size() < level_end) {
            repetitions.resize(std::max(level_end, repetitions.size() * 2));
        }
        make_room(entry_count + wanted);
        int64_t value_count = 0;
        ARROW_ASSIGN_OR_RAISE(int64_t count, read_values<Reader>(wanted, value_count));
        if (count <= 0 || count > wanted) return arrow::Status::Invalid("a page ends early");
        took(count);
        int64_t start = level_count;
        level_count += count;
        if (value_count == count) {
            // Nothing is null: the dense values are the entries.
            set_valid(entry_count, entry_count + count);
            entry_count += count;
            continue;
        }
        if (column->max_definition_level() == 0 || value_count > count) {
            return arrow::Status::Invalid("a page has fewer values than it says");
        }
        int64_t defined = 0;
        for (int64_t i = start; i < level_count; i++) {
            defined += definitions[static_cast<size_t>(i)] == levels.def_level;
        }
        if (defined != value_count) return arrow::Status::Invalid("a page has fewer values than it says");
        switch (width()) {
        case 1: spread<uint8_t>(start, level_count, value_count); break;
        case 4: spread<uint32_t>(start, level_count, value_count); break;
        case 8: spread<uint64_t>(start, level_count, value_count); break;
        default: spread<unsigned __int128>(start, level_count, value_count); break;
        }
    }
    return check_levels(row_count);
}

arrow::Status firn_arrow_leaf::check_levels(int64_t row_count) {
    int64_t records = level_count;
    if (column->max_repetition_level() > 0) {
        if (level_count > 0 && repetitions[0] != 0) return arrow::Status::Invalid("a column chunk begins inside a record");
        records = 0;
        for (int64_t i = 0; i < level_count; i++) records += repetitions[static_cast<size_t>(i)] == 0;
    }
    if (records != row_count) return arrow::Status::Invalid("a column chunk has fewer records than its row group");
    if (form == FIRN_ARROW_FORM_BOOLEAN) {
        // Bytes to bits, in place: a bit never lies behind its byte.
        auto *bytes = reinterpret_cast<uint8_t *>(slots.data());
        for (int64_t word = 0; word * 64 < entry_count; word++) {
            uint64_t bits = 0;
            for (int64_t i = 0; i < 64 && word * 64 + i < entry_count; i++) {
                bits |= static_cast<uint64_t>(bytes[word * 64 + i] & 1) << i;
            }
            std::memcpy(bytes + word * 8, &bits, 8);
        }
    }
    return arrow::Status::OK();
}

template <class Reader> arrow::Status firn_arrow_leaf::skip_typed(int64_t row_count) {
    auto *typed = static_cast<Reader *>(reader.get());
    while (row_count > 0) {
        if (page_left > 0) {
            int64_t count = std::min(row_count, page_left);
            if (typed->Skip(count) != count) return arrow::Status::Invalid("a page ends early");
            took(count);
            row_count -= count;
            continue;
        }
        // At a page's end: whole pages are passed without a look inside.
        row_count -= pager->skip_pages(row_count);
        if (row_count == 0) break;
        if (!typed->HasNext()) return arrow::Status::Invalid("a column chunk has fewer records than its row group");
        took(0);
        if (page_left <= 0) return arrow::Status::Invalid("a page ends early");
    }
    return arrow::Status::OK();
}

/// Calls `action` with a null pointer of the reader's type.
template <class Action> arrow::Status firn_arrow_leaf::with_type(Action &&action) {
    switch (column->physical_type()) {
    case parquet::Type::BOOLEAN: return action(static_cast<parquet::BoolReader *>(nullptr));
    case parquet::Type::INT32: return action(static_cast<parquet::Int32Reader *>(nullptr));
    case parquet::Type::INT64: return action(static_cast<parquet::Int64Reader *>(nullptr));
    case parquet::Type::INT96: return action(static_cast<parquet::Int96Reader *>(nullptr));
    case parquet::Type::FLOAT: return action(static_cast<parquet::FloatReader *>(nullptr));
    case parquet::Type::DOUBLE: return action(static_cast<parquet::DoubleReader *>(nullptr));
    case parquet::Type::BYTE_ARRAY: return action(static_cast<parquet::ByteArrayReader *>(nullptr));
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: return action(static_cast<parquet::FixedLenByteArrayReader *>(nullptr));
    default: return arrow::Status::NotImplemented("a physical type this build does not know");
    }
}

arrow::Status firn_arrow_leaf::read(int64_t row_count) {
    level_count = entry_count = null_count = 0;
    heap.clear();
    std::fill(validity.begin(), validity.end(), 0);
    if (row_count < 0 || row_count > rows_left) return arrow::Status::Invalid("more rows asked for than are left");
    if (column->max_repetition_level() > 0 && row_count != rows_left) {
        return arrow::Status::Invalid("a leaf inside a list is read whole");
    }
    rows_left -= row_count;
    return with_type([&]<class Reader>(Reader *) { return read_typed<Reader>(row_count); });
}

arrow::Status firn_arrow_leaf::skip(int64_t row_count) {
    if (column->max_repetition_level() > 0) return arrow::Status::Invalid("a leaf inside a list is read whole");
    if (row_count < 0 || row_count > rows_left) return arrow::Status::Invalid("more rows to skip than are left");
    rows_left -= row_count;
    return with_type([&]<class Reader>(Reader *) { return skip_typed<Reader>(row_count); });
}

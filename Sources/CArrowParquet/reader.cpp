#include "footer.hpp"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <cstring>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/level_conversion.h>
#include <parquet/properties.h>

using namespace firn;

namespace {

/// A file of which some ranges are in memory; reading elsewhere fails.
class RangeFile final : public arrow::io::RandomAccessFile {
  public:
    RangeFile(std::vector<firn_arrow_range> ranges, int64_t size) : ranges_(std::move(ranges)), size_(size) {}

    using RandomAccessFile::ReadAt;

    arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t length) override {
        for (const firn_arrow_range &range : ranges_) {
            int64_t skip = position - range.offset;
            if (skip >= 0 && length >= 0 && skip <= range.length && length <= range.length - skip) {
                return std::make_shared<arrow::Buffer>(range.bytes + skip, length);
            }
        }
        return arrow::Status::Invalid("a page lies outside its column chunk");
    }
    arrow::Result<int64_t> ReadAt(int64_t position, int64_t length, void *out) override {
        ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(position, length));
        std::memcpy(out, bytes->data(), static_cast<size_t>(bytes->size()));
        return bytes->size();
    }
    arrow::Result<int64_t> Read(int64_t length, void *out) override {
        ARROW_ASSIGN_OR_RAISE(int64_t count, ReadAt(at_, length, out));
        at_ += count;
        return count;
    }
    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t length) override {
        ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(at_, length));
        at_ += bytes->size();
        return bytes;
    }
    arrow::Result<int64_t> GetSize() override { return size_; }
    arrow::Status Seek(int64_t position) override {
        at_ = position;
        return arrow::Status::OK();
    }
    arrow::Result<int64_t> Tell() const override { return at_; }
    arrow::Status Close() override { return arrow::Status::OK(); }
    bool closed() const override { return false; }

  private:
    std::vector<firn_arrow_range> ranges_;
    int64_t size_;
    int64_t at_ = 0;
};

} // namespace

struct firn_arrow_group {
    std::unique_ptr<parquet::ParquetFileReader> file;
    std::shared_ptr<parquet::RowGroupReader> group;
    int64_t row_count = 0;
};

/// One leaf's chunk, read page by page into buffers that are used again.
struct firn_arrow_leaf {
    std::shared_ptr<parquet::ColumnReader> reader;
    const parquet::ColumnDescriptor *column = nullptr;
    parquet::internal::LevelInfo levels;
    firn_arrow_form form = FIRN_ARROW_FORM_INT32;
    int64_t rows_left = 0;

    std::vector<int16_t> definitions, repetitions;
    /// Slots of the form's width; a vector of 128-bit words keeps them aligned.
    std::vector<unsigned __int128> slots;
    std::vector<uint64_t> validity;
    std::vector<uint8_t> heap;
    /// Values of one page as libparquet hands them out, where they are not the slots themselves.
    std::vector<uint8_t> raw;

    std::vector<unsigned __int128> dictionary_views;
    std::vector<uint8_t> dictionary_heap;
    bool has_dictionary = false;

    int64_t level_count = 0, entry_count = 0, null_count = 0;

    arrow::Status read(int64_t row_count);
    arrow::Status skip(int64_t row_count);

  private:
    template <class Reader> arrow::Status read_typed(int64_t row_count);
    template <class Reader> arrow::Result<int64_t> read_values(int64_t wanted, int64_t &value_count);
    template <class Value> void spread(int64_t level_start, int64_t level_end, int64_t value_count);
    arrow::Status check_levels(int64_t row_count);
    void make_room(int64_t entry_end);
    void *slot(int64_t entry);
    size_t width() const;
    void put_view(unsigned __int128 &view, std::vector<uint8_t> &heap, const uint8_t *bytes, uint32_t length);
    arrow::Status put_number(__int128 &slot, const uint8_t *bytes, uint32_t length);
};

namespace {

/// Levels taken from a page at a time, so that their buffers stay in the cache.
constexpr int64_t step = 8192;

/// libparquet's type of a value for each of its readers.
template <class Reader> using ValueOf = typename Reader::T;

int64_t microseconds_of(const parquet::Int96 &value) {
    uint64_t nanoseconds;
    std::memcpy(&nanoseconds, value.value.data(), 8);
    // Julian days since 4713 BC; 2440588 is 1970-01-01. Wraps for days no calendar has.
    uint64_t days = static_cast<uint64_t>(value.value[2]) - 2440588u;
    return static_cast<int64_t>(days * 86'400'000'000u + nanoseconds / 1000);
}

} // namespace

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
    unsigned __int128 &view, std::vector<uint8_t> &to, const uint8_t *bytes, uint32_t length) {
    uint8_t out[16] = {};
    std::memcpy(out, &length, 4);
    if (length <= 12) {
        if (length > 0) std::memcpy(out + 4, bytes, length);
    } else {
        if (to.size() + length > UINT32_MAX) throw std::length_error("a column chunk has more than 4 GiB of strings");
        uint32_t offset = static_cast<uint32_t>(to.size());
        to.insert(to.end(), bytes, bytes + length);
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
                static_cast<int64_t *>(slot(entry_count))[i] = microseconds_of(values[i]);
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
        int64_t start = level_count;
        level_count += count;
        if (value_count == count) {
            // Nothing is null: the dense values are the entries.
            for (int64_t i = entry_count; i < entry_count + count;) {
                if ((i & 63) == 0 && entry_count + count - i >= 64) {
                    validity[static_cast<size_t>(i >> 6)] = ~0ull;
                    i += 64;
                } else {
                    validity[static_cast<size_t>(i >> 6)] |= 1ull << (i & 63);
                    i += 1;
                }
            }
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

arrow::Status firn_arrow_leaf::read(int64_t row_count) {
    level_count = entry_count = null_count = 0;
    heap.clear();
    std::fill(validity.begin(), validity.end(), 0);
    if (row_count < 0 || row_count > rows_left) return arrow::Status::Invalid("more rows asked for than are left");
    if (column->max_repetition_level() > 0 && row_count != rows_left) {
        return arrow::Status::Invalid("a leaf inside a list is read whole");
    }
    rows_left -= row_count;
    switch (column->physical_type()) {
    case parquet::Type::BOOLEAN: return read_typed<parquet::BoolReader>(row_count);
    case parquet::Type::INT32: return read_typed<parquet::Int32Reader>(row_count);
    case parquet::Type::INT64: return read_typed<parquet::Int64Reader>(row_count);
    case parquet::Type::INT96: return read_typed<parquet::Int96Reader>(row_count);
    case parquet::Type::FLOAT: return read_typed<parquet::FloatReader>(row_count);
    case parquet::Type::DOUBLE: return read_typed<parquet::DoubleReader>(row_count);
    case parquet::Type::BYTE_ARRAY: return read_typed<parquet::ByteArrayReader>(row_count);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: return read_typed<parquet::FixedLenByteArrayReader>(row_count);
    default: return arrow::Status::NotImplemented("a physical type this build does not know");
    }
}

arrow::Status firn_arrow_leaf::skip(int64_t row_count) {
    if (column->max_repetition_level() > 0) return arrow::Status::Invalid("a leaf inside a list is read whole");
    // libparquet's readers of one type skip pages without decoding them; through the base class there is no call.
    while (row_count > 0) {
        int64_t part = std::min(row_count, step);
        ARROW_RETURN_NOT_OK(read(part));
        row_count -= part;
    }
    return arrow::Status::OK();
}

namespace {

firn_arrow_form form_of(const parquet::ColumnDescriptor &column, bool as_number) {
    switch (column.physical_type()) {
    case parquet::Type::BOOLEAN: return FIRN_ARROW_FORM_BOOLEAN;
    case parquet::Type::INT32: return FIRN_ARROW_FORM_INT32;
    case parquet::Type::INT64: case parquet::Type::INT96: return FIRN_ARROW_FORM_INT64;
    case parquet::Type::FLOAT: return FIRN_ARROW_FORM_FLOAT;
    case parquet::Type::DOUBLE: return FIRN_ARROW_FORM_DOUBLE;
    default: return as_number ? FIRN_ARROW_FORM_INT128 : FIRN_ARROW_FORM_VIEWS;
    }
}

} // namespace

extern "C" {

firn_arrow_status firn_arrow_group_open(
    const firn_arrow_footer *footer, int32_t row_group, const firn_arrow_range *ranges, int32_t range_count,
    firn_arrow_group **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto group = std::make_unique<firn_arrow_group>();
        std::vector<firn_arrow_range> copies(ranges, ranges + range_count);
        auto file = std::make_shared<RangeFile>(std::move(copies), footer->file_size);
        group->file =
            parquet::ParquetFileReader::Open(file, parquet::default_reader_properties(), footer->metadata);
        group->group = group->file->RowGroup(row_group);
        group->row_count = group->group->metadata()->num_rows();
        *out = group.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_group_release(firn_arrow_group *group) { delete group; }

firn_arrow_status firn_arrow_leaf_open(
    firn_arrow_group *group, int32_t leaf, int32_t wants_dictionary, int32_t as_number, firn_arrow_leaf **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto made = std::make_unique<firn_arrow_leaf>();
        made->column = group->group->metadata()->schema()->Column(leaf);
        made->levels = parquet::internal::LevelInfo();
        made->levels.def_level = made->column->max_definition_level();
        made->levels.rep_level = made->column->max_repetition_level();
        // The innermost list's level: where an entry exists at all.
        int16_t definition = 0;
        std::vector<const parquet::schema::Node *> path;
        for (const auto *node = made->column->schema_node().get(); node && node->parent(); node = node->parent()) {
            path.push_back(node);
        }
        for (auto node = path.rbegin(); node != path.rend(); ++node) {
            if (!(*node)->is_required()) definition += 1;
            if ((*node)->is_repeated()) made->levels.repeated_ancestor_def_level = definition;
        }
        made->rows_left = group->row_count;
        made->form = form_of(*made->column, as_number != 0);
        if (wants_dictionary && made->form == FIRN_ARROW_FORM_VIEWS &&
            made->column->physical_type() == parquet::Type::BYTE_ARRAY) {
            made->reader =
                group->group->ColumnWithExposeEncoding(leaf, parquet::ExposedEncoding::DICTIONARY);
            if (made->reader->GetExposedEncoding() == parquet::ExposedEncoding::DICTIONARY) {
                made->form = FIRN_ARROW_FORM_INDICES;
            }
        } else {
            made->reader = group->group->Column(leaf);
        }
        *out = made.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_leaf_release(firn_arrow_leaf *leaf) { delete leaf; }

firn_arrow_form firn_arrow_leaf_form(const firn_arrow_leaf *leaf) { return leaf->form; }

firn_arrow_status firn_arrow_leaf_next(firn_arrow_leaf *leaf, int64_t row_count, firn_arrow_values *out) {
    *out = {};
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(leaf->read(row_count));
        bool has_levels = leaf->column->max_definition_level() > 0;
        bool is_repeated = leaf->column->max_repetition_level() > 0;
        *out = {leaf->entry_count, leaf->null_count, leaf->slots.data(),
                leaf->null_count > 0 ? leaf->validity.data() : nullptr, leaf->level_count,
                has_levels ? leaf->definitions.data() : nullptr, is_repeated ? leaf->repetitions.data() : nullptr,
                leaf->heap.data(), static_cast<int64_t>(leaf->heap.size())};
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_leaf_skip(firn_arrow_leaf *leaf, int64_t row_count) {
    return guarded([&]() -> arrow::Status { return leaf->skip(row_count); });
}

firn_arrow_status firn_arrow_leaf_dictionary(firn_arrow_leaf *leaf, firn_arrow_values *out) {
    *out = {};
    return guarded([&]() -> arrow::Status {
        out->entry_count = static_cast<int64_t>(leaf->dictionary_views.size());
        out->values = leaf->dictionary_views.data();
        out->heap = leaf->dictionary_heap.data();
        out->heap_length = static_cast<int64_t>(leaf->dictionary_heap.size());
        return arrow::Status::OK();
    });
}

} // extern "C"

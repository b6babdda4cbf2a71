// Row groups over bytes in memory, and their leaves behind the C header.
#include "footer.hpp"
#include "leaf.hpp"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <cstring>
#include <parquet/file_reader.h>
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
        made->is_nanoseconds = as_number != 0;
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

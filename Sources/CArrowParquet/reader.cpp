// Row groups over bytes in memory, and their leaves behind the C header.
#include "footer.hpp"
#include "leaf.hpp"

#include <cstring>

using namespace firn;

struct firn_arrow_group {
    std::shared_ptr<AskingPool> pool;
    std::shared_ptr<const Ranges> ranges;
    std::shared_ptr<parquet::FileMetaData> metadata;
    std::unique_ptr<parquet::RowGroupMetaData> group;
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
    firn_arrow_reserve reserve, void *context, firn_arrow_group **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto group = std::make_unique<firn_arrow_group>();
        std::vector<firn_arrow_range> copies(ranges, ranges + range_count);
        group->ranges = std::make_shared<const Ranges>(std::move(copies));
        group->pool = std::make_shared<AskingPool>(reserve, context);
        group->metadata = footer->metadata;
        group->group = footer->metadata->RowGroup(row_group);
        *out = group.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_group_release(firn_arrow_group *group) { delete group; }

firn_arrow_status firn_arrow_leaf_open(
    firn_arrow_group *group, int32_t leaf, const firn_arrow_leaf_options *options, firn_arrow_leaf **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto chunk = group->group->ColumnChunk(leaf);
        if (chunk->crypto_metadata()) return arrow::Status::NotImplemented("the column is encrypted");
        auto made = std::make_unique<firn_arrow_leaf>(group->pool);
        made->column = group->group->schema()->Column(leaf);
        made->set_levels();
        std::vector<Pager::Segment> segments;
        int64_t value_count = chunk->num_values();
        made->rows_left = group->group->num_rows();
        if (options->page_count > 0) {
            if (made->column->max_repetition_level() > 0) return arrow::Status::Invalid("a leaf inside a list is read whole");
            value_count = made->rows_left = options->row_count;
            for (int32_t i = 0; i < options->page_count; i++) segments.push_back({options->pages[i].offset, options->pages[i].length});
        } else {
            segments.push_back({chunk_offset(*chunk), chunk->total_compressed_size()});
        }
        auto pager = std::make_unique<Pager>(
            group->ranges, std::move(segments), chunk->compression(), value_count, group->pool.get());
        made->pager = pager.get();
        made->reader = parquet::ColumnReader::Make(made->column, std::move(pager), group->pool.get());
        made->form = form_of(*made->column, options->as_number != 0);
        made->is_nanoseconds = options->as_number != 0;
        if (options->wants_dictionary && made->form == FIRN_ARROW_FORM_VIEWS &&
            made->column->physical_type() == parquet::Type::BYTE_ARRAY && is_all_dictionary(*chunk)) {
            made->expose_dictionary();
            made->form = FIRN_ARROW_FORM_INDICES;
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

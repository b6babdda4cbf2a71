#include "footer.hpp"

#include <arrow/util/key_value_metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

using namespace firn;

namespace firn {

int64_t chunk_offset(const parquet::ColumnChunkMetaData &chunk) {
    int64_t offset = chunk.data_page_offset();
    // Some writers leave the dictionary's offset at zero, or name one behind the data.
    if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0 && chunk.dictionary_page_offset() < offset) {
        return chunk.dictionary_page_offset();
    }
    return offset;
}

bool is_all_dictionary(const parquet::ColumnChunkMetaData &chunk) {
    bool has_dictionary_pages = false;
    for (const auto &entry : chunk.encoding_stats()) {
        if (entry.page_type == parquet::PageType::DICTIONARY_PAGE || entry.count == 0) continue;
        bool is_dictionary = entry.encoding == parquet::Encoding::RLE_DICTIONARY ||
                             entry.encoding == parquet::Encoding::PLAIN_DICTIONARY;
        if (!is_dictionary) return false;
        has_dictionary_pages = true;
    }
    return chunk.has_dictionary_page() && has_dictionary_pages;
}

namespace {

/// Deeper schemas are refused: reading them recurses.
constexpr int depth_limit = 64;

arrow::Status add_nodes(firn_arrow_footer &footer, const parquet::schema::Node *node, int depth) {
    if (depth > depth_limit) return arrow::Status::Invalid("the schema nests too deep");
    if (depth > 0) {
        footer.nodes.push_back(node);
        footer.leaves.push_back(
            node->is_primitive() ? footer.metadata->schema()->GetColumnIndex(*static_cast<const parquet::schema::PrimitiveNode *>(node))
                                 : -1);
    }
    if (node->is_group()) {
        auto *group = static_cast<const parquet::schema::GroupNode *>(node);
        for (int i = 0; i < group->field_count(); i++) {
            ARROW_RETURN_NOT_OK(add_nodes(footer, group->field(i).get(), depth + 1));
        }
    }
    return arrow::Status::OK();
}

void describe_logical(const parquet::schema::PrimitiveNode &leaf, firn_arrow_node *out) {
    using Kind = parquet::LogicalType::Type;
    const auto &logical = leaf.logical_type();
    auto digits = [](parquet::LogicalType::TimeUnit::unit unit) {
        return unit == parquet::LogicalType::TimeUnit::NANOS    ? 9
               : unit == parquet::LogicalType::TimeUnit::MICROS ? 6
                                                                : 3;
    };
    switch (logical ? logical->type() : Kind::NONE) {
    case Kind::STRING: case Kind::ENUM: out->logical = FIRN_ARROW_STRING; break;
    case Kind::DECIMAL: {
        auto &decimal = static_cast<const parquet::DecimalLogicalType &>(*logical);
        out->logical = FIRN_ARROW_DECIMAL;
        out->precision = decimal.precision();
        out->scale = decimal.scale();
        break;
    }
    case Kind::DATE: out->logical = FIRN_ARROW_DATE; break;
    case Kind::TIME: {
        auto &time = static_cast<const parquet::TimeLogicalType &>(*logical);
        out->logical = FIRN_ARROW_TIME;
        out->unit_digits = digits(time.time_unit());
        out->is_utc = time.is_adjusted_to_utc();
        break;
    }
    case Kind::TIMESTAMP: {
        auto &timestamp = static_cast<const parquet::TimestampLogicalType &>(*logical);
        out->logical = FIRN_ARROW_TIMESTAMP;
        out->unit_digits = digits(timestamp.time_unit());
        out->is_utc = timestamp.is_adjusted_to_utc();
        break;
    }
    case Kind::INT: {
        auto &integer = static_cast<const parquet::IntLogicalType &>(*logical);
        out->logical = FIRN_ARROW_INTEGER;
        out->bit_width = integer.bit_width();
        out->is_signed = integer.is_signed();
        break;
    }
    case Kind::UUID: out->logical = FIRN_ARROW_UUID; break;
    case Kind::JSON: out->logical = FIRN_ARROW_JSON; break;
    case Kind::NONE: case Kind::UNDEFINED: out->logical = FIRN_ARROW_PLAIN; break;
    default: out->logical = FIRN_ARROW_OTHER; break;
    }
}

} // namespace

} // namespace firn

arrow::Status firn_arrow_footer::prepare() {
    created_by = metadata->created_by();
    ARROW_RETURN_NOT_OK(add_nodes(*this, metadata->schema()->group_node(), 0));
    int64_t rows = 0;
    for (int g = 0; g < metadata->num_row_groups(); g++) {
        auto group = metadata->RowGroup(g);
        if (group->num_rows() < 0 || group->num_columns() != metadata->num_columns()) {
            return arrow::Status::Invalid("row group ", g, " does not match the schema");
        }
        rows += group->num_rows();
        for (int c = 0; c < group->num_columns(); c++) {
            auto chunk = group->ColumnChunk(c);
            int64_t offset = chunk_offset(*chunk);
            int64_t length = chunk->total_compressed_size();
            if (offset < 4 || length < 0 || offset > file_size || length > file_size - offset) {
                return arrow::Status::Invalid("column chunk ", c, " of row group ", g, " lies outside the file");
            }
            if (chunk->num_values() < 0) return arrow::Status::Invalid("a column chunk has a negative count");
        }
    }
    if (rows != metadata->num_rows()) return arrow::Status::Invalid("the row groups do not add up to the file's rows");
    return arrow::Status::OK();
}

extern "C" {

firn_arrow_status firn_arrow_footer_parse(
    const uint8_t *bytes, int64_t length, int64_t file_size, firn_arrow_footer **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto footer = std::make_unique<firn_arrow_footer>();
        footer->metadata = parquet::FileMetaData::Make(bytes, length, parquet::default_reader_properties());
        footer->file_size = file_size;
        ARROW_RETURN_NOT_OK(footer->prepare());
        *out = footer.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_footer_release(firn_arrow_footer *footer) { delete footer; }

void firn_arrow_footer_describe(const firn_arrow_footer *footer, firn_arrow_footer_info *out) {
    *out = {footer->metadata->num_rows(), footer->metadata->num_row_groups(), footer->metadata->num_columns(),
            static_cast<int32_t>(footer->nodes.size()), footer->created_by.c_str()};
}

const char *firn_arrow_footer_value(const firn_arrow_footer *footer, const char *key) {
    const auto &pairs = footer->metadata->key_value_metadata();
    int at = pairs ? pairs->FindKey(key) : -1;
    return at < 0 ? nullptr : pairs->value(at).c_str();
}

firn_arrow_status firn_arrow_footer_node(const firn_arrow_footer *footer, int32_t index, firn_arrow_node *out) {
    return guarded([&]() -> arrow::Status {
        *out = {};
        const parquet::schema::Node *node = footer->nodes.at(static_cast<size_t>(index));
        out->name = node->name().c_str();
        out->field_id = node->field_id();
        out->repetition = node->is_required() ? 0 : node->is_optional() ? 1 : 2;
        out->leaf = footer->leaves.at(static_cast<size_t>(index));
        if (node->is_group()) {
            out->physical = FIRN_ARROW_GROUP;
            out->child_count = static_cast<const parquet::schema::GroupNode *>(node)->field_count();
            bool is_list = node->converted_type() == parquet::ConvertedType::LIST;
            bool is_map = node->converted_type() == parquet::ConvertedType::MAP ||
                          node->converted_type() == parquet::ConvertedType::MAP_KEY_VALUE;
            if (node->logical_type()) {
                is_list = is_list || node->logical_type()->is_list();
                is_map = is_map || node->logical_type()->is_map();
            }
            out->logical = is_list ? FIRN_ARROW_LIST : is_map ? FIRN_ARROW_MAP : FIRN_ARROW_PLAIN;
            return arrow::Status::OK();
        }
        auto &leaf = static_cast<const parquet::schema::PrimitiveNode &>(*node);
        auto *column = footer->metadata->schema()->Column(out->leaf);
        out->physical = leaf.physical_type();
        out->byte_length = leaf.type_length();
        out->definition_level = column->max_definition_level();
        out->repetition_level = column->max_repetition_level();
        describe_logical(leaf, out);
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_footer_row_count(const firn_arrow_footer *footer, int32_t row_group, int64_t *out) {
    return guarded([&]() -> arrow::Status {
        *out = footer->metadata->RowGroup(row_group)->num_rows();
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_footer_chunk(
    const firn_arrow_footer *footer, int32_t row_group, int32_t leaf, firn_arrow_chunk *out) {
    return guarded([&]() -> arrow::Status {
        *out = {};
        auto group = footer->metadata->RowGroup(row_group);
        auto chunk = group->ColumnChunk(leaf);
        out->value_count = chunk->num_values();
        out->offset = chunk_offset(*chunk);
        out->compressed_bytes = chunk->total_compressed_size();
        out->uncompressed_bytes = chunk->total_uncompressed_size();
        out->codec = chunk->compression();
        out->null_count = -1;
        out->is_all_dictionary = is_all_dictionary(*chunk);
        thread_local std::string minimum, maximum;
        auto statistics = chunk->is_stats_set() ? chunk->encoded_statistics() : nullptr;
        if (statistics) {
            if (statistics->has_null_count) out->null_count = statistics->null_count;
            minimum = statistics->min();
            maximum = statistics->max();
            out->has_minimum = statistics->has_min;
            out->has_maximum = statistics->has_max;
            out->minimum = reinterpret_cast<const uint8_t *>(minimum.data());
            out->minimum_length = static_cast<int64_t>(minimum.size());
            out->maximum = reinterpret_cast<const uint8_t *>(maximum.data());
            out->maximum_length = static_cast<int64_t>(maximum.size());
        }
        if (auto place = chunk->GetColumnIndexLocation()) {
            out->column_index_offset = place->offset;
            out->column_index_bytes = place->length;
        }
        if (auto place = chunk->GetOffsetIndexLocation()) {
            out->offset_index_offset = place->offset;
            out->offset_index_bytes = place->length;
        }
        return arrow::Status::OK();
    });
}

} // extern "C"

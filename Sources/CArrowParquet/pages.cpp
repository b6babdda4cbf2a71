// Page indexes out of bytes that were fetched before.
#include "footer.hpp"

#include <parquet/page_index.h>
#include <parquet/properties.h>

using namespace firn;

struct firn_arrow_pages {
    std::unique_ptr<parquet::ColumnIndex> columns;
    std::unique_ptr<parquet::OffsetIndex> offsets;
};

extern "C" {

firn_arrow_status firn_arrow_pages_parse(
    const firn_arrow_footer *footer, int32_t leaf, const uint8_t *column_index, int64_t column_index_bytes,
    const uint8_t *offset_index, int64_t offset_index_bytes, firn_arrow_pages **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto pages = std::make_unique<firn_arrow_pages>();
        auto properties = parquet::default_reader_properties();
        pages->offsets = parquet::OffsetIndex::Make(offset_index, offset_index_bytes, properties);
        if (!column_index) {
            *out = pages.release();
            return arrow::Status::OK();
        }
        pages->columns = parquet::ColumnIndex::Make(
            *footer->metadata->schema()->Column(leaf), column_index, column_index_bytes, properties);
        size_t count = pages->offsets->page_locations().size();
        if (pages->columns->null_pages().size() != count || pages->columns->encoded_min_values().size() != count ||
            pages->columns->encoded_max_values().size() != count ||
            (pages->columns->has_null_counts() && pages->columns->null_counts().size() != count)) {
            return arrow::Status::Invalid("the two page indexes of a column chunk do not match");
        }
        *out = pages.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_pages_release(firn_arrow_pages *pages) { delete pages; }

int32_t firn_arrow_pages_count(const firn_arrow_pages *pages) {
    return static_cast<int32_t>(pages->offsets->page_locations().size());
}

void firn_arrow_pages_get(const firn_arrow_pages *pages, int32_t index, firn_arrow_page *out) {
    auto at = static_cast<size_t>(index);
    const auto &place = pages->offsets->page_locations()[at];
    *out = {};
    out->first_row = place.first_row_index;
    out->offset = place.offset;
    out->compressed_bytes = place.compressed_page_size;
    out->null_count = -1;
    if (!pages->columns) return;
    out->null_count = pages->columns->has_null_counts() ? pages->columns->null_counts()[at] : -1;
    if (pages->columns->null_pages()[at]) return;
    const std::string &minimum = pages->columns->encoded_min_values()[at];
    const std::string &maximum = pages->columns->encoded_max_values()[at];
    out->minimum = reinterpret_cast<const uint8_t *>(minimum.data());
    out->minimum_length = static_cast<int64_t>(minimum.size());
    out->maximum = reinterpret_cast<const uint8_t *>(maximum.data());
    out->maximum_length = static_cast<int64_t>(maximum.size());
}

} // extern "C"

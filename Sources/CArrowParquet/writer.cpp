#include "collector.hpp"
#include "footer.hpp"

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <stdexcept>

using namespace firn;

struct firn_arrow_writer {
    std::shared_ptr<Collector> sink = std::make_shared<Collector>();
    std::shared_ptr<arrow::Schema> schema;
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    std::string taken;
    int64_t rows_in_group = 0;
};

namespace {

parquet::Compression::type codec_of(int32_t compression) {
    switch (compression) {
    case FIRN_ARROW_UNCOMPRESSED: return parquet::Compression::UNCOMPRESSED;
    case FIRN_ARROW_SNAPPY: return parquet::Compression::SNAPPY;
    case FIRN_ARROW_GZIP: return parquet::Compression::GZIP;
    case FIRN_ARROW_LZ4: return parquet::Compression::LZ4;
    case FIRN_ARROW_ZSTD: return parquet::Compression::ZSTD;
    default: throw std::invalid_argument("no such compression");
    }
}

std::shared_ptr<parquet::WriterProperties> properties_of(const firn_arrow_write_options &options) {
    parquet::WriterProperties::Builder builder;
    builder.version(parquet::ParquetVersion::PARQUET_2_6);
    builder.created_by(options.created_by);
    builder.compression(codec_of(options.compression));
    // The others have no level, or one whose default is right.
    if (options.compression == FIRN_ARROW_ZSTD) builder.compression_level(options.zstd_level);
    // Row groups are ended by the caller, batch by batch; this is only the limit behind it.
    builder.max_row_group_length(options.row_group_rows);
    builder.max_rows_per_page(options.page_rows);
    builder.data_pagesize(options.page_bytes);
    builder.enable_write_page_index();
    builder.enable_statistics();
    builder.enable_store_decimal_as_integer();
    for (int32_t i = 0; i < options.column_count; i++) {
        const firn_arrow_column_option &column = options.columns[i];
        if (column.has_dictionary) {
            builder.enable_dictionary(std::string(column.path));
            continue;
        }
        builder.disable_dictionary(std::string(column.path));
        if (column.is_delta) builder.encoding(std::string(column.path), parquet::Encoding::DELTA_BINARY_PACKED);
    }
    return builder.build();
}

} // namespace

extern "C" {

firn_arrow_status firn_arrow_writer_open(
    void *schema, const firn_arrow_write_options *options, firn_arrow_writer **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto writer = std::make_unique<firn_arrow_writer>();
        ARROW_ASSIGN_OR_RAISE(writer->schema, arrow::ImportSchema(static_cast<ArrowSchema *>(schema)));
        auto arrow_properties =
            parquet::ArrowWriterProperties::Builder().enable_compliant_nested_types()->build();
        ARROW_ASSIGN_OR_RAISE(
            writer->writer, parquet::arrow::FileWriter::Open(
                                *writer->schema, arrow::default_memory_pool(), writer->sink,
                                properties_of(*options), arrow_properties));
        if (options->metadata_count > 0) {
            std::vector<std::string> keys, values;
            for (int32_t i = 0; i < options->metadata_count; i++) {
                keys.emplace_back(options->metadata[2 * i]);
                values.emplace_back(options->metadata[2 * i + 1]);
            }
            ARROW_RETURN_NOT_OK(writer->writer->AddKeyValueMetadata(arrow::key_value_metadata(keys, values)));
        }
        *out = writer.release();
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_writer_write(firn_arrow_writer *writer, void *batch) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto rows, arrow::ImportRecordBatch(static_cast<ArrowArray *>(batch), writer->schema));
        if (writer->rows_in_group == 0) ARROW_RETURN_NOT_OK(writer->writer->NewBufferedRowGroup());
        ARROW_RETURN_NOT_OK(writer->writer->WriteRecordBatch(*rows));
        writer->rows_in_group += rows->num_rows();
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_writer_end_group(firn_arrow_writer *writer) {
    // The next batch begins a new group, and beginning one writes the last one out.
    writer->rows_in_group = 0;
    return FIRN_ARROW_OK;
}

firn_arrow_status firn_arrow_writer_finish(firn_arrow_writer *writer) {
    return guarded([&]() -> arrow::Status { return writer->writer->Close(); });
}

void firn_arrow_writer_take(firn_arrow_writer *writer, const uint8_t **bytes, int64_t *length) {
    writer->taken.clear();
    writer->taken.swap(writer->sink->bytes);
    *bytes = reinterpret_cast<const uint8_t *>(writer->taken.data());
    *length = static_cast<int64_t>(writer->taken.size());
}

firn_arrow_status firn_arrow_writer_footer(firn_arrow_writer *writer, firn_arrow_footer **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto footer = std::make_unique<firn_arrow_footer>();
        footer->metadata = writer->writer->metadata();
        if (!footer->metadata) return arrow::Status::Invalid("the file is not finished");
        ARROW_ASSIGN_OR_RAISE(footer->file_size, writer->sink->Tell());
        ARROW_RETURN_NOT_OK(footer->prepare());
        *out = footer.release();
        return arrow::Status::OK();
    });
}

void firn_arrow_writer_release(firn_arrow_writer *writer) { delete writer; }

} // extern "C"

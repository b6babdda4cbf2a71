// Arrow's IPC streams from outside: nothing in them is believed before it is checked.
#include "guard.hpp"
#include "memory.hpp"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

using namespace firn;

struct firn_arrow_feed {
    firn_arrow_feed(const uint8_t *bytes, int64_t length, firn_arrow_reserve reserve, void *context)
        : pool(reserve, context), length(length),
          input(std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes, length))) {}

    // First, so that it goes last.
    AskingPool pool;
    int64_t length;
    std::shared_ptr<arrow::io::BufferReader> input;
    std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader;
    std::shared_ptr<arrow::RecordBatch> batch;
};

namespace {

/// Views may all be of the same bytes: what they come to is checked before any of it is looked at.
arrow::Status check_views(const arrow::ArrayData &data, int64_t text_limit) {
    int64_t end = data.offset + data.length;
    if (data.buffers.size() < 2 || !data.buffers[1] || data.buffers[1]->size() / 16 < end) {
        return data.length == 0 ? arrow::Status::OK() : arrow::Status::Invalid("an array has too few views");
    }
    auto *views = reinterpret_cast<const arrow::BinaryViewType::c_type *>(data.buffers[1]->data());
    int64_t text = 0;
    for (int64_t row = data.offset; row < end; row++) {
        if (views[row].size() < 0) return arrow::Status::Invalid("a view has a negative length");
        text += views[row].size();
        if (text > text_limit) return arrow::Status::OutOfMemory("the texts are too long");
    }
    return arrow::Status::OK();
}

/// Counts values, also those that take no bytes and those of dictionaries: each of them takes room when it is read.
arrow::Status count(const arrow::ArrayData &data, int64_t cell_limit, firn_arrow_rows &out) {
    if (data.length < 0) return arrow::Status::Invalid("an array has a negative length");
    if (data.length > cell_limit - out.cell_count) return arrow::Status::OutOfMemory("there are too many values");
    out.cell_count += data.length;
    auto type = data.type->storage_id();
    if (type == arrow::Type::STRING_VIEW || type == arrow::Type::BINARY_VIEW) {
        // A value makes two bytes of text at least: twice the limit of values is that of the text.
        ARROW_RETURN_NOT_OK(check_views(data, 2 * cell_limit));
    }
    for (const auto &buffer : data.buffers) {
        if (buffer) out.byte_count += buffer->size();
    }
    for (const auto &child : data.child_data) ARROW_RETURN_NOT_OK(count(*child, cell_limit, out));
    if (data.dictionary) {
        // One of lists would let a byte stand for any number of values.
        if (arrow::is_nested(data.dictionary->type->storage_id())) {
            return arrow::Status::NotImplemented("a dictionary of lists, maps or structs");
        }
        ARROW_RETURN_NOT_OK(count(*data.dictionary, cell_limit, out));
    }
    return arrow::Status::OK();
}

} // namespace

extern "C" {

firn_arrow_status firn_arrow_feed_open(
    const uint8_t *bytes, int64_t length, firn_arrow_reserve reserve, void *context, firn_arrow_feed **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto feed = std::make_unique<firn_arrow_feed>(bytes, length, reserve, context);
        auto options = arrow::ipc::IpcReadOptions::Defaults();
        options.memory_pool = &feed->pool;
        options.use_threads = false;
        options.max_recursion_depth = 32;
        // Values are read as their own types, wherever a writer has put them.
        options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
        ARROW_ASSIGN_OR_RAISE(feed->reader, arrow::ipc::RecordBatchStreamReader::Open(feed->input, options));
        *out = feed.release();
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_feed_next(firn_arrow_feed *feed, int64_t cell_limit, firn_arrow_rows *out) {
    return guarded([&]() -> arrow::Status {
        *out = firn_arrow_rows{};
        feed->batch.reset();
        ARROW_RETURN_NOT_OK(feed->reader->ReadNext(&feed->batch));
        if (!feed->batch) {
            ARROW_ASSIGN_OR_RAISE(int64_t position, feed->input->Tell());
            if (position != feed->length) return arrow::Status::Invalid("bytes follow the end of the stream");
            out->row_count = -1;
            return arrow::Status::OK();
        }
        out->row_count = feed->batch->num_rows();
        if (out->row_count < 0) return arrow::Status::Invalid("a batch has a negative length");
        if (out->row_count > cell_limit) return arrow::Status::OutOfMemory("there are too many rows");
        for (const auto &column : feed->batch->column_data()) ARROW_RETURN_NOT_OK(count(*column, cell_limit, *out));
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_feed_take(firn_arrow_feed *feed, void *array, void *schema) {
    return guarded([&]() -> arrow::Status {
        if (!feed->batch) return arrow::Status::Invalid("there is no batch to take");
        ARROW_RETURN_NOT_OK(feed->batch->ValidateFull());
        return arrow::ExportRecordBatch(
            *feed->batch, static_cast<ArrowArray *>(array), static_cast<ArrowSchema *>(schema));
    });
}

void firn_arrow_feed_release(firn_arrow_feed *feed) { delete feed; }

} // extern "C"

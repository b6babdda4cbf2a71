#include "collector.hpp"
#include "footer.hpp"

#include <arrow/c/bridge.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

using namespace firn;

struct firn_arrow_stream {
    std::shared_ptr<Collector> sink = std::make_shared<Collector>();
    std::shared_ptr<arrow::Schema> schema;
    std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
    std::string taken;
};

extern "C" {

firn_arrow_status firn_arrow_stream_open(void *schema, firn_arrow_stream **out) {
    *out = nullptr;
    return guarded([&]() -> arrow::Status {
        auto stream = std::make_unique<firn_arrow_stream>();
        ARROW_ASSIGN_OR_RAISE(stream->schema, arrow::ImportSchema(static_cast<ArrowSchema *>(schema)));
        ARROW_ASSIGN_OR_RAISE(stream->writer, arrow::ipc::MakeStreamWriter(stream->sink, stream->schema));
        *out = stream.release();
        return arrow::Status::OK();
    });
}

firn_arrow_status firn_arrow_stream_write(firn_arrow_stream *stream, void *batch) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto rows, arrow::ImportRecordBatch(static_cast<ArrowArray *>(batch), stream->schema));
        return stream->writer->WriteRecordBatch(*rows);
    });
}

firn_arrow_status firn_arrow_stream_finish(firn_arrow_stream *stream) {
    return guarded([&]() -> arrow::Status { return stream->writer->Close(); });
}

void firn_arrow_stream_take(firn_arrow_stream *stream, const uint8_t **bytes, int64_t *length) {
    stream->taken.clear();
    stream->taken.swap(stream->sink->bytes);
    *bytes = reinterpret_cast<const uint8_t *>(stream->taken.data());
    *length = static_cast<int64_t>(stream->taken.size());
}

void firn_arrow_stream_release(firn_arrow_stream *stream) { delete stream; }

} // extern "C"

#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <string>

namespace firn {

/// Collects the file's bytes until somebody takes them.
class Collector final : public arrow::io::OutputStream {
  public:
    std::string bytes;

    arrow::Status Write(const void *data, int64_t length) override {
        bytes.append(static_cast<const char *>(data), static_cast<size_t>(length));
        written_ += length;
        return arrow::Status::OK();
    }
    arrow::Status Close() override {
        is_closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return is_closed_; }
    arrow::Result<int64_t> Tell() const override { return written_; }

  private:
    int64_t written_ = 0;
    bool is_closed_ = false;
};

} // namespace firn

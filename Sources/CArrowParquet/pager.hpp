#pragma once

#include "guard.hpp"

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <vector>

namespace firn {

/// Bytes of a file that are in memory.
class Ranges {
  public:
    explicit Ranges(std::vector<firn_arrow_range> ranges) : ranges_(std::move(ranges)) {}

    /// Null when they are not all in one range.
    const uint8_t *find(int64_t offset, int64_t length) const;

  private:
    std::vector<firn_arrow_range> ranges_;
};

/// What stands before a page's bytes.
struct PageHeader {
    enum Kind : int32_t { data = 0, index = 1, dictionary = 2, data_v2 = 3 };
    int32_t kind = -1, uncompressed_bytes = -1, compressed_bytes = -1;
    int32_t value_count = -1, encoding = -1, definition_encoding = 3, repetition_encoding = 3;
    int32_t null_count = 0, row_count = 0, definition_bytes = 0, repetition_bytes = 0;
    bool is_compressed = true;
    /// Bytes of the header itself.
    int64_t length = 0;
};

/// Gives the pages of one column chunk to libparquet's decoders.
///
/// In place of libparquet's own reader: it decompresses with one context for all pages of a thread, passes over pages
/// whose rows nobody wants without decompressing them, and reads chunks of which only some pages are in memory.
class Pager final : public parquet::PageReader {
  public:
    struct Segment {
        int64_t offset;
        int64_t length;
    };

    /// The segments hold whole pages; together `value_count` values.
    Pager(std::shared_ptr<const Ranges> ranges, std::vector<Segment> segments, arrow::Compression::type codec,
          int64_t value_count, arrow::MemoryPool *pool);

    std::shared_ptr<parquet::Page> NextPage() override;
    void set_max_page_header_size(uint32_t) override {}

    /// Passes over pages that hold nothing but the next values, `limit` at most; answers how many values that were.
    int64_t skip_pages(int64_t limit);
    /// Values of the data page that was given last.
    int64_t last_value_count() const { return last_value_count_; }
    /// How many data pages were given.
    int64_t data_pages() const { return data_pages_; }

  private:
    std::optional<PageHeader> peek();
    const uint8_t *payload(const PageHeader &header, int64_t offset) const;
    std::shared_ptr<arrow::Buffer> decompressed(const PageHeader &header, const uint8_t *bytes);
    void decompress(const uint8_t *from, int64_t length, uint8_t *to, int64_t capacity);
    void advance(const PageHeader &header);

    std::shared_ptr<const Ranges> ranges_;
    std::vector<Segment> segments_;
    size_t segment_ = 0;
    int64_t position_ = 0;
    arrow::Compression::type compression_;
    std::unique_ptr<arrow::util::Codec> codec_;
    std::shared_ptr<arrow::ResizableBuffer> buffer_;
    int64_t values_left_;
    int64_t last_value_count_ = 0, data_pages_ = 0;
    /// A dictionary that a skip passed.
    std::optional<std::pair<PageHeader, int64_t>> dictionary_;
};

} // namespace firn

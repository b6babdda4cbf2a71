#include "page_header.hpp"

#include <algorithm>
#include <cstring>
#include <parquet/exception.h>
#include <zstd.h>

namespace firn {

namespace {

/// A page that says it is larger once decompressed is refused.
constexpr int64_t page_limit = 1 << 30;

void check(const arrow::Status &status) {
    if (!status.ok()) throw parquet::ParquetException(status.message());
}

/// Making a context costs more than decompressing a small page, so a thread keeps one.
ZSTD_DCtx *zstd_context() {
    struct Owner {
        ZSTD_DCtx *context = ZSTD_createDCtx();
        ~Owner() { ZSTD_freeDCtx(context); }
    };
    thread_local Owner owner;
    if (!owner.context) throw std::bad_alloc();
    return owner.context;
}

parquet::Encoding::type encoding_of(int32_t number) { return static_cast<parquet::Encoding::type>(number); }

} // namespace

const uint8_t *Ranges::find(int64_t offset, int64_t length) const {
    for (const firn_arrow_range &range : ranges_) {
        int64_t skip = offset - range.offset;
        if (skip >= 0 && length >= 0 && skip <= range.length && length <= range.length - skip) return range.bytes + skip;
    }
    return nullptr;
}

Pager::Pager(std::shared_ptr<const Ranges> ranges, std::vector<Segment> segments, arrow::Compression::type codec,
             int64_t value_count, arrow::MemoryPool *pool)
    : ranges_(std::move(ranges)), segments_(std::move(segments)), compression_(codec), values_left_(value_count) {
    if (codec != arrow::Compression::UNCOMPRESSED && codec != arrow::Compression::ZSTD) {
        auto made = arrow::util::Codec::Create(codec);
        check(made.status());
        codec_ = std::move(*made);
    }
    auto buffer = arrow::AllocateResizableBuffer(0, pool);
    check(buffer.status());
    buffer_ = std::move(*buffer);
}

std::optional<PageHeader> Pager::peek() {
    while (values_left_ > 0 && segment_ < segments_.size()) {
        const Segment &segment = segments_[segment_];
        if (position_ >= segment.length) {
            segment_ += 1;
            position_ = 0;
            continue;
        }
        const uint8_t *bytes = ranges_->find(segment.offset + position_, segment.length - position_);
        if (!bytes) throw parquet::ParquetException("a page lies outside its column chunk");
        PageHeader header;
        check(read_page_header(bytes, segment.length - position_, header));
        if (header.compressed_bytes > segment.length - position_ - header.length) {
            throw parquet::ParquetException("a page lies outside its column chunk");
        }
        if (header.uncompressed_bytes > page_limit) throw parquet::ParquetException("a page is too large");
        return header;
    }
    return std::nullopt;
}

const uint8_t *Pager::payload(const PageHeader &header, int64_t offset) const {
    const uint8_t *bytes = ranges_->find(offset + header.length, header.compressed_bytes);
    if (!bytes) throw parquet::ParquetException("a page lies outside its column chunk");
    return bytes;
}

void Pager::advance(const PageHeader &header) { position_ += header.length + header.compressed_bytes; }

int64_t Pager::skip_pages(int64_t limit) {
    int64_t skipped = 0;
    while (auto header = peek()) {
        if (header->kind == PageHeader::dictionary) {
            dictionary_ = {*header, segments_[segment_].offset + position_};
        } else if (header->kind == PageHeader::data || header->kind == PageHeader::data_v2) {
            if (header->value_count > limit - skipped) break;
            skipped += header->value_count;
            values_left_ -= header->value_count;
        }
        advance(*header);
    }
    return skipped;
}

void Pager::decompress(const uint8_t *from, int64_t length, uint8_t *to, int64_t capacity) {
    if (compression_ == arrow::Compression::ZSTD) {
        size_t size = ZSTD_decompressDCtx(
            zstd_context(), to, static_cast<size_t>(capacity), from, static_cast<size_t>(length));
        if (ZSTD_isError(size) || size != static_cast<size_t>(capacity)) {
            throw parquet::ParquetException("a page does not decompress to its size");
        }
        return;
    }
    auto size = codec_->Decompress(length, from, capacity, to);
    check(size.status());
    if (*size != capacity) throw parquet::ParquetException("a page does not decompress to its size");
}

std::shared_ptr<arrow::Buffer> Pager::decompressed(const PageHeader &header, const uint8_t *bytes) {
    int64_t levels = 0;
    bool is_compressed = compression_ != arrow::Compression::UNCOMPRESSED;
    if (header.kind == PageHeader::data_v2) {
        levels = static_cast<int64_t>(header.definition_bytes) + header.repetition_bytes;
        if (header.definition_bytes < 0 || header.repetition_bytes < 0 || levels > header.compressed_bytes ||
            levels > header.uncompressed_bytes) {
            throw parquet::ParquetException("the levels of a page lie outside it");
        }
        is_compressed = is_compressed && header.is_compressed;
    }
    if (!is_compressed) return std::make_shared<arrow::Buffer>(bytes, header.compressed_bytes);
    PARQUET_THROW_NOT_OK(buffer_->Resize(header.uncompressed_bytes, false));
    if (levels > 0) std::memcpy(buffer_->mutable_data(), bytes, static_cast<size_t>(levels));
    if (header.uncompressed_bytes > levels) {
        decompress(bytes + levels, header.compressed_bytes - levels, buffer_->mutable_data() + levels,
                   header.uncompressed_bytes - levels);
    }
    return std::make_shared<arrow::Buffer>(buffer_->data(), header.uncompressed_bytes);
}

std::shared_ptr<parquet::Page> Pager::NextPage() {
    while (true) {
        PageHeader header;
        int64_t offset;
        if (dictionary_) {
            header = dictionary_->first;
            offset = dictionary_->second;
            dictionary_.reset();
        } else {
            auto next = peek();
            if (!next) return nullptr;
            header = *next;
            offset = segments_[segment_].offset + position_;
            advance(header);
        }
        bool is_data = header.kind == PageHeader::data || header.kind == PageHeader::data_v2;
        if (!is_data && header.kind != PageHeader::dictionary) continue;
        auto bytes = decompressed(header, payload(header, offset));
        if (header.kind == PageHeader::dictionary) {
            return std::make_shared<parquet::DictionaryPage>(bytes, header.value_count, encoding_of(header.encoding));
        }
        values_left_ -= header.value_count;
        last_value_count_ = header.value_count;
        data_pages_ += 1;
        if (header.kind == PageHeader::data) {
            return std::make_shared<parquet::DataPageV1>(
                bytes, header.value_count, encoding_of(header.encoding), encoding_of(header.definition_encoding),
                encoding_of(header.repetition_encoding), header.uncompressed_bytes);
        }
        return std::make_shared<parquet::DataPageV2>(
            bytes, header.value_count, header.null_count, header.row_count, encoding_of(header.encoding),
            header.definition_bytes, header.repetition_bytes, header.uncompressed_bytes, false);
    }
}

} // namespace firn

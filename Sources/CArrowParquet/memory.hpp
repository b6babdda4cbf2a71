// Memory of one row group's readers, asked for before it is taken.
#pragma once

#include "guard.hpp"

#include <algorithm>
#include <arrow/memory_pool.h>
#include <cstring>
#include <parquet/exception.h>
#include <type_traits>

namespace firn {

/// Arrow's pool behind somebody who may say no: a page says itself how large it unfolds to, and a few bytes of deltas or
/// of indices stand for any number of values.
///
/// What was granted once is not asked for again. One thread at a time.
class AskingPool final : public arrow::MemoryPool {
  public:
    AskingPool(firn_arrow_reserve reserve, void *context) : reserve_(reserve), context_(context) {}

    using arrow::MemoryPool::Allocate;
    using arrow::MemoryPool::Free;
    using arrow::MemoryPool::Reallocate;

    arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t **out) override {
        ARROW_RETURN_NOT_OK(ask(size));
        ARROW_RETURN_NOT_OK(pool_->Allocate(size, alignment, out));
        held_ += size;
        return arrow::Status::OK();
    }

    /// Old and new bytes live side by side while it moves them.
    arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t **bytes) override {
        if (new_size > old_size) ARROW_RETURN_NOT_OK(ask(new_size));
        ARROW_RETURN_NOT_OK(pool_->Reallocate(old_size, new_size, alignment, bytes));
        held_ += new_size - old_size;
        return arrow::Status::OK();
    }

    void Free(uint8_t *bytes, int64_t size, int64_t alignment) override {
        pool_->Free(bytes, size, alignment);
        held_ -= size;
    }

    int64_t bytes_allocated() const override { return held_; }
    int64_t total_bytes_allocated() const override { return held_; }
    int64_t num_allocations() const override { return 0; }
    std::string backend_name() const override { return pool_->backend_name(); }

  private:
    /// Asked for at a time, so that small buffers cost nothing.
    static constexpr int64_t step = 256 << 10;
    /// No machine has so much; sums below do not overflow.
    static constexpr int64_t limit = int64_t{1} << 46;

    arrow::Status ask(int64_t more) {
        if (more <= granted_ - held_) return arrow::Status::OK();
        if (more > limit - held_) return arrow::Status::OutOfMemory("a buffer is too large");
        int64_t wanted = (held_ + more + step - 1) / step * step;
        if (!reserve_(context_, wanted)) return arrow::Status::OutOfMemory("the caller has no memory for it");
        granted_ = wanted;
        return arrow::Status::OK();
    }

    arrow::MemoryPool *pool_ = arrow::default_memory_pool();
    firn_arrow_reserve reserve_;
    void *context_;
    int64_t held_ = 0, granted_ = 0;
};

/// A vector of plain values in a pool. It never gives room back before it goes.
template <class Value> class Vector {
    static_assert(std::is_trivially_copyable_v<Value>);

  public:
    explicit Vector(arrow::MemoryPool *pool) : pool_(pool) {}
    Vector(const Vector &) = delete;
    Vector &operator=(const Vector &) = delete;
    ~Vector() {
        if (values_) pool_->Free(reinterpret_cast<uint8_t *>(values_), bytes(capacity_));
    }

    Value *data() { return values_; }
    const Value *data() const { return values_; }
    Value *begin() { return values_; }
    Value *end() { return values_ + size_; }
    size_t size() const { return size_; }
    Value &operator[](size_t index) { return values_[index]; }
    void clear() { size_ = 0; }

    /// What is new is zero.
    void resize(size_t size) {
        make_room(size);
        if (size > size_) std::memset(static_cast<void *>(values_ + size_), 0, (size - size_) * sizeof(Value));
        size_ = size;
    }

    void append(const Value *values, size_t count) {
        if (count == 0) return;
        make_room(size_ + count);
        std::memcpy(values_ + size_, values, count * sizeof(Value));
        size_ += count;
    }

  private:
    static int64_t bytes(size_t count) { return static_cast<int64_t>(count * sizeof(Value)); }

    void make_room(size_t size) {
        if (size <= capacity_) return;
        size_t capacity = std::max(size, capacity_ * 2);
        auto *place = reinterpret_cast<uint8_t *>(values_);
        PARQUET_THROW_NOT_OK(
            values_ ? pool_->Reallocate(bytes(capacity_), bytes(capacity), &place) : pool_->Allocate(bytes(capacity), &place));
        values_ = reinterpret_cast<Value *>(place);
        capacity_ = capacity;
    }

    arrow::MemoryPool *pool_;
    Value *values_ = nullptr;
    size_t size_ = 0, capacity_ = 0;
};

} // namespace firn

// The fields of a stream: found by name while events go by, and the buffers their values go into.
#pragma once

#include "values.hpp"
#include "walk.hpp"

#include <memory>
#include <string>
#include <vector>

namespace firn {

/// Finds a field by its name: first the one that followed the last field in earlier events, then by hash.
class FieldNames {
  public:
    explicit FieldNames(std::vector<std::string> names);

    static constexpr int none = -1;

    /// `previous` is the field before this one in the event, or `none` at its start.
    int find(int previous, const uint8_t *name, size_t size) {
        int guess = next_[static_cast<size_t>(previous + 1)];
        if (guess != none && is_named(guess, name, size)) return guess;
        int found = lookup(name, size);
        if (found != none) next_[static_cast<size_t>(previous + 1)] = found;
        return found;
    }

  private:
    std::vector<std::string> names_;
    std::vector<int> next_;
    std::vector<int> table_;

    bool is_named(int field, const uint8_t *name, size_t size) const {
        const std::string &own = names_[static_cast<size_t>(field)];
        return own.size() == size && std::memcmp(own.data(), name, size) == 0;
    }
    int lookup(const uint8_t *name, size_t size) const;
};

/// Values of one field, a slot a row. Fixed slots; strings are views into one heap that grows.
class FieldBuffer {
  public:
    FieldBuffer(const firn_json_field &field, size_t row_limit);

    const int32_t type;
    const bool is_required;
    const int precision;
    const int scale;
    const int default_kind;
    const std::string default_text;

    /// Forgets the rows.
    void clear();
    void set_valid(size_t row) { validity_[row >> 6] |= 1ull << (row & 63); }
    void set_null(size_t row) {
        validity_[row >> 6] &= ~(1ull << (row & 63));
        if (type == FIRN_JSON_BOOLEAN) {
            set_bit(row, false);
        } else {
            std::memset(values_.get() + row * width_, 0, width_);
        }
    }
    void set_bit(size_t row, bool value) {
        uint64_t &word = reinterpret_cast<uint64_t *>(values_.get())[row >> 6];
        word = (word & ~(1ull << (row & 63))) | static_cast<uint64_t>(value) << (row & 63);
    }
    template <class Value> void set(size_t row, Value value) {
        std::memcpy(values_.get() + row * sizeof(Value), &value, sizeof(Value));
    }
    void set_string(size_t row, const uint8_t *bytes, size_t size);
    /// Room for `size` bytes at the heap's end.
    uint8_t *heap_room(size_t size);

    /// Clears the validity of what lies behind the last row.
    void finish(size_t row_count);
    void describe(size_t row_count, firn_json_values *out) const;

  private:
    size_t width_;
    std::unique_ptr<uint8_t[]> values_;
    uint64_t validity_[FIRN_JSON_ROW_LIMIT / 64];
    std::unique_ptr<uint8_t[]> heap_;
    size_t heap_length_ = 0;
    size_t heap_capacity_ = 0;
};

/// Converts the value at the walk's position into the row's slot and moves behind it. When the value does not fit,
/// `misfit` says why and the value is skipped; false only when it is no JSON. `base` is where the walk's text begins in
/// the body.
class FieldReader {
  public:
    bool read(FieldBuffer &field, Walk &walk, int depth, size_t row, int64_t base, firn_json_misfit_code &misfit);
    /// Fills the row with the field's default.
    void read_default(FieldBuffer &field, size_t row);

  private:
    /// Strings without their escapes; grows to the longest.
    std::vector<uint8_t> scratch_;

    Text content(Walk &walk, bool &is_valid);
    firn_json_misfit_code read_string(FieldBuffer &field, Text text, size_t row);
    firn_json_misfit_code read_number(FieldBuffer &field, Text text, size_t row);
    friend class EventReader;
};

} // namespace firn

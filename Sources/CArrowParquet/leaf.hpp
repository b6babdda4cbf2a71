#pragma once

#include "memory.hpp"
#include "pager.hpp"

#include <cstdint>
#include <memory>
#include <parquet/column_reader.h>
#include <parquet/level_conversion.h>
#include <vector>

/// One leaf's chunk, read page by page into buffers that are used again.
struct firn_arrow_leaf {
    explicit firn_arrow_leaf(std::shared_ptr<firn::AskingPool> memory) : pool(std::move(memory)) {}

    /// Of the group; goes after all that lies in it.
    std::shared_ptr<firn::AskingPool> pool;
    std::shared_ptr<parquet::ColumnReader> reader;
    /// The reader's.
    firn::Pager *pager = nullptr;
    const parquet::ColumnDescriptor *column = nullptr;
    parquet::internal::LevelInfo levels;
    firn_arrow_form form = FIRN_ARROW_FORM_INT32;
    int64_t rows_left = 0;
    /// Of INT96: nanoseconds, not microseconds.
    bool is_nanoseconds = false;

    firn::Vector<int16_t> definitions{pool.get()}, repetitions{pool.get()};
    /// Slots of the form's width; a vector of 128-bit words keeps them aligned.
    firn::Vector<unsigned __int128> slots{pool.get()};
    firn::Vector<uint64_t> validity{pool.get()};
    firn::Vector<uint8_t> heap{pool.get()};
    /// Values of one page as libparquet hands them out, where they are not the slots themselves.
    firn::Vector<uint8_t> raw{pool.get()};

    firn::Vector<unsigned __int128> dictionary_views{pool.get()};
    firn::Vector<uint8_t> dictionary_heap{pool.get()};
    bool has_dictionary = false;

    int64_t level_count = 0, entry_count = 0, null_count = 0;

    /// Takes the levels of the column's schema.
    void set_levels();
    /// Lets indices be read in place of strings; only where every page has them.
    void expose_dictionary();
    arrow::Status read(int64_t row_count);
    arrow::Status skip(int64_t row_count);

  private:
    /// Values of the reader's page that were not read yet.
    int64_t page_left = 0, pages_seen = 0;
    void took(int64_t count);
    template <class Reader> arrow::Status read_typed(int64_t row_count);
    template <class Reader> arrow::Status skip_typed(int64_t row_count);
    template <class Action> arrow::Status with_type(Action &&action);
    void set_valid(int64_t start, int64_t end);
    template <class Reader> arrow::Result<int64_t> read_values(int64_t wanted, int64_t &value_count);
    template <class Value> void spread(int64_t level_start, int64_t level_end, int64_t value_count);
    arrow::Status check_levels(int64_t row_count);
    void make_room(int64_t entry_end);
    void *slot(int64_t entry);
    size_t width() const;
    void put_view(unsigned __int128 &view, firn::Vector<uint8_t> &heap, const uint8_t *bytes, uint32_t length);
    arrow::Status put_number(__int128 &slot, const uint8_t *bytes, uint32_t length);
};

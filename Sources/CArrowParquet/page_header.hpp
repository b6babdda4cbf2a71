#pragma once

#include "pager.hpp"

namespace firn {

/// Reads a page header; Thrift's compact protocol. Nothing is allocated, whatever the bytes say.
///
/// Source: parquet-format, parquet.thrift, `PageHeader`; Thrift, "Compact protocol".
arrow::Status read_page_header(const uint8_t *bytes, int64_t length, PageHeader &out);

} // namespace firn

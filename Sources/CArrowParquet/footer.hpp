#pragma once

#include "guard.hpp"

#include <memory>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <vector>

struct firn_arrow_footer {
    std::shared_ptr<parquet::FileMetaData> metadata;
    int64_t file_size = 0;
    /// Depth first, without the root.
    std::vector<const parquet::schema::Node *> nodes;
    std::vector<int> leaves;
    std::string created_by;

    /// Lists the nodes and checks every place a chunk names against the file's size.
    arrow::Status prepare();
};

namespace firn {

/// Where a chunk's first page begins: the dictionary's, where there is one.
int64_t chunk_offset(const parquet::ColumnChunkMetaData &chunk);

/// Every data page holds indices into the chunk's dictionary.
bool is_all_dictionary(const parquet::ColumnChunkMetaData &chunk);

} // namespace firn

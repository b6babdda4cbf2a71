#include "guard.hpp"

#include <arrow/config.h>
#include <parquet/exception.h>

namespace firn {

static thread_local std::string message;

void set_message(const std::string &text) {
    try {
        message = text;
    } catch (...) {
        message.clear();
    }
}

firn_arrow_status status_of(const arrow::Status &status) {
    set_message(status.ToStringWithoutContextLines());
    if (status.IsOutOfMemory()) return FIRN_ARROW_NO_MEMORY;
    if (status.IsNotImplemented()) return FIRN_ARROW_UNSUPPORTED;
    return FIRN_ARROW_CORRUPT;
}

firn_arrow_status status_of_exception(const std::exception &error) {
    if (auto *status = dynamic_cast<const parquet::ParquetStatusException *>(&error)) {
        return status_of(status->status());
    }
    set_message(error.what());
    // libparquet throws one type for all it cannot read; the text is all there is to tell them apart.
    bool is_unsupported = std::string(error.what()).find("Not yet implemented") != std::string::npos;
    return is_unsupported ? FIRN_ARROW_UNSUPPORTED : FIRN_ARROW_CORRUPT;
}

} // namespace firn

extern "C" const char *firn_arrow_last_message(void) { return firn::message.c_str(); }

extern "C" const char *firn_arrow_version(void) {
    static const std::string version = arrow::GetBuildInfo().version_string;
    return version.c_str();
}

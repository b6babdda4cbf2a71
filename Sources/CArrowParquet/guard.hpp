// The border between C++ and C: statuses out, exceptions caught.
#pragma once

#include "include/firn_arrow.h"

#include <arrow/status.h>
#include <exception>
#include <new>
#include <string>

namespace firn {

void set_message(const std::string &text);
firn_arrow_status status_of(const arrow::Status &status);
firn_arrow_status status_of_exception(const std::exception &error);

/// Runs `body`, which answers an `arrow::Status`, and lets nothing else out.
template <class Body> firn_arrow_status guarded(Body &&body) noexcept {
    try {
        arrow::Status status = body();
        return status.ok() ? FIRN_ARROW_OK : status_of(status);
    } catch (const std::bad_alloc &) {
        set_message("no memory");
        return FIRN_ARROW_NO_MEMORY;
    } catch (const std::exception &error) {
        return status_of_exception(error);
    } catch (...) {
        set_message("an unknown C++ exception");
        return FIRN_ARROW_CORRUPT;
    }
}

} // namespace firn

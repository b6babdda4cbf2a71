// Parquet by Arrow C++, behind a C header: no C++ type and no exception crosses it.
//
// Every call that can fail answers FIRN_ARROW_OK or a status; `firn_arrow_last_message` has the text of the calling
// thread's last failure.
#ifndef FIRN_ARROW_H
#define FIRN_ARROW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

typedef enum firn_arrow_status {
    FIRN_ARROW_OK = 0,
    /// The bytes are not what the format says.
    FIRN_ARROW_CORRUPT = 1,
    /// A feature that is not read or written.
    FIRN_ARROW_UNSUPPORTED = 2,
    FIRN_ARROW_NO_MEMORY = 3,
    /// A callback of the caller answered with a failure.
    FIRN_ARROW_CALLBACK = 4,
    /// The caller broke the rules of this header.
    FIRN_ARROW_MISUSE = 5,
} firn_arrow_status;

/// Text of the calling thread's last failure; valid until its next call.
const char *firn_arrow_last_message(void);

/// Arrow's version, such as `26.0.1`. Static text.
const char *firn_arrow_version(void);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif

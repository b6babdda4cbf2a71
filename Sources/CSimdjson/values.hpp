// Texts of scalars to values: numbers, decimals, dates, times, base64, UUIDs. No allocation, no locale.
#pragma once

#include "include/firn_json.h"

#include <cstddef>
#include <cstdint>

namespace firn {

/// Text between two pointers. At `end` a character follows that is part of no number.
struct Text {
    const uint8_t *begin;
    const uint8_t *end;
    size_t size() const { return static_cast<size_t>(end - begin); }
};

/// A decimal number without loss: `digits` * 10^`exponent`, and no trailing zeros in `digits`.
struct ExactNumber {
    bool is_negative = false;
    /// More than 38 significant digits.
    bool is_too_long = false;
    unsigned __int128 digits = 0;
    int digit_count = 0;
    int64_t exponent = 0;
};

/// `text` follows JSON's grammar of numbers.
ExactNumber read_exact(Text text);

/// The number times 10^`shift` as an integer. FITS, or OUT_OF_RANGE: a fraction is left (unless `floors`, which rounds
/// it down), or the result has more than `precision` digits.
firn_json_misfit_code scale_exact(
    const ExactNumber &number, int shift, int precision, bool floors, __int128 &result);

/// The nearest float or double. False when the number is finite but its nearest value is not.
bool read_float(Text text, float &result);
bool read_double(Text text, double &result);

/// `2026-01-31` to days since 1970. Years 0000 to 9999.
bool read_date(Text text, int32_t &days);
/// RFC 3339 to microseconds since 1970 UTC; no zone means UTC; a space may stand for the `T`.
bool read_timestamp(Text text, int64_t &microseconds);
/// Canonical form, digits of either case.
bool read_uuid(Text text, uint8_t out[16]);
/// Base64 with or without padding (RFC 4648, section 4). `out` has room for three quarters of the text. Answers the
/// bytes written, or -1.
ptrdiff_t read_base64(Text text, uint8_t *out);

} // namespace firn

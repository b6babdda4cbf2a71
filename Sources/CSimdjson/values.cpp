#include "values.hpp"
#include "walk.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace firn {

ExactNumber read_exact(Text text) {
    ExactNumber number;
    const uint8_t *p = text.begin;
    if (p < text.end && *p == '-') {
        number.is_negative = true;
        p += 1;
    }
    int64_t zeros = 0;
    bool is_fraction = false;
    for (; p < text.end; p++) {
        if (*p == '.') {
            is_fraction = true;
            continue;
        }
        if (!is_digit(*p)) break;
        if (is_fraction) number.exponent -= 1;
        if (*p == '0') {
            // Held back: trailing zeros only move the exponent.
            zeros += 1;
            if (number.digits == 0) zeros = 0;
            continue;
        }
        if (number.digit_count + zeros + 1 > 38) {
            number.is_too_long = true;
            return number;
        }
        for (; zeros > 0; zeros--) {
            number.digits *= 10;
            number.digit_count += 1;
        }
        number.digits = number.digits * 10 + (*p - '0');
        number.digit_count += 1;
    }
    if (p < text.end) {
        // An exponent; larger ones than any type holds are clamped.
        p += 1;
        bool is_negative = *p == '-';
        if (*p == '-' || *p == '+') p += 1;
        int64_t exponent = 0;
        for (; p < text.end; p++) {
            if (exponent < 1'000'000'000) exponent = exponent * 10 + (*p - '0');
        }
        number.exponent += is_negative ? -exponent : exponent;
    }
    number.exponent += zeros;
    if (number.digits == 0) number.exponent = 0;
    return number;
}

firn_json_misfit_code scale_exact(
    const ExactNumber &number, int shift, int precision, bool floors, __int128 &result) {
    if (number.is_too_long) return FIRN_JSON_OUT_OF_RANGE;
    unsigned __int128 value = number.digits;
    int64_t exponent = number.exponent + shift;
    if (value != 0 && number.digit_count + exponent > precision) return FIRN_JSON_OUT_OF_RANGE;
    for (; exponent > 0 && value != 0; exponent--) value *= 10;
    bool is_inexact = false;
    for (; exponent < 0 && value != 0; exponent++) {
        is_inexact |= value % 10 != 0;
        value /= 10;
    }
    if (is_inexact && !floors) return FIRN_JSON_OUT_OF_RANGE;
    if (is_inexact && number.is_negative) value += 1;
    result = number.is_negative ? -static_cast<__int128>(value) : static_cast<__int128>(value);
    return FIRN_JSON_FITS;
}

namespace {

/// Exact powers of ten: a significand of at most 2^53 times or over one of them rounds once (Clinger's fast path).
constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool read_simple(Text text, double &result) {
    const uint8_t *p = text.begin;
    bool is_negative = *p == '-';
    p += is_negative;
    if (text.end - p > 17) return false;
    uint64_t digits = 0;
    int places = 0;
    bool is_fraction = false;
    for (; p < text.end; p++) {
        if (is_digit(*p)) {
            digits = digits * 10 + (*p - '0');
            places += is_fraction;
        } else if (*p == '.') {
            is_fraction = true;
        } else {
            return false;
        }
    }
    if (digits > (1ull << 53)) return false;
    double value = static_cast<double>(digits) / powers[places];
    result = is_negative ? -value : value;
    return true;
}

template <class Float> bool read_floating(Text text, Float &result) {
    auto *begin = reinterpret_cast<const char *>(text.begin);
    auto *end = reinterpret_cast<const char *>(text.end);
    auto answer = std::from_chars(begin, end, result);
    if (answer.ec == std::errc()) return answer.ptr == end;
    if (answer.ec != std::errc::result_out_of_range) return false;
    // Too small rounds to zero or nearly so; too large is a misfit.
    std::string copy(begin, end);
    if constexpr (sizeof(Float) == sizeof(float)) {
        result = std::strtof(copy.c_str(), nullptr);
    } else {
        result = std::strtod(copy.c_str(), nullptr);
    }
    return !std::isinf(result);
}

bool two_digits(const uint8_t *p, int &value) {
    if (!is_digit(p[0]) || !is_digit(p[1])) return false;
    value = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int32_t days_from_civil(int year, int month, int day) {
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

bool read_day(const uint8_t *p, int32_t &days) {
    int century, year, month, day;
    if (!two_digits(p, century) || !two_digits(p + 2, year) || p[4] != '-' || !two_digits(p + 5, month) ||
        p[7] != '-' || !two_digits(p + 8, day)) {
        return false;
    }
    year += century * 100;
    if (month < 1 || month > 12 || day < 1) return false;
    constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > lengths[month - 1] + (month == 2 && is_leap)) return false;
    days = days_from_civil(year, month, day);
    return true;
}

} // namespace

bool read_double(Text text, double &result) { return read_simple(text, result) || read_floating(text, result); }

bool read_float(Text text, float &result) { return read_floating(text, result); }

bool read_date(Text text, int32_t &days) { return text.size() == 10 && read_day(text.begin, days); }

bool read_timestamp(Text text, int64_t &microseconds) {
    const uint8_t *p = text.begin;
    if (text.size() < 19) return false;
    int32_t days;
    int hour, minute, second;
    bool is_separated = p[10] == 'T' || p[10] == 't' || p[10] == ' ';
    if (!read_day(p, days) || !is_separated || !two_digits(p + 11, hour) || p[13] != ':' ||
        !two_digits(p + 14, minute) || p[16] != ':' || !two_digits(p + 17, second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    p += 19;
    int64_t fraction = 0;
    if (p < text.end && *p == '.') {
        p += 1;
        const uint8_t *start = p;
        int64_t place = 100'000;
        for (; p < text.end && is_digit(*p); p++) {
            fraction += (*p - '0') * place;
            place /= 10;
        }
        if (p == start) return false;
    }
    int64_t offset = 0;
    if (p < text.end) {
        if (*p == 'Z' || *p == 'z') {
            p += 1;
        } else {
            int hours, minutes;
            if ((*p != '+' && *p != '-') || text.end - p != 6 || !two_digits(p + 1, hours) || p[3] != ':' ||
                !two_digits(p + 4, minutes) || hours > 23 || minutes > 59) {
                return false;
            }
            offset = (hours * 60 + minutes) * (*p == '-' ? -60 : 60);
            p += 6;
        }
    }
    if (p != text.end) return false;
    int64_t seconds = static_cast<int64_t>(days) * 86400 + hour * 3600 + minute * 60 + second - offset;
    microseconds = seconds * 1'000'000 + fraction;
    return true;
}

bool read_uuid(Text text, uint8_t out[16]) {
    if (text.size() != 36) return false;
    int written = 0;
    for (int i = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.begin[i] != '-') return false;
            i += 1;
            continue;
        }
        int byte = 0;
        for (int half = 0; half < 2; half++, i++) {
            uint8_t c = text.begin[i];
            uint8_t lower = c | 0x20;
            int digit = is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
            if (digit < 0) return false;
            byte = byte << 4 | digit;
        }
        out[written++] = static_cast<uint8_t>(byte);
    }
    return true;
}

namespace {

struct Base64Values {
    int8_t of[256];
    constexpr Base64Values() : of() {
        for (int8_t &value : of) value = -1;
        const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int8_t i = 0; i < 64; i++) of[static_cast<uint8_t>(alphabet[i])] = i;
    }
};
constexpr Base64Values base64;

} // namespace

ptrdiff_t read_base64(Text text, uint8_t *out) {
    const uint8_t *end = text.end;
    while (end > text.begin && end[-1] == '=') end -= 1;
    size_t digits = static_cast<size_t>(end - text.begin);
    if (digits % 4 == 1 || text.end - end > 2) return -1;
    ptrdiff_t written = 0;
    uint32_t group = 0;
    int bits = 0;
    for (const uint8_t *p = text.begin; p < end; p++) {
        int value = base64.of[*p];
        if (value < 0) return -1;
        group = (group << 6 | static_cast<uint32_t>(value)) & 0xFFFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[written++] = static_cast<uint8_t>(group >> bits);
        }
    }
    return written;
}

} // namespace firn

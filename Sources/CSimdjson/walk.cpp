#include "walk.hpp"

namespace firn {

namespace {

int hex_value(uint8_t c) {
    if (is_digit(c)) return c - '0';
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Four hex digits, or -1.
int32_t hex_unit(const uint8_t *p, const uint8_t *end) {
    if (end - p < 4) return -1;
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

ptrdiff_t write_utf8(uint32_t scalar, uint8_t *to) {
    uint8_t unused[4];
    if (!to) to = unused;
    if (scalar < 0x80) {
        to[0] = static_cast<uint8_t>(scalar);
        return 1;
    }
    if (scalar < 0x800) {
        to[0] = static_cast<uint8_t>(0xC0 | scalar >> 6);
        to[1] = static_cast<uint8_t>(0x80 | (scalar & 63));
        return 2;
    }
    if (scalar < 0x10000) {
        to[0] = static_cast<uint8_t>(0xE0 | scalar >> 12);
        to[1] = static_cast<uint8_t>(0x80 | (scalar >> 6 & 63));
        to[2] = static_cast<uint8_t>(0x80 | (scalar & 63));
        return 3;
    }
    to[0] = static_cast<uint8_t>(0xF0 | scalar >> 18);
    to[1] = static_cast<uint8_t>(0x80 | (scalar >> 12 & 63));
    to[2] = static_cast<uint8_t>(0x80 | (scalar >> 6 & 63));
    to[3] = static_cast<uint8_t>(0x80 | (scalar & 63));
    return 4;
}

} // namespace

ptrdiff_t unescape(const uint8_t *from, const uint8_t *end, uint8_t *to) {
    ptrdiff_t written = 0;
    auto target = [&] { return to ? to + written : nullptr; };
    while (from < end) {
        const void *found = std::memchr(from, '\\', end - from);
        const uint8_t *run = found ? static_cast<const uint8_t *>(found) : end;
        if (to) std::memcpy(to + written, from, run - from);
        written += run - from;
        if (!found) break;
        from = run + 2;
        if (from > end) return -1;
        uint8_t plain = 0;
        switch (from[-1]) {
        case '"': case '\\': case '/': plain = from[-1]; break;
        case 'b': plain = 0x08; break;
        case 'f': plain = 0x0C; break;
        case 'n': plain = 0x0A; break;
        case 'r': plain = 0x0D; break;
        case 't': plain = 0x09; break;
        case 'u': {
            int32_t unit = hex_unit(from, end);
            if (unit < 0) return -1;
            from += 4;
            uint32_t scalar = static_cast<uint32_t>(unit);
            if (unit >= 0xD800 && unit < 0xE000) {
                if (unit >= 0xDC00 || end - from < 6 || from[0] != '\\' || from[1] != 'u') return -1;
                int32_t low = hex_unit(from + 2, end);
                if (low < 0xDC00 || low >= 0xE000) return -1;
                scalar = 0x10000 + (static_cast<uint32_t>(unit - 0xD800) << 10) + static_cast<uint32_t>(low - 0xDC00);
                from += 6;
            }
            written += write_utf8(scalar, target());
            continue;
        }
        default: return -1;
        }
        if (to) to[written] = plain;
        written += 1;
    }
    return written;
}

bool Walk::skip_value(int base) {
    // One byte a level: whether the open container is an object.
    bool is_object[FIRN_JSON_DEPTH_LIMIT + 2];
    int depth = base;

value:
    if (depth > FIRN_JSON_DEPTH_LIMIT) {
        stop = Stop::too_deep;
        return false;
    }
    switch (character()) {
    case '"':
        if (!skip_string()) return false;
        break;
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        if (!number_end(text + position())) return fail();
        at += 1;
        break;
    case 't':
        if (!skip_word("true", 4)) return false;
        break;
    case 'f':
        if (!skip_word("false", 5)) return false;
        break;
    case 'n':
        if (!skip_word("null", 4)) return false;
        break;
    case '{':
        at += 1;
        if (character() == '}') {
            at += 1;
            break;
        }
        is_object[depth] = true;
        goto member;
    case '[':
        at += 1;
        if (character() == ']') {
            at += 1;
            break;
        }
        is_object[depth] = false;
        depth += 1;
        goto value;
    default: return fail();
    }

after:
    if (depth == base) return true;
    if (is_object[depth - 1]) {
        if (character() == ',') {
            at += 1;
            depth -= 1;
            goto member;
        }
        if (!take('}')) return false;
    } else {
        if (character() == ',') {
            at += 1;
            goto value;
        }
        if (!take(']')) return false;
    }
    depth -= 1;
    goto after;

member:
    if (character() != '"') return fail();
    if (!skip_string() || !take(':')) return false;
    depth += 1;
    goto value;
}

bool EventWalk::begin(const Structure &structure, firn_json_framing framing) {
    start(structure);
    seen_ = 0;
    is_done_ = false;
    is_lines_ = framing == FIRN_JSON_LINES || (framing == FIRN_JSON_DETECT && character() != '[');
    is_array_ = !is_lines_ && character() == '[';
    if (is_lines_) return true;
    if (is_array_) {
        at += 1;
        return true;
    }
    return character() == '{' ? true : fail();
}

bool EventWalk::has_event() {
    if (stop != Stop::none || is_done_) return false;
    if (is_lines_) {
        if (is_end()) {
            is_done_ = true;
            return false;
        }
        return seen_ == 0 || has_line_break() ? true : fail();
    }
    if (is_array_) {
        bool is_first = seen_ == 0;
        if (character() == ']') {
            at += 1;
            is_done_ = true;
            if (!is_end()) fail();
            return false;
        }
        if (is_first) return is_end() ? fail() : true;
        return take(',');
    }
    if (seen_ == 0) return true;
    is_done_ = true;
    if (!is_end()) fail();
    return false;
}

} // namespace firn

#include "walk.hpp"

#include <new>

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

namespace {

/// Small enough that a window and its positions stay in the cache next to the core.
constexpr size_t window_bytes = 1 << 20;

/// The last place for a window's end up to `size`, or 0: before a comma or white space, preferably where an event ends.
size_t window_end(const uint8_t *text, size_t size) {
    constexpr size_t reach = 64 << 10;
    size_t first = size > reach ? size - reach : 1;
    for (size_t p = size; p >= first; p--) {
        if (text[p] == '\n') return p;
    }
    for (size_t p = size; p >= first; p--) {
        if (text[p] == ',' && (text[p - 1] == '}' || text[p - 1] == ']')) return p;
    }
    for (size_t p = size; p > 0; p--) {
        if (text[p] == ',' || characters.is_space[text[p]]) return p;
    }
    return 0;
}

/// The quote that opens the string in which the text ends.
size_t last_quote(const uint8_t *text, size_t size) {
    for (size_t p = size; p > 0; p--) {
        if (text[p - 1] != '"') continue;
        size_t q = p - 1;
        while (q > 0 && text[q - 1] == '\\') q -= 1;
        if ((p - 1 - q) % 2 == 0) return p - 1;
    }
    return 0;
}

} // namespace

firn_json_status EventWalk::load(size_t from, size_t wanted) {
    while (true) {
        const uint8_t *text = body_ + from;
        size_t left = body_length_ - from;
        size_t size = left <= wanted ? left : window_end(text, wanted);
        firn_json_status status = FIRN_JSON_OK;
        if (size > 0 || left == 0) {
            status = structure_->index(text, size);
            if (size < left && structure_->is_unclosed()) {
                size = last_quote(text, size);
                if (size > 0) status = structure_->index(text, size);
            }
        }
        if (size == 0 && left > 0) {
            wanted *= 2;
            continue;
        }
        if (status != FIRN_JSON_OK) return status;
        base_ = from;
        window_end_ = from + size;
        wanted_ = wanted;
        start(*structure_);
        if (count > 0 || is_last()) return FIRN_JSON_OK;
        // Nothing but white space.
        has_break_before_ |= std::memchr(text, '\n', size) != nullptr;
        from = window_end_;
        wanted = window_bytes;
    }
}

bool EventWalk::see_next() {
    if (at < count || is_last()) return true;
    has_break_before_ = false;
    for (size_t p = window_end_ - base_; p > 0 && characters.is_space[text[p - 1]]; p--) {
        has_break_before_ |= text[p - 1] == '\n';
    }
    firn_json_status status = load(window_end_, window_bytes);
    if (status == FIRN_JSON_NO_MEMORY) throw std::bad_alloc();
    return status == FIRN_JSON_OK ? true : fail();
}

bool EventWalk::reload() {
    if (stop != Stop::malformed || is_last()) return false;
    firn_json_status status = load(event_start_, event_start_ == base_ ? 2 * wanted_ : window_bytes);
    if (status == FIRN_JSON_NO_MEMORY) throw std::bad_alloc();
    return status == FIRN_JSON_OK ? true : fail();
}

firn_json_status EventWalk::begin(
    Structure &structure, const uint8_t *body, size_t length, firn_json_framing framing) {
    structure_ = &structure;
    body_ = body;
    body_length_ = length;
    seen_ = 0;
    is_done_ = false;
    // Nothing to read unless the body's beginning is good.
    stop = Stop::malformed;
    has_break_before_ = false;
    if (firn_json_status status = load(0, window_bytes)) return status;
    is_lines_ = framing == FIRN_JSON_LINES || (framing == FIRN_JSON_DETECT && character() != '[');
    is_array_ = !is_lines_ && character() == '[';
    if (is_array_) {
        at += 1;
    } else if (!is_lines_ && character() != '{') {
        fail();
        return FIRN_JSON_MALFORMED;
    }
    return FIRN_JSON_OK;
}

bool EventWalk::has_event() {
    if (stop != Stop::none || is_done_ || !see_next()) return false;
    if (is_lines_) {
        is_done_ = is_end();
        if (is_done_) return false;
        if (seen_ > 0 && !has_line_break()) return fail();
    } else if (is_array_) {
        if (character() == ']') {
            at += 1;
            is_done_ = true;
            if (see_next() && !is_end()) fail();
            return false;
        }
        if (seen_ > 0 && !(take(',') && see_next())) return false;
        if (is_end()) return fail();
    } else if (seen_ > 0) {
        is_done_ = true;
        if (!is_end()) fail();
        return false;
    }
    event_start_ = base_ + position();
    return true;
}

} // namespace firn

// The slow, exact twin of the walk: reads byte by byte and names the first fault with its place. Messages and places
// are those of JSONText's parser.
#include "walk.hpp"

namespace firn {

namespace {

/// Length of the UTF-8 sequence at `p`, or 0 when it is none.
size_t sequence_length(const uint8_t *p, size_t left) {
    uint8_t lead = p[0];
    if (lead < 0x80) return 1;
    size_t size = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
    if (size == 0 || size > left) return 0;
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    // Overlong forms, surrogates, and what lies past U+10FFFF.
    if (lead == 0xE0 && p[1] < 0xA0) return 0;
    if (lead == 0xED && p[1] >= 0xA0) return 0;
    if (lead == 0xF0 && p[1] < 0x90) return 0;
    if (lead == 0xF4 && p[1] >= 0x90) return 0;
    return size;
}

class Scan {
  public:
    Scan(const uint8_t *text, size_t length, firn_json_fault *fault) : text_(text), length_(length), fault_(fault) {}

    firn_json_status body(firn_json_framing framing) {
        skip_space();
        bool starts_array = byte() == '[';
        if (framing == FIRN_JSON_LINES || (framing == FIRN_JSON_DETECT && !starts_array)) {
            return lines(framing == FIRN_JSON_LINES);
        }
        if (!starts_array && byte() != '{') {
            return fault(at_ < length_ ? "the body should be an array or an object" : "the body is empty");
        }
        has_elements_ = starts_array;
        if (firn_json_status status = value(0)) return status;
        skip_space();
        return at_ < length_ ? fault("text after the value") : FIRN_JSON_OK;
    }

  private:
    const uint8_t *text_;
    size_t length_;
    size_t at_ = 0;
    firn_json_fault *fault_;
    /// A line break ends the value.
    bool is_line_ = false;
    /// The outermost array's elements are the events.
    bool has_elements_ = false;
    int64_t event_count_ = 0;

    /// 0 at the end: no rule accepts that byte.
    uint8_t byte() const { return at_ < length_ ? text_[at_] : 0; }

    firn_json_status fault(const char *message) {
        fault_->position = static_cast<int64_t>(at_);
        fault_->message = message;
        fault_->event = event_count_;
        return FIRN_JSON_MALFORMED;
    }

    void skip_space() {
        while (at_ < length_ && characters.is_space[text_[at_]] && !(is_line_ && text_[at_] == '\n')) at_ += 1;
    }

    firn_json_status missing(const char *message) {
        return fault(is_line_ && byte() == '\n' ? "the line ends inside the value" : message);
    }

    bool take(uint8_t expected) {
        if (at_ >= length_ || text_[at_] != expected) return false;
        at_ += 1;
        return true;
    }

    firn_json_status lines(bool are_whole) {
        for (bool is_first = true;; is_first = false) {
            size_t start = at_;
            skip_space();
            if (at_ >= length_) return FIRN_JSON_OK;
            if (!is_first && !std::memchr(text_ + start, '\n', at_ - start)) {
                return fault("a line break should stand between two events");
            }
            is_line_ = are_whole;
            if (firn_json_status status = value(0)) return status;
            is_line_ = false;
            event_count_ += 1;
        }
    }

    firn_json_status value(int depth) {
        if (depth > FIRN_JSON_DEPTH_LIMIT) {
            fault("the value nests too deep");
            return FIRN_JSON_TOO_DEEP;
        }
        skip_space();
        if (at_ >= length_) return fault("the text ends where a value should be");
        switch (text_[at_]) {
        case '{': return object(depth);
        case '[': return array(depth);
        case '"': return string();
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        default: break;
        }
        if (text_[at_] == '-' || is_digit(text_[at_])) return number();
        return missing("no value starts with this character");
    }

    firn_json_status object(int depth) {
        at_ += 1;
        skip_space();
        if (take('}')) return FIRN_JSON_OK;
        while (true) {
            skip_space();
            if (byte() != '"') return missing("a member name in quotes should stand here");
            if (firn_json_status status = string()) return status;
            skip_space();
            if (!take(':')) return missing("a colon should stand here");
            if (firn_json_status status = value(depth + 1)) return status;
            skip_space();
            if (take('}')) return FIRN_JSON_OK;
            if (!take(',')) return missing("a comma or closing brace should stand here");
        }
    }

    firn_json_status array(int depth) {
        at_ += 1;
        skip_space();
        if (take(']')) return FIRN_JSON_OK;
        while (true) {
            if (firn_json_status status = value(depth + 1)) return status;
            if (has_elements_ && depth == 0) event_count_ += 1;
            skip_space();
            if (take(']')) return FIRN_JSON_OK;
            if (!take(',')) return missing("a comma or closing bracket should stand here");
        }
    }

    bool digits() {
        size_t start = at_;
        while (is_digit(byte())) at_ += 1;
        return at_ > start;
    }

    firn_json_status number() {
        take('-');
        if (!take('0') && !digits()) return fault("a digit should stand here");
        if (take('.') && !digits()) return fault("a digit should follow the point");
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return fault("a digit should follow the exponent");
        }
        return FIRN_JSON_OK;
    }

    firn_json_status word(const char *expected) {
        size_t size = std::strlen(expected);
        if (length_ - at_ < size || std::memcmp(text_ + at_, expected, size) != 0) {
            return fault("no value starts with this character");
        }
        at_ += size;
        return FIRN_JSON_OK;
    }

    firn_json_status string() {
        at_ += 1;
        size_t start = at_;
        while (at_ < length_) {
            uint8_t c = text_[at_];
            if (c == '"') {
                for (size_t p = start; p < at_;) {
                    size_t size = sequence_length(text_ + p, at_ - p);
                    if (size == 0) {
                        at_ = start;
                        return fault("the string is not UTF-8");
                    }
                    p += size;
                }
                at_ += 1;
                return FIRN_JSON_OK;
            }
            if (c < 0x20) return fault("a control character in a string must be escaped");
            at_ += 1;
            if (c == '\\') {
                if (firn_json_status status = escape()) return status;
            }
        }
        return fault("the text ends inside a string");
    }

    firn_json_status escape() {
        if (at_ >= length_) return fault("the text ends inside a string");
        if (text_[at_] != 0 && std::strchr("\"\\/bfnrt", text_[at_])) {
            at_ += 1;
            return FIRN_JSON_OK;
        }
        if (text_[at_] != 'u') return fault("no escape has this letter");
        at_ += 1;
        int32_t unit = hex_unit();
        if (unit < 0) return fault("four hex digits should stand here");
        at_ += 4;
        if (unit < 0xD800 || unit >= 0xE000) return FIRN_JSON_OK;
        if (unit < 0xDC00 && length_ - at_ >= 2 && text_[at_] == '\\' && text_[at_ + 1] == 'u') {
            at_ += 2;
            int32_t low = hex_unit();
            if (low < 0) return fault("four hex digits should stand here");
            if (low >= 0xDC00 && low < 0xE000) {
                at_ += 4;
                return FIRN_JSON_OK;
            }
            at_ -= 2;
        }
        return fault("half of a surrogate pair");
    }

    int32_t hex_unit() const {
        if (length_ - at_ < 4) return -1;
        int32_t unit = 0;
        for (size_t i = 0; i < 4; i++) {
            uint8_t c = text_[at_ + i];
            uint8_t lower = c | 0x20;
            int digit = is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
            if (digit < 0) return -1;
            unit = unit << 4 | digit;
        }
        return unit;
    }
};

} // namespace

firn_json_status explain(const uint8_t *body, size_t length, firn_json_framing framing, firn_json_fault *fault) {
    Scan scan(body, length, fault);
    firn_json_status status = scan.body(framing);
    if (status != FIRN_JSON_OK) return status;
    fault->position = 0;
    fault->message = "the fast and the exact JSON reader disagree";
    return FIRN_JSON_DEFECT;
}

} // namespace firn

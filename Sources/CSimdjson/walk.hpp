// The walk over a body's structural characters: grammar, numbers, strings and depth in one pass.
#pragma once

#include "include/firn_json.h"

#include <cstddef>
#include <cstring>
#include <memory>

namespace firn {

/// simdjson's stage 1 over a padded copy of a body. Compiled in one place: the header is large.
class Structure {
  public:
    Structure();
    ~Structure();
    Structure(const Structure &) = delete;
    Structure &operator=(const Structure &) = delete;

    /// Copies and indexes a text. MALFORMED when stage 1 refuses it; an empty text has no positions.
    firn_json_status index(const uint8_t *text, size_t length);
    /// MALFORMED because the text ends inside a string.
    bool is_unclosed() const { return is_unclosed_; }
    /// Gives memory back when it holds more than `limit` bytes.
    void trim(size_t limit);

    const uint8_t *text() const { return text_.get(); }
    size_t length() const { return length_; }
    /// `count` positions, then two entries equal to the length.
    const uint32_t *positions() const { return positions_; }
    size_t count() const { return count_; }

    /// Readable bytes behind the text; all of them are spaces, so that a number at the end ends.
    static constexpr size_t padding = 64;

  private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
    std::unique_ptr<uint8_t[]> text_;
    size_t capacity_ = 0;
    size_t length_ = 0;
    const uint32_t *positions_ = nullptr;
    size_t count_ = 0;
    bool is_unclosed_ = false;
    uint32_t empty_[3] = {0, 0, 0};
};

struct CharacterClass {
    bool is_space[256] = {};
    bool ends_scalar[256] = {};
    constexpr CharacterClass() {
        for (unsigned char c : {' ', '\t', '\n', '\r'}) is_space[c] = ends_scalar[c] = true;
        for (unsigned char c : {',', ']', '}'}) ends_scalar[c] = true;
    }
};
inline constexpr CharacterClass characters;

inline bool is_digit(uint8_t c) { return static_cast<uint8_t>(c - '0') < 10; }

/// Reads escapes from `from` to `end` (the text between the quotes). Writes UTF-8 to `to` unless that is null.
/// Answers the bytes written, or -1 for a bad escape.
ptrdiff_t unescape(const uint8_t *from, const uint8_t *end, uint8_t *to);

/// Why a value stopped; turned into a message by `explain`.
enum class Stop { none, malformed, too_deep };

/// Moves over the structural positions. `at` never passes `count`: behind the last position the text holds a space,
/// which no rule accepts.
class Walk {
  public:
    const uint8_t *text = nullptr;
    const uint32_t *positions = nullptr;
    size_t at = 0;
    size_t count = 0;
    Stop stop = Stop::none;

    void start(const Structure &structure) {
        text = structure.text();
        positions = structure.positions();
        count = structure.count();
        length_ = structure.length();
        at = 0;
        stop = Stop::none;
        seek_backslash(0);
    }

    bool is_end() const { return at >= count; }
    uint32_t position() const { return positions[at]; }
    uint8_t character() const { return text[positions[at]]; }

    /// Takes one structural character.
    bool take(uint8_t expected) {
        if (character() != expected) return fail();
        at += 1;
        return true;
    }

    bool fail() {
        stop = Stop::malformed;
        return false;
    }

    /// The closing quote of the string that begins at the current position: between it and the next structural
    /// character there is only white space.
    uint32_t string_end() const {
        uint32_t end = positions[at + 1] - 1;
        while (text[end] != '"') end -= 1;
        return end;
    }

    bool has_escape(uint32_t end) const { return next_backslash_ < end; }

    /// Checks the escapes of the string at the current position and moves behind it.
    bool skip_string() {
        uint32_t end = string_end();
        if (has_escape(end)) {
            if (unescape(text + position() + 1, text + end, nullptr) < 0) return fail();
            seek_backslash(end);
        }
        at += 1;
        return true;
    }

    /// To be called after an escaped string was read.
    void seek_backslash(size_t from) {
        const void *found = std::memchr(text + from, '\\', length_ - from);
        next_backslash_ = found ? static_cast<const uint8_t *>(found) - text : length_;
    }

    /// The end of a number that follows the grammar and ends where a scalar may end; null otherwise.
    const uint8_t *number_end(const uint8_t *p) const {
        if (*p == '-') p += 1;
        if (*p == '0') {
            p += 1;
        } else {
            if (!is_digit(*p)) return nullptr;
            while (is_digit(*p)) p += 1;
        }
        if (*p == '.') {
            p += 1;
            if (!is_digit(*p)) return nullptr;
            while (is_digit(*p)) p += 1;
        }
        if (*p == 'e' || *p == 'E') {
            p += 1;
            if (*p == '+' || *p == '-') p += 1;
            if (!is_digit(*p)) return nullptr;
            while (is_digit(*p)) p += 1;
        }
        return characters.ends_scalar[*p] ? p : nullptr;
    }

    /// Moves over `true`, `false` or `null`.
    bool skip_word(const char *word, size_t size) {
        const uint8_t *p = text + position();
        if (std::memcmp(p, word, size) != 0 || !characters.ends_scalar[p[size]]) return fail();
        at += 1;
        return true;
    }

    /// Checks the value at the current position, whatever it is, and moves behind it.
    bool skip_value(int depth);

    /// Where the value that was just moved over ends: behind its last character.
    uint32_t value_end() const {
        uint32_t end = at < count ? positions[at] : static_cast<uint32_t>(length_);
        while (characters.is_space[text[end - 1]]) end -= 1;
        return end;
    }

  private:
    size_t next_backslash_ = 0;
    size_t length_ = 0;
};

/// Finds the events of a body one by one, with the structure of a window of it at a time: five bytes for each byte of
/// a body would be much.
///
///     [{"a":1},{"a":2}        ,{"a":"x,y"},{"a":       {"a":3},{"a":4}]
///     window                  window                   window: begins with the event that did not fit
///
/// A window ends between two tokens. Events are tried: one that fails in a window that is not the last is tried once more
/// in a window that begins with it, larger ones for an event that fits none.
class EventWalk : public Walk {
  public:
    /// Chooses the framing and moves to the first event. The body is read in each call up to `event_done`.
    firn_json_status begin(Structure &structure, const uint8_t *body, size_t length, firn_json_framing framing);
    /// The same body, if it was moved since.
    void moved(const uint8_t *body) { body_ = body; }
    /// False at the end of the events or after a fault; `stop` tells which.
    bool has_event();
    int depth() const { return is_array_ ? 1 : 0; }
    /// Whether the event that was just moved over holds a line break; none is inside a string.
    bool spans_lines() const {
        size_t start = event_start_ - base_;
        return std::memchr(text + start, '\n', value_end() - start) != nullptr;
    }
    /// To be called behind each event.
    void event_done() { seen_ += 1; }
    /// After an event that could not be read: true when it should be tried again, from its beginning.
    bool reload();
    /// Where a position of the window lies in the body.
    int64_t place(uint32_t position) const { return static_cast<int64_t>(base_ + position); }

  private:
    Structure *structure_ = nullptr;
    const uint8_t *body_ = nullptr;
    size_t body_length_ = 0;
    /// The window, in the body.
    size_t base_ = 0;
    size_t window_end_ = 0;
    /// The size that the window was asked for; its end is where one was found.
    size_t wanted_ = 0;
    size_t event_start_ = 0;
    /// A line break stands between the window and the last token before it.
    bool has_break_before_ = false;
    bool is_array_ = false;
    bool is_lines_ = false;
    bool is_done_ = false;
    size_t seen_ = 0;

    bool is_last() const { return window_end_ == body_length_; }
    firn_json_status load(size_t from, size_t wanted);
    /// Makes sure that a token follows, unless the body ends.
    bool see_next();
    /// Whether a line break stands before the token that follows.
    bool has_line_break() const {
        for (uint32_t p = positions[at]; p > 0 && characters.is_space[text[p - 1]]; p -= 1) {
            if (text[p - 1] == '\n') return true;
        }
        return at == 0 && has_break_before_;
    }
};

/// Says exactly why and where the body is no JSON, byte by byte; slow, for bodies already refused.
firn_json_status explain(const uint8_t *body, size_t length, firn_json_framing framing, firn_json_fault *fault);

} // namespace firn

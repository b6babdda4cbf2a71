#include "firn_re2.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>

// The largest compiled program of one expression, in bytes. A pattern that needs more is refused.
static constexpr int64_t maximumMemory = 16 << 20;
// Captures a caller can ask for without an allocation a call.
static constexpr int32_t inlineGroups = 16;

struct firn_re2 {
    re2::RE2 expression;
    firn_re2(re2::StringPiece pattern, const re2::RE2::Options &options) : expression(pattern, options) {}
};

static void copyMessage(const char *text, char *message, size_t capacity) {
    if (capacity == 0) return;
    size_t length = std::min(std::strlen(text), capacity - 1);
    std::memcpy(message, text, length);
    message[length] = 0;
}

static re2::StringPiece piece(const uint8_t *text, size_t length) {
    // RE2 tells a missing group from an empty one by a null pointer, so an empty text must not be null.
    static const char empty[1] = {0};
    return length == 0 ? re2::StringPiece(empty, 0)
                       : re2::StringPiece(reinterpret_cast<const char *>(text), length);
}

extern "C" firn_re2 *firn_re2_compile(
    const uint8_t *pattern, size_t length, uint32_t flags, char *message, size_t capacity) {
    try {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(maximumMemory);
        options.set_case_sensitive((flags & FIRN_RE2_IGNORE_CASE) == 0);
        options.set_dot_nl((flags & FIRN_RE2_DOT_ALL) != 0);
        options.set_literal((flags & FIRN_RE2_LITERAL) != 0);
        std::string text(reinterpret_cast<const char *>(length == 0 ? nullptr : pattern), length);
        if (flags & FIRN_RE2_MULTILINE) text = "(?m)" + text;
        auto made = std::make_unique<firn_re2>(text, options);
        if (!made->expression.ok()) {
            copyMessage(made->expression.error().c_str(), message, capacity);
            return nullptr;
        }
        return made.release();
    } catch (const std::exception &error) {
        copyMessage(error.what(), message, capacity);
    } catch (...) {
        copyMessage("unknown failure", message, capacity);
    }
    return nullptr;
}

extern "C" void firn_re2_free(firn_re2 *expression) { delete expression; }

extern "C" int32_t firn_re2_group_count(const firn_re2 *expression) {
    return expression->expression.NumberOfCapturingGroups();
}

extern "C" int32_t firn_re2_group_named(const firn_re2 *expression, const uint8_t *name, size_t length) {
    try {
        const auto &groups = expression->expression.NamedCapturingGroups();
        auto found = groups.find(std::string(reinterpret_cast<const char *>(name), length));
        return found == groups.end() ? -1 : found->second;
    } catch (...) {
        return -1;
    }
}

extern "C" int32_t firn_re2_matches(const firn_re2 *expression, const uint8_t *text, size_t length) {
    try {
        return expression->expression.Match(piece(text, length), 0, length, re2::RE2::UNANCHORED, nullptr, 0);
    } catch (...) {
        return -1;
    }
}

extern "C" int32_t firn_re2_find(
    const firn_re2 *expression, const uint8_t *text, size_t length, size_t start, int64_t *bounds, int32_t groups) {
    try {
        std::array<re2::StringPiece, inlineGroups + 1> few;
        std::unique_ptr<re2::StringPiece[]> many;
        re2::StringPiece *found = few.data();
        if (groups > inlineGroups) {
            many = std::make_unique<re2::StringPiece[]>(groups + 1);
            found = many.get();
        }
        re2::StringPiece whole = piece(text, length);
        if (!expression->expression.Match(whole, start, length, re2::RE2::UNANCHORED, found, groups + 1)) return 0;
        for (int32_t group = 0; group <= groups; group++) {
            bool tookPart = found[group].data() != nullptr;
            bounds[2 * group] = tookPart ? found[group].data() - whole.data() : -1;
            bounds[2 * group + 1] = tookPart ? bounds[2 * group] + int64_t(found[group].size()) : -1;
        }
        return 1;
    } catch (...) {
        return -1;
    }
}

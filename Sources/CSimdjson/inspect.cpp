#include "walk.hpp"

#include <new>

using namespace firn;

namespace {

/// What a thread keeps between two bodies.
constexpr size_t kept_bytes = 16 << 20;

firn_json_status inspect(
    Structure &structure, const uint8_t *body, size_t length, firn_json_framing framing, int64_t *event_count,
    firn_json_fault *fault) {
    EventWalk walk;
    firn_json_status status = walk.begin(structure, body, length, framing);
    if (status == FIRN_JSON_MALFORMED) return explain(body, length, framing, fault);
    if (status != FIRN_JSON_OK) return status;
    int64_t count = 0;
    while (walk.has_event()) {
        bool is_whole;
        do is_whole = walk.skip_value(walk.depth());
        while (!is_whole && walk.reload());
        if (!is_whole) break;
        if (framing == FIRN_JSON_LINES && walk.spans_lines()) {
            walk.fail();
            break;
        }
        walk.event_done();
        count += 1;
    }
    *event_count = count;
    return walk.stop == Stop::none ? FIRN_JSON_OK : explain(body, length, framing, fault);
}

} // namespace

extern "C" firn_json_status firn_json_inspect(
    const uint8_t *body, int64_t length, firn_json_framing framing, int64_t *event_count,
    firn_json_fault *fault) {
    *event_count = 0;
    *fault = {};
    if (length < 0 || length > FIRN_JSON_BODY_LIMIT) return FIRN_JSON_TOO_LARGE;
    try {
        thread_local Structure structure;
        firn_json_status status =
            inspect(structure, body, static_cast<size_t>(length), framing, event_count, fault);
        structure.trim(kept_bytes);
        return status;
    } catch (const std::bad_alloc &) {
        return FIRN_JSON_NO_MEMORY;
    } catch (...) {
        return FIRN_JSON_DEFECT;
    }
}

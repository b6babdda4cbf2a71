// The only file that sees simdjson's header.
#include "walk.hpp"

#include <new>
#include <simdjson.h>

namespace firn {

struct Structure::Implementation {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

Structure::Structure() : implementation_(std::make_unique<Implementation>()) {}
Structure::~Structure() = default;

firn_json_status Structure::index(const uint8_t *body, size_t length) {
    count_ = 0;
    length_ = length;
    is_unclosed_ = false;
    if (length > static_cast<size_t>(FIRN_JSON_BODY_LIMIT)) return FIRN_JSON_TOO_LARGE;
    if (length > capacity_ || !text_) {
        // Grown by half again, so that bodies that grow slowly do not allocate each time.
        size_t capacity = length + length / 2 + 1024;
        capacity_ = 0;
        text_.reset(new (std::nothrow) uint8_t[capacity + padding]);
        if (!text_) return FIRN_JSON_NO_MEMORY;
        auto &parser = implementation_->parser;
        simdjson::error_code error =
            parser ? parser->set_capacity(capacity)
                   : simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser);
        if (error) return FIRN_JSON_NO_MEMORY;
        capacity_ = capacity;
    }
    if (length > 0) std::memcpy(text_.get(), body, length);
    std::memset(text_.get() + length, ' ', padding);
    simdjson::error_code error = length == 0
        ? simdjson::EMPTY
        : implementation_->parser->stage1(text_.get(), length, simdjson::stage1_mode::regular);
    if (error == simdjson::EMPTY) {
        // Nothing but white space: no positions, and the sentinels.
        empty_[0] = empty_[1] = static_cast<uint32_t>(length);
        positions_ = empty_;
        return FIRN_JSON_OK;
    }
    if (error == simdjson::MEMALLOC) return FIRN_JSON_NO_MEMORY;
    is_unclosed_ = error == simdjson::UNCLOSED_STRING;
    if (error) return FIRN_JSON_MALFORMED;
    auto &parser = *implementation_->parser;
    count_ = parser.n_structural_indexes;
    // simdjson leaves sentinels behind the positions; written again because the walk depends on them. It allocates
    // a block more than the capacity.
    parser.structural_indexes[count_] = static_cast<uint32_t>(length);
    parser.structural_indexes[count_ + 1] = static_cast<uint32_t>(length);
    positions_ = parser.structural_indexes.get();
    return FIRN_JSON_OK;
}

void Structure::trim(size_t limit) {
    // Five bytes a byte of text: the copy and a position of 32 bits.
    if (capacity_ * 5 <= limit) return;
    text_.reset();
    implementation_->parser.reset();
    capacity_ = 0;
    count_ = 0;
}

} // namespace firn

extern "C" const char *firn_json_kernel(void) {
    static const std::string name = simdjson::get_active_implementation()->name();
    return name.c_str();
}

#include "firn_toml.h"

#include <cstring>
#include <exception>
#include <string>
#include <toml++/toml.h>

namespace {

void walk(const toml::table &table, const std::string &prefix, void *context, firn_toml_visit visit) {
    for (auto &&[name, node] : table) {
        std::string key = prefix + std::string(name.str());
        uint32_t line = node.source().begin.line;
        if (auto inner = node.as_table()) {
            walk(*inner, key + ".", context, visit);
        } else if (auto text = node.as_string()) {
            visit(context, key.c_str(), FIRN_TOML_STRING, text->get().c_str(), line);
        } else if (auto number = node.as_integer()) {
            visit(context, key.c_str(), FIRN_TOML_INTEGER, std::to_string(number->get()).c_str(), line);
        } else if (auto flag = node.as_boolean()) {
            visit(context, key.c_str(), FIRN_TOML_BOOLEAN, flag->get() ? "true" : "false", line);
        } else {
            visit(context, key.c_str(), FIRN_TOML_OTHER, "", line);
        }
    }
}

void say(std::string_view text, char *reason, size_t capacity) {
    size_t count = std::min(text.size(), capacity - 1);
    std::memcpy(reason, text.data(), count);
    reason[count] = 0;
}

}  // namespace

bool firn_toml_read(
    const char *bytes, size_t count, void *context, firn_toml_visit visit, char *reason, size_t reason_capacity,
    uint32_t *line, uint32_t *column) {
    *line = 0;
    *column = 0;
    try {
        walk(toml::parse(std::string_view(bytes, count)), "", context, visit);
        return true;
    } catch (const toml::parse_error &error) {
        say(error.description(), reason, reason_capacity);
        *line = error.source().begin.line;
        *column = error.source().begin.column;
    } catch (const std::exception &error) {
        say(error.what(), reason, reason_capacity);
    }
    return false;
}

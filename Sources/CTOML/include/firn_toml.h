// Reads a TOML document as a flat list of its values, over toml++.
#ifndef FIRN_TOML_H
#define FIRN_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { FIRN_TOML_STRING, FIRN_TOML_INTEGER, FIRN_TOML_BOOLEAN, FIRN_TOML_OTHER } firn_toml_kind;

// `key` is the whole path, its parts joined by dots; `text` is the value as text, empty for kinds that no setting has
// (arrays, dates, floats). Both end with a zero and are valid during the call.
typedef void (*firn_toml_visit)(
    void *context, const char *key, firn_toml_kind kind, const char *text, uint32_t line);

// False with what is wrong, as text that ends with a zero, and where.
bool firn_toml_read(
    const char *bytes, size_t count, void *context, firn_toml_visit visit, char *reason, size_t reason_capacity,
    uint32_t *line, uint32_t *column);

#ifdef __cplusplus
}
#endif

#endif

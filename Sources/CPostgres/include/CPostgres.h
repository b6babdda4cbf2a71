#ifndef FIRN_CPOSTGRES_H
#define FIRN_CPOSTGRES_H

// The part of libpq that Firn uses, without its types and without variable-length arrays of pointers. Nothing here is
// thread-safe but for different connections.

#include <stdint.h>

typedef struct firn_pg_connection firn_pg_connection;
typedef struct firn_pg_result firn_pg_result;

enum firn_pg_transaction_state {
    FIRN_PG_IDLE = 0,
    FIRN_PG_OPEN = 1,
    // A statement failed; only a rollback, whole or to a savepoint, is possible.
    FIRN_PG_FAILED = 2,
    // The connection is gone.
    FIRN_PG_UNKNOWN = 3
};

// Blocks until connected or refused. `url` is a URI or a list of `key=value`; what it leaves out has defaults fit for a
// server that must notice a dead network within seconds. Null only without memory.
firn_pg_connection *firn_pg_connect(const char *url);
void firn_pg_close(firn_pg_connection *connection);
int firn_pg_is_connected(const firn_pg_connection *connection);
int firn_pg_transaction_state(const firn_pg_connection *connection);
// What went wrong last with the connection; lives until the next call on it.
const char *firn_pg_message(const firn_pg_connection *connection);

// Results are never null but without memory, and are given back with firn_pg_free.

// Several statements with semicolons are one message to the server; the last one's result is given.
firn_pg_result *firn_pg_run(firn_pg_connection *connection, const char *sql);
firn_pg_result *firn_pg_prepare(firn_pg_connection *connection, const char *name, const char *sql);
// Parameter i is the bytes at starts[i], lengths[i] of them; binary[i] is 1 for raw bytes, 0 for text that a zero byte
// ends; a start below zero is null.
firn_pg_result *firn_pg_execute(
    firn_pg_connection *connection, const char *name, int32_t count, const char *bytes, const int64_t *starts,
    const int32_t *lengths, const int32_t *binary);
void firn_pg_free(firn_pg_result *result);

// 1 when the statement was done.
int firn_pg_succeeded(const firn_pg_result *result);
// Five characters, or "" where the server said nothing; strings live as long as the result.
const char *firn_pg_state(const firn_pg_result *result);
const char *firn_pg_reason(const firn_pg_result *result);
// What was done, such as "COMMIT" or "ROLLBACK".
const char *firn_pg_tag(const firn_pg_result *result);
int64_t firn_pg_changed(const firn_pg_result *result);
int32_t firn_pg_rows(const firn_pg_result *result);
int32_t firn_pg_columns(const firn_pg_result *result);
const char *firn_pg_column_name(const firn_pg_result *result, int32_t column);
uint32_t firn_pg_column_type(const firn_pg_result *result, int32_t column);
int firn_pg_is_null(const firn_pg_result *result, int32_t row, int32_t column);
// The field's text, which a zero byte follows.
const char *firn_pg_value(const firn_pg_result *result, int32_t row, int32_t column);
int32_t firn_pg_length(const firn_pg_result *result, int32_t row, int32_t column);

#endif

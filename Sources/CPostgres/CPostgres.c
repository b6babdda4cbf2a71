#include "CPostgres.h"

#include <postgresql/libpq-fe.h>
#include <stdlib.h>

static PGconn *connection_of(const firn_pg_connection *connection) { return (PGconn *)connection; }
static PGresult *result_of(const firn_pg_result *result) { return (PGresult *)result; }

// Notices would go to standard error otherwise.
static void ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

firn_pg_connection *firn_pg_connect(const char *url) {
    // Before `dbname` stands what the URL may say otherwise, after it what it may not.
    const char *names[] = {
        "application_name", "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "gssencmode", "dbname", "client_encoding", NULL};
    const char *values[] = {"firn", "5", "1", "10", "5", "3", "20000", "disable", url, "UTF8", NULL};
    PGconn *made = PQconnectdbParams(names, values, 1);
    if (made != NULL) PQsetNoticeReceiver(made, ignore_notice, NULL);
    return (firn_pg_connection *)made;
}

void firn_pg_close(firn_pg_connection *connection) { PQfinish(connection_of(connection)); }

int firn_pg_is_connected(const firn_pg_connection *connection) {
    return PQstatus(connection_of(connection)) == CONNECTION_OK;
}

int firn_pg_transaction_state(const firn_pg_connection *connection) {
    switch (PQtransactionStatus(connection_of(connection))) {
    case PQTRANS_IDLE: return FIRN_PG_IDLE;
    case PQTRANS_INTRANS:
    case PQTRANS_ACTIVE: return FIRN_PG_OPEN;
    case PQTRANS_INERROR: return FIRN_PG_FAILED;
    default: return FIRN_PG_UNKNOWN;
    }
}

const char *firn_pg_message(const firn_pg_connection *connection) {
    return PQerrorMessage(connection_of(connection));
}

firn_pg_result *firn_pg_run(firn_pg_connection *connection, const char *sql) {
    return (firn_pg_result *)PQexec(connection_of(connection), sql);
}

firn_pg_result *firn_pg_prepare(firn_pg_connection *connection, const char *name, const char *sql) {
    return (firn_pg_result *)PQprepare(connection_of(connection), name, sql, 0, NULL);
}

firn_pg_result *firn_pg_execute(
    firn_pg_connection *connection, const char *name, int32_t count, const char *bytes, const int64_t *starts,
    const int32_t *lengths, const int32_t *binary) {
    const char **values = NULL;
    if (count > 0) {
        values = calloc((size_t)count, sizeof *values);
        if (values == NULL) return NULL;
        for (int32_t index = 0; index < count; index++) {
            values[index] = starts[index] < 0 ? NULL : bytes + starts[index];
        }
    }
    PGresult *result = PQexecPrepared(connection_of(connection), name, count, values, lengths, binary, 0);
    free(values);
    return (firn_pg_result *)result;
}

void firn_pg_free(firn_pg_result *result) { PQclear(result_of(result)); }

int firn_pg_succeeded(const firn_pg_result *result) {
    ExecStatusType status = PQresultStatus(result_of(result));
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

const char *firn_pg_state(const firn_pg_result *result) {
    const char *state = PQresultErrorField(result_of(result), PG_DIAG_SQLSTATE);
    return state == NULL ? "" : state;
}

const char *firn_pg_reason(const firn_pg_result *result) {
    const char *text = PQresultErrorField(result_of(result), PG_DIAG_MESSAGE_PRIMARY);
    return text == NULL ? PQresultErrorMessage(result_of(result)) : text;
}

const char *firn_pg_tag(const firn_pg_result *result) { return PQcmdStatus(result_of(result)); }

int64_t firn_pg_changed(const firn_pg_result *result) { return strtoll(PQcmdTuples(result_of(result)), NULL, 10); }

int32_t firn_pg_rows(const firn_pg_result *result) { return PQntuples(result_of(result)); }

int32_t firn_pg_columns(const firn_pg_result *result) { return PQnfields(result_of(result)); }

const char *firn_pg_column_name(const firn_pg_result *result, int32_t column) {
    return PQfname(result_of(result), column);
}

uint32_t firn_pg_column_type(const firn_pg_result *result, int32_t column) {
    return PQftype(result_of(result), column);
}

int firn_pg_is_null(const firn_pg_result *result, int32_t row, int32_t column) {
    return PQgetisnull(result_of(result), row, column);
}

const char *firn_pg_value(const firn_pg_result *result, int32_t row, int32_t column) {
    return PQgetvalue(result_of(result), row, column);
}

int32_t firn_pg_length(const firn_pg_result *result, int32_t row, int32_t column) {
    return PQgetlength(result_of(result), row, column);
}

#ifndef FIRN_CSQLITE_H
#define FIRN_CSQLITE_H

#include <sqlite3.h>

// Casts that Swift cannot spell: SQLITE_TRANSIENT is -1 as a function pointer. Both copy `bytes` before they return.
int firn_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count);
int firn_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count);

// `sqlite3_db_config` takes variable arguments, which Swift cannot call. Refuses changes to the schema table by SQL.
int firn_sqlite_set_defensive(sqlite3 *database);

#endif

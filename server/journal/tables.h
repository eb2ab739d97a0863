/* The tables of the journal and the way from each version of them to the next. */
#ifndef TENTERHOOK_SERVER_JOURNAL_TABLES_H
#define TENTERHOOK_SERVER_JOURNAL_TABLES_H

#include "server/journal/sqlite.h"

enum { JOURNAL_VERSION = 7, JOURNAL_APPLICATION = 0x74686f6b /* "thok" */ };

/* The numbers of an event's deliveries, in SQL: all of them, those of its actions, and those that
 * tell of its failure, which follow (JOURNAL_TELLER_FIRST). Longer statements use them through a
 * name without arguments, beside which the formatter keeps their lines. */
#define DELIVERIES_OF(event) " BETWEEN " event " * 256 AND " event " * 256 + 255"
#define OWN_DELIVERIES_OF(event) " BETWEEN " event " * 256 AND " event " * 256 + 253"
#define TELLERS_OF(event) " BETWEEN " event " * 256 + 254 AND " event " * 256 + 255"
#define IS_OWN(delivery) "(" delivery " & 255) < 254"

/* One step: what makes a journal of version `to` - 1 one of version `to`. */
struct migration {
    int64_t to;
    const char *sql;
};

/* Brings the open file to the version of the last step, each step in a transaction of its own: a
 * step that is cut off is made again. Refuses a file that is newer or not a journal. */
bool journal_migrate(struct sqlite *db, const struct migration *steps, size_t count,
                     struct error *err);

/* The settings of a connection that writes, then journal_migrate with our own steps. `*is_new`:
 * there was nothing in the file. */
bool journal_prepare(struct sqlite *db, bool *is_new, struct error *err);

/* Whether a connection that only reads understands what it sees. */
bool journal_check_version(struct sqlite *db, struct error *err);
/* The same of a file for a server, which brings an older version to its own. */
bool journal_check_older(struct sqlite *db, struct error *err);

/* The 16 bytes by which this journal is told from others. False on failure, and where it has none.
 */
bool journal_read_identity(struct sqlite *db, uint8_t identity[16]);

#endif

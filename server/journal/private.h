/* What the files of the journal share, and nobody else includes. */
#ifndef TENTERHOOK_SERVER_JOURNAL_PRIVATE_H
#define TENTERHOOK_SERVER_JOURNAL_PRIVATE_H

#include "server/journal/journal.h"

struct journal {
    struct sqlite db;
    const struct journal_settings *settings;
    bool is_new;
    unsigned tended_pages; /* in the log, when we copied it last */
    bool was_cut;          /* its log, of what had been acknowledged; until it is open again */
    int64_t data_version;  /* of SQLite: moves when another connection has committed */
    int64_t event_added;   /* the newest in the transaction under way; 0: none */
    int64_t last_event;    /* the newest that we have committed; 0: none */
    char added_id[ID_TEXT_SIZE], last_id[ID_TEXT_SIZE];
};

enum journal_sql {
    SQL_ADD_EVENT,
    SQL_ADD_BODY,
    SQL_ADD_DELIVERY,
    SQL_ADD_RUNNING,
    SQL_ADD_DEAD,
    SQL_FIND_ACTION,
    SQL_ADD_ACTION,
    SQL_READ_ACTIONS,
    SQL_EVENT_KEY,
    SQL_READ_KNOWN,
    SQL_SAME_CONTENT,
    SQL_RERUN,
    SQL_COUNT_RERUN,
    SQL_READ_KEYS,
    SQL_EVENT_ID,
    SQL_LEARN,
    SQL_READ_LEARNED,
    SQL_FIND_PENDING,
    SQL_NEXT_OPEN,
    SQL_CLAIM,
    SQL_READ_DELIVERY,
    SQL_LOST,
    SQL_FINISH,
    SQL_COUNT_STOP,
    SQL_PUT_OUTPUT,
    SQL_READ_RUNNING,
    SQL_READ_LEFT,
    SQL_TAKE_OVER,
    SQL_READ_DEATH,
    SQL_ABANDON,
    SQL_READ_HORIZON,
    SQL_PUT_HORIZON,
    SQL_PRUNE_LOOK,
    SQL_PRUNE_OUTPUTS,
    SQL_PRUNE_DELIVERIES,
    SQL_PRUNE_BODY,
    SQL_PRUNE_EVENT,
    SQL_DATA_VERSION,
    SQL_COUNT
};

_Static_assert((int)SQL_COUNT <= (int)SQLITE_STATEMENTS_MAX, "room for every statement");

/* Numbers that stand in the statements as text. */
#define JOURNAL_TAKEOVERS_MAX "10"
#define JOURNAL_STOPS_MAX "3"
#define JOURNAL_PRUNE_STEP "100"

extern const char *const journal_sql[SQL_COUNT];

#endif

/* What docs/journal-format.md describes. Reasons that shape the tables:
 *
 * - The body stands apart from the event, and the tails of outputs from the delivery: rows that are
 *   updated or listed stay small.
 * - A delivery's number is made of its event's number and its place among the route's actions, so
 *   that the deliveries of an event are found, and come in order, without an index.
 * - Only what waits or runs is in an index; it holds a few bytes a row and does not grow with
 *   history. It does not hold the state: a claim leaves it alone.
 * - Dedupe keys have no index (the runner keeps them in memory).
 * - Ids rise with time, so their index is only ever appended to. */
#include "server/journal/tables.h"

#include "base/encoding.h"

#include <stdio.h>

static const char version_1[] =
    "CREATE TABLE event ("
    "  seq INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL,"
    "  route TEXT NOT NULL,"
    "  received_ms INTEGER NOT NULL,"
    "  client TEXT NOT NULL,"
    "  type TEXT NOT NULL,"
    "  delivery_id TEXT NOT NULL,"
    "  content_type TEXT NOT NULL,"
    "  is_json INTEGER NOT NULL,"
    "  size INTEGER NOT NULL,"
    "  dedupe_key BLOB"
    ") STRICT;"
    "CREATE UNIQUE INDEX event_id ON event (id);"
    "CREATE TABLE body ("
    "  event INTEGER PRIMARY KEY,"
    "  headers TEXT NOT NULL,"
    "  content BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE action ("
    "  number INTEGER PRIMARY KEY,"
    "  route TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  UNIQUE (route, name)"
    ") STRICT;"
    "CREATE TABLE delivery ("
    "  seq INTEGER PRIMARY KEY,"
    "  event INTEGER GENERATED ALWAYS AS (seq >> 8) VIRTUAL,"
    "  action INTEGER NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'dead')),"
    "  due_ms INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL,"
    "  takeovers INTEGER NOT NULL,"
    "  runner INTEGER,"
    "  started_ms INTEGER,"
    "  ended_ms INTEGER,"
    "  duration_ms INTEGER,"
    "  exit_status INTEGER,"
    "  signal INTEGER,"
    "  reason TEXT"
    ") STRICT;"
    "CREATE INDEX delivery_open ON delivery (action) WHERE state IN ('pending', 'running');"
    "CREATE TABLE output ("
    "  delivery INTEGER PRIMARY KEY,"
    "  output_total INTEGER NOT NULL,"
    "  error_total INTEGER NOT NULL,"
    "  output BLOB NOT NULL,"
    "  error_output BLOB NOT NULL"
    ") STRICT;";

static const char version_2[] = "ALTER TABLE event ADD COLUMN failures TEXT;"
                                "CREATE TABLE learned ("
                                "  route TEXT NOT NULL,"
                                "  provider TEXT NOT NULL,"
                                "  key BLOB NOT NULL,"
                                "  learned_ms INTEGER NOT NULL,"
                                "  PRIMARY KEY (route, provider)"
                                ") STRICT;";

static const char version_3[] = "CREATE TABLE horizon ("
                                "  one INTEGER PRIMARY KEY CHECK (one = 1),"
                                "  now_ms INTEGER NOT NULL"
                                ") STRICT;";

/* What was given up before is known by its reason, which has been the same in all versions. */
static const char version_4[] =
    "ALTER TABLE event ADD COLUMN reruns INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE delivery ADD COLUMN stops INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE delivery ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;"
    "UPDATE delivery SET given_up = 1"
    " WHERE state = 'dead' AND takeovers >= 10 AND reason GLOB 'given up: *';";

/* The parameters and segments go with the body, and like it may be gone before the event is. */
static const char version_5[] = "ALTER TABLE event ADD COLUMN method TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE event ADD COLUMN host TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE event ADD COLUMN path TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE event ADD COLUMN title TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE body ADD COLUMN params TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE body ADD COLUMN query TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE body ADD COLUMN json_field TEXT NOT NULL DEFAULT '';";

static const char version_6[] = "ALTER TABLE body ADD COLUMN payload BLOB;";

/* What is rare stands at the end of a row, and in indexes that hold nothing of ordinary rows. A
 * state that the old table did not allow needs a new one. */
static const char version_7[] =
    "CREATE TABLE delivery_7 ("
    "  seq INTEGER PRIMARY KEY,"
    "  event INTEGER GENERATED ALWAYS AS (seq >> 8) VIRTUAL,"
    "  action INTEGER NOT NULL,"
    "  state TEXT NOT NULL CHECK"
    "    (state IN ('pending', 'running', 'done', 'dead', 'superseded')),"
    "  due_ms INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL,"
    "  takeovers INTEGER NOT NULL,"
    "  runner INTEGER,"
    "  started_ms INTEGER,"
    "  ended_ms INTEGER,"
    "  duration_ms INTEGER,"
    "  exit_status INTEGER,"
    "  signal INTEGER,"
    "  reason TEXT,"
    "  stops INTEGER NOT NULL DEFAULT 0,"
    "  given_up INTEGER NOT NULL DEFAULT 0,"
    "  key INTEGER NOT NULL DEFAULT 0,"
    "  failures INTEGER NOT NULL DEFAULT 0,"
    "  replays INTEGER NOT NULL DEFAULT 0,"
    "  alone INTEGER NOT NULL DEFAULT 0,"
    "  wait_ms INTEGER,"
    "  fold INTEGER,"
    "  since_ms INTEGER,"
    "  superseded_by TEXT"
    ") STRICT;"
    "INSERT INTO delivery_7 (seq, action, state, due_ms, attempt, takeovers, runner, started_ms,"
    "  ended_ms, duration_ms, exit_status, signal, reason, stops, given_up)"
    " SELECT seq, action, state, due_ms, attempt, takeovers, runner, started_ms, ended_ms,"
    "  duration_ms, exit_status, signal, reason, stops, given_up FROM delivery;"
    "DROP TABLE delivery;"
    "ALTER TABLE delivery_7 RENAME TO delivery;"
    "CREATE INDEX delivery_open ON delivery (action) WHERE state IN ('pending', 'running');"
    "CREATE INDEX delivery_keyed ON delivery (action, key)"
    "  WHERE key <> 0 AND state IN ('pending', 'running');"
    "CREATE INDEX delivery_due ON delivery (due_ms) WHERE due_ms > 0 AND state = 'pending';"
    "CREATE INDEX delivery_fold ON delivery (action, fold)"
    "  WHERE fold IS NOT NULL AND state = 'pending';"
    "CREATE INDEX delivery_dead ON delivery (action) WHERE state = 'dead';"
    "CREATE TABLE attempt ("
    "  delivery INTEGER NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  started_ms INTEGER,"
    "  ended_ms INTEGER,"
    "  duration_ms INTEGER,"
    "  exit_status INTEGER,"
    "  signal INTEGER,"
    "  reason TEXT,"
    "  output_total INTEGER NOT NULL DEFAULT 0,"
    "  error_total INTEGER NOT NULL DEFAULT 0,"
    "  output BLOB,"
    "  error_output BLOB,"
    "  PRIMARY KEY (delivery, number)"
    ") STRICT;"
    "CREATE TABLE route ("
    "  name TEXT PRIMARY KEY,"
    "  paused_ms INTEGER,"
    "  paused_why TEXT,"
    "  deaths INTEGER NOT NULL DEFAULT 0,"
    "  told_ms INTEGER,"
    "  untold INTEGER NOT NULL DEFAULT 0,"
    "  event_ms INTEGER,"
    "  silence_told_ms INTEGER,"
    "  refusal_told_ms INTEGER"
    ") STRICT;"
    "CREATE TABLE removed ("
    "  first INTEGER PRIMARY KEY,"
    "  last INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO removed WITH present (seq, before) AS"
    "  (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) FROM event)"
    "  SELECT before + 1, seq - 1 FROM present WHERE seq > before + 1;"
    "ALTER TABLE horizon ADD COLUMN due_offset_ms INTEGER NOT NULL DEFAULT 0;"
    "INSERT OR IGNORE INTO learned (route, provider, key, learned_ms)"
    " VALUES ('', 'journal', randomblob(16), 0);";

static const struct migration own_steps[] = {{1, version_1}, {2, version_2}, {3, version_3},
                                             {4, version_4}, {5, version_5}, {6, version_6},
                                             {7, version_7}};

_Static_assert(sizeof own_steps / sizeof *own_steps == JOURNAL_VERSION, "a step for each version");

static bool check_application(struct sqlite *db, int64_t version, struct error *err)
{
    int64_t application, tables;
    if (!sqlite_read_number(db, "PRAGMA application_id", &application) ||
        !sqlite_read_number(db, "SELECT count(*) FROM sqlite_schema", &tables))
        return sqlite_explain(db, err);
    if (application == JOURNAL_APPLICATION || (version == 0 && tables == 0))
        return true;
    return error_set(err, "this database is not a journal of tenterhook");
}

static bool check_version(struct sqlite *db, int64_t newest, int64_t *version, struct error *err)
{
    if (!sqlite_read_number(db, "PRAGMA user_version", version))
        return sqlite_explain(db, err);
    if (*version > newest)
        return error_set(err,
                         "the journal has version %lld and this tenterhook knows version %lld at "
                         "most: it was written by a newer one",
                         (long long)*version, (long long)newest);
    return check_application(db, *version, err);
}

static bool migrate_step(struct sqlite *db, const struct migration *step, struct error *err)
{
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
             JOURNAL_APPLICATION, (long long)step->to);
    int64_t version = -1;
    if (!sqlite_begin(db))
        return sqlite_explain(db, err);
    bool done = sqlite_read_number(db, "PRAGMA user_version", &version) &&
                version == step->to - 1 && sqlite_run(db, step->sql) && sqlite_run(db, mark);
    if (done && sqlite_commit(db))
        return true;
    sqlite_explain(db, err);
    if (!done)
        sqlite_rollback(db);
    return error_prefix(err, "cannot bring the journal to version %lld", (long long)step->to);
}

bool journal_migrate(struct sqlite *db, const struct migration *steps, size_t count,
                     struct error *err)
{
    int64_t version, newest = count ? steps[count - 1].to : 0;
    if (!check_version(db, newest, &version, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (steps[i].to > version && !migrate_step(db, &steps[i], err))
            return false;
    return true;
}

/* Only before the first table: on one that exists it does nothing but take the write lock. */
static const char new_settings[] = "PRAGMA auto_vacuum = INCREMENTAL;";
static const char write_settings[] = "PRAGMA journal_mode = WAL;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA cache_size = -16384;"
                                     "PRAGMA journal_size_limit = 67108864;"
                                     "PRAGMA secure_delete = FAST;"
                                     "PRAGMA trusted_schema = OFF;";

bool journal_prepare(struct sqlite *db, bool *is_new, struct error *err)
{
    int64_t version;
    char mode[16];
    /* looked at first: a database of somebody else is not to be changed at all */
    if (!check_version(db, JOURNAL_VERSION, &version, err))
        return false;
    if ((version == 0 && !sqlite_run(db, new_settings)) || !sqlite_run(db, write_settings) ||
        !sqlite_read_text(db, "PRAGMA journal_mode", mode, sizeof mode))
        return sqlite_explain(db, err);
    if (strcmp(mode, "wal") != 0)
        return error_set(err, "the file system does not allow write-ahead logging");
    *is_new = version == 0;
    return journal_migrate(db, own_steps, JOURNAL_VERSION, err);
}

static bool check_known_version(struct sqlite *db, int64_t *version, struct error *err)
{
    if (!check_version(db, JOURNAL_VERSION, version, err))
        return false;
    return *version > 0 || error_set(err, "the journal is empty");
}

bool journal_check_older(struct sqlite *db, struct error *err)
{
    int64_t version;
    return check_known_version(db, &version, err);
}

bool journal_check_version(struct sqlite *db, struct error *err)
{
    int64_t version;
    if (!check_known_version(db, &version, err))
        return false;
    return version == JOURNAL_VERSION ||
           error_set(err,
                     "the journal has version %lld; start the server once, which brings it to "
                     "version %d",
                     (long long)version, JOURNAL_VERSION);
}

bool journal_read_identity(struct sqlite *db, uint8_t identity[16])
{
    static const char sql[] = "SELECT ifnull((SELECT hex(key) FROM learned"
                              " WHERE route = '' AND provider = 'journal'), '')";
    char text[64];
    size_t length;
    return sqlite_read_text(db, sql, text, sizeof text) &&
           hex_decode(bytes_of_text(text), identity, 16, &length) && length == 16;
}

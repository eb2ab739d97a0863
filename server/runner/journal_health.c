/* A failing commit is answered by refusing everything until one that proves the opposite: once a
 * second a transaction of no content is tried, after an I/O error on a journal that was opened
 * anew. So the state clears by itself, without a restart, when the space or the disk is back.
 *
 * Another process that holds the write lock (a backup, a person with sqlite3) is waited for, but
 * not inside SQLite, where the loop would stand still: the turn is put off until the lock is free
 * or two seconds are over. */
#include "server/runner/journal_health.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define BUSY_PATIENCE_NS (2 * NS_PER_S)
#define BUSY_PAUSE_NS (20 * NS_PER_MS)
#define SETTLE_NS (2 * NS_PER_S)

/* What is done about each status, how often, and when callers should come again. */
static const struct {
    const char *word;
    int64_t retry_ns;
    unsigned retry_after_s;
} rows[] = {
    [STORE_OK] = {"ok", 0, 1},
    [STORE_BUSY] = {"busy", 200 * NS_PER_MS, 2},
    [STORE_FULL] = {"full", NS_PER_S, 10},
    [STORE_BROKEN] = {"broken", NS_PER_S, 10},
    [STORE_FAILED] = {"failed", NS_PER_S, 5},
};

enum { SPACE_RETRY_AFTER_S = 30 };
enum { ROOM_PAGES = 2, ROOM_AGAIN = 1 << 20 };

static void latch(struct store *store, enum store_status status, const char *reason)
{
    int64_t now = clock_monotonic_ns();
    if (store->said != status) {
        log_write(LOG_JOURNAL_REFUSES, log_text("state", rows[status].word),
                  log_text("reason", reason));
        store->since_ns = now;
        store->said = status;
    }
    store->status = status;
    loop_timer_set(store->loop, &store->retry, now + rows[status].retry_ns);
}

static void latch_failure(struct store *store, enum store_status status)
{
    struct error why = {""};
    journal_explain(store->journal, &why);
    latch(store, status, why.text);
}

/* Room for one page is not yet room for what waits: the log hears of it when it has lasted. */
static void unlatch(struct store *store)
{
    store->status = STORE_OK;
    store->busy_since_ns = 0;
    store->settles_ns = clock_monotonic_ns() + SETTLE_NS;
    loop_timer_set(store->loop, &store->retry, store->settles_ns);
}

static void say_unlatched(struct store *store)
{
    int64_t now = clock_monotonic_ns();
    if (store->said == STORE_OK)
        return;
    if (now < store->settles_ns) { /* the timer served for something else in between */
        loop_timer_set(store->loop, &store->retry, store->settles_ns);
        return;
    }
    log_write(LOG_JOURNAL_ACCEPTS, log_text("after", rows[store->said].word),
              log_number("ms", (now - store->since_ns - SETTLE_NS) / NS_PER_MS));
    store->said = STORE_OK;
    store->since_ns = now;
}

static void try_reopen(struct store *store)
{
    struct error why = {""};
    if (!journal_reopen(store->journal, &why))
        latch(store, STORE_BROKEN, why.text);
    else if (!store->reopened(store->owner))
        latch_failure(store, STORE_BROKEN);
    else
        unlatch(store);
}

static void retry_is_due(struct loop_timer *timer)
{
    struct store *store = timer->owner;
    if (store->status == STORE_OK) { /* or it was only to bring the next turn */
        say_unlatched(store);
        return;
    }
    if (store->status == STORE_BROKEN) {
        try_reopen(store);
        return;
    }
    if (store->status == STORE_FULL) /* a log that is copied is written from its beginning again */
        journal_copy_log(store->journal);
    enum store_status status = journal_probe(store->journal);
    if (status == STORE_OK)
        unlatch(store);
    else
        latch_failure(store, status);
}

void store_init(struct store *store, struct journal *journal, struct loop *loop,
                const struct journal_settings *settings, bool (*reopened)(void *owner), void *owner)
{
    *store = (struct store){.journal = journal,
                            .loop = loop,
                            .settings = settings,
                            .since_ns = clock_monotonic_ns(),
                            .reopened = reopened,
                            .owner = owner};
    loop_timer_init(&store->retry, retry_is_due, store);
}

void store_finish(struct store *store)
{
    loop_timer_remove(store->loop, &store->retry);
}

/* ---- a turn ---- */

/* Whether it is worth waiting on. */
static bool wait_for_lock(struct store *store)
{
    int64_t now = clock_monotonic_ns();
    if (store->busy_since_ns == 0)
        store->busy_since_ns = now;
    if (now - store->busy_since_ns > BUSY_PATIENCE_NS)
        return false;
    loop_timer_set(store->loop, &store->retry, now + BUSY_PAUSE_NS);
    return true;
}

enum store_turn store_begin(struct store *store)
{
    if (store->status != STORE_OK)
        return STORE_TURN_REFUSE;
    enum store_status status = journal_begin(store->journal);
    if (status == STORE_OK) {
        store->busy_since_ns = 0;
        return STORE_TURN_BEGUN;
    }
    if (status == STORE_BUSY && wait_for_lock(store)) {
        journal_forget_failure(store->journal); /* reads go on meanwhile */
        return STORE_TURN_WAIT;
    }
    latch_failure(store, status);
    return STORE_TURN_REFUSE;
}

bool store_commit(struct store *store)
{
    enum store_status status = journal_commit(store->journal);
    if (status != STORE_OK)
        latch_failure(store, status);
    return status == STORE_OK;
}

void store_fail(struct store *store)
{
    enum store_status status = journal_status(store->journal);
    if (status != STORE_OK)
        latch_failure(store, status);
}

/* ---- space ---- */

/* A path may hold no slash: the file is then in the working directory. */
static bool free_bytes(const char *path, int64_t *bytes)
{
    char directory[4096];
    struct statvfs what;
    const char *slash = strrchr(path, '/');
    int length = slash == path ? 1 : slash ? (int)(slash - path) : 1;
    snprintf(directory, sizeof directory, "%.*s", length, slash ? path : ".");
    if (statvfs(directory, &what) != 0)
        return false;
    *bytes = (int64_t)what.f_bavail * (int64_t)what.f_frsize;
    return true;
}

/* What the log holds has to be copied into the file, which may need as much room again. */
void store_look_at_space(struct store *store)
{
    int64_t log = (int64_t)journal_log_pages(store->journal) * DATABASE_PAGE, free = 0;
    int64_t floor = store->settings->min_free;
    /* what cannot be asked is found out by the commit */
    bool known = free_bytes(store->settings->path, &free);
    store->room = known ? free - log - floor : INT64_MAX;
    if (store->room < ROOM_AGAIN || !(store->low_space || store->no_outputs))
        return;
    log_write(LOG_SPACE_ENOUGH, log_number("free_bytes", free), log_number("min_free", floor));
    store->low_space = store->no_outputs = false;
}

static void say_no_room(struct store *store, enum room_for what)
{
    bool *said = what == ROOM_FOR_EVENTS ? &store->low_space : &store->no_outputs;
    if (*said)
        return;
    *said = true;
    log_write(LOG_SPACE_LOW, log_number("free_bytes", store->room + store->settings->min_free),
              log_number("min_free", store->settings->min_free),
              log_text("reason", what == ROOM_FOR_EVENTS ? "new events are refused"
                                                         : "outputs of commands are not kept"));
}

/* Once in the log, and once in the file; and the pages that it shares with others. */
static int64_t bytes_on_disk(size_t bytes)
{
    return 2 * ((int64_t)bytes + ROOM_PAGES * DATABASE_PAGE);
}

bool store_has_room(const struct store *store, enum room_for what, size_t bytes)
{
    int64_t below = what == ROOM_FOR_OUTPUTS ? store->settings->min_free / 2 : 0;
    return store->room + below >= bytes_on_disk(bytes);
}

bool store_take_room(struct store *store, enum room_for what, size_t bytes)
{
    if (!store_has_room(store, what, bytes)) {
        say_no_room(store, what);
        return false;
    }
    store->room -= bytes_on_disk(bytes);
    return true;
}

unsigned store_retry_after_s(const struct store *store)
{
    return store->status == STORE_OK && store->low_space ? SPACE_RETRY_AFTER_S
                                                         : rows[store->status].retry_after_s;
}

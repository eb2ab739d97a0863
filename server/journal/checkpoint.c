/* Where SQLite can bear it, the log is copied beside the commits, on a connection of its own. Where
 * it cannot, the runner copies the log itself between two turns: to wait for another process that
 * holds the lock takes longer, above all where the machine or its disk is busy. What is left then
 * is to see that the files are in place. */
#include "server/journal/checkpoint.h"

#include "server/ipc/shared.h"
#include "server/journal/tables.h"

#include <stdlib.h>

enum { CHECKPOINT_WAIT_MS = 1000 };

struct checkpoint {
    const char *path;
    const struct shared *shared;
    struct sqlite db;
    bool open, failing;
    bool was_open;       /* before that, the runner is still making the file */
    unsigned last_pages; /* at the last look */
};

struct checkpoint *checkpoint_create(const char *path, const struct shared *shared)
{
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint)
        return NULL;
    checkpoint->path = path;
    checkpoint->shared = shared;
    return checkpoint;
}

void checkpoint_destroy(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    sqlite_close(&checkpoint->db);
    free(checkpoint);
}

static enum checkpoint_look failed(struct checkpoint *checkpoint)
{
    bool is_news = !checkpoint->failing && checkpoint->was_open;
    checkpoint->failing = true;
    sqlite_close(&checkpoint->db);
    checkpoint->open = false;
    return is_news ? CHECKPOINT_FAILED : CHECKPOINT_WAITS;
}

static bool is_open(struct checkpoint *checkpoint, struct error *err)
{
    struct sqlite *db = &checkpoint->db;
    if (checkpoint->open)
        return true;
    checkpoint->open =
        sqlite_open(db, checkpoint->path, SQLITE_MODE_KEEP, CHECKPOINT_WAIT_MS, NULL, err);
    if (!checkpoint->open || !journal_check_version(db, err) || !sqlite_note_files(db, err))
        return false;
    return checkpoint->was_open = true;
}

/* Only what has changed since the last look can be worth a checkpoint. */
static bool log_has_grown(struct checkpoint *checkpoint)
{
    unsigned pages = atomic_load_explicit(&checkpoint->shared->journal_pages, memory_order_relaxed);
    bool grown = pages >= CHECKPOINT_PAGES && pages != checkpoint->last_pages;
    checkpoint->last_pages = pages;
    return grown;
}

static bool copy_log(struct checkpoint *checkpoint)
{
    if (!log_has_grown(checkpoint))
        return true;
    bool done = sqlite_checkpoint(&checkpoint->db, false);
    checkpoint->failing &= !done;
    return done;
}

/* The files were not in place: what is in the log goes into the file while we have it open. */
static enum checkpoint_look rescue(struct checkpoint *checkpoint, struct error *err)
{
    if (!sqlite_rescue(&checkpoint->db, err))
        return CHECKPOINT_FAILED;
    checkpoint->open = false;
    return CHECKPOINT_FINE;
}

enum checkpoint_look checkpoint_look(struct checkpoint *checkpoint, struct error *err)
{
    struct sqlite *db = &checkpoint->db;
    if (!is_open(checkpoint, err))
        return failed(checkpoint);
    sqlite_clear(db);
    if (!sqlite_hold(db))
        return CHECKPOINT_WAITS;
    /* the runner may write another file by now: copied into the old one, its log is lost */
    bool in_place = sqlite_is_in_place(db);
    bool done = in_place && (!sqlite_checkpoints_apart() || copy_log(checkpoint));
    sqlite_let_go(db);
    if (!in_place)
        return rescue(checkpoint, err);
    if (done && copy_log(checkpoint))
        return CHECKPOINT_FINE;
    sqlite_explain(db, err);
    return failed(checkpoint);
}

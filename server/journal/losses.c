/* The mark is read before the transaction that looks at the journal begins, so all that it has was
 * committed by then. Three things are compared: the events of the mark with their rows; the newest
 * number of the mark with that of the journal; and how many numbers there should be with how many
 * there are, pruned ones among them. Only where these differ every number is looked at. */
#include "server/journal/losses.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"
#include "server/journal/event_row.h"
#include "server/journal/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_BUSY_MS = 2000 };

enum look_sql {
    LOOK_BOUNDS,
    LOOK_COUNT,
    LOOK_PRUNED,
    LOOK_ROWS,
    LOOK_NUMBERS,
    LOOK_RANGES,
    LOOK_RANGE,
    LOOK_SQL_COUNT
};

static const char *const look_sql[LOOK_SQL_COUNT] = {
    [LOOK_BOUNDS] = "SELECT ifnull((SELECT min(seq) FROM event), 0),"
                    " ifnull((SELECT max(seq) FROM event), 0)",
    [LOOK_COUNT] = "SELECT count(*) FROM event",
    [LOOK_PRUNED] = "SELECT ifnull(sum(min(last, ?2) - max(first, ?1) + 1), 0) FROM removed"
                    " WHERE last >= ?1 AND first <= ?2",
    [LOOK_ROWS] = "SELECT e.seq" EVENT_SELECT_ROW
                  " FROM event e WHERE e.seq BETWEEN ?1 AND ?2 ORDER BY e.seq",
    [LOOK_NUMBERS] = "SELECT seq, seq FROM event WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
    [LOOK_RANGES] = "SELECT first, last FROM removed WHERE last >= ?1 AND first <= ?2"
                    " ORDER BY first",
    [LOOK_RANGE] = "SELECT last FROM removed WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
};

struct look {
    struct sqlite db;
    struct mark_ring ring;
    uint64_t key;           /* of the mark */
    size_t next_slot;       /* of the ring, for the gaps that come in order */
    int64_t lowest_absent;  /* of the ring: neither there nor pruned; 0: none */
    int64_t oldest, newest; /* in the journal; 0: it is empty */
    struct journal_losses *losses;
    void (*each)(void *context, const struct journal_loss *loss);
    void *context;
};

static int64_t ask(struct look *look, enum look_sql which, int64_t from, int64_t to)
{
    int64_t number = 0;
    struct bind_value values[] = {bind_number(from), bind_number(to)};
    size_t count = which == LOOK_COUNT ? 0 : which == LOOK_RANGE ? 1 : 2;
    struct query query = sqlite_query_values(&look->db, (int)which, values, count);
    while (query_next(&query))
        number = query_number(&query, 0);
    return number;
}

/* ---- the mark's events ---- */

static void tell(struct look *look, bool changed, int64_t first, int64_t last,
                 const struct mark_slot *slot)
{
    char id[ID_TEXT_SIZE];
    struct journal_loss loss = {.changed = changed, .first = first, .last = last};
    if (slot) {
        snprintf(id, sizeof id, "%.*s", ID_TEXT_SIZE - 1, slot->id);
        loss.id = id;
    }
    if (changed)
        look->losses->changed++;
    else
        look->losses->missing += last - first + 1;
    if (look->each)
        look->each(look->context, &loss);
}

static void compare_row(struct look *look, size_t place, const struct event *event)
{
    const struct mark_slot *slot = &look->ring.slots[place];
    const struct mark_slot *next = place + 1 < look->ring.count ? slot + 1 : NULL;
    bool same = bytes_equal(event->id, bytes_of(slot->id, sizeof slot->id)) &&
                slot->hash == mark_hash(look->key, slot->before, slot->number, event, event->size);
    bool chained = !next || next->number != slot->number + 1 || next->before == 0 ||
                   next->before == slot->hash;
    look->losses->compared++;
    if (!same || !chained)
        tell(look, true, slot->number, slot->number, slot);
}

static void note_absent(struct look *look, int64_t number)
{
    if (look->lowest_absent == 0 && ask(look, LOOK_RANGE, number, 0) < number)
        look->lowest_absent = number;
}

static void compare_mark(struct look *look)
{
    const struct mark_slot *slots = look->ring.slots;
    size_t i = 0, count = look->ring.count;
    if (count == 0)
        return;
    struct query query = sqlite_query(&look->db, LOOK_ROWS, bind_number(slots[0].number),
                                      bind_number(slots[count - 1].number));
    while (query_next(&query)) {
        int64_t number = query_number(&query, 0);
        while (i < count && slots[i].number < number)
            note_absent(look, slots[i++].number);
        if (i == count || slots[i].number != number)
            continue;
        const struct event event = event_of_row(&query, 1, 0, EVENT_ROW_COUNT);
        compare_row(look, i++, &event);
    }
    while (i < count && sqlite_status(&look->db) == SQLITE_STATUS_OK)
        note_absent(look, slots[i++].number);
}

/* ---- numbers ---- */

/* Those that the mark has one by one, with their ids. */
static void tell_gap(struct look *look, int64_t first, int64_t last)
{
    const struct mark_ring *ring = &look->ring;
    while (look->next_slot < ring->count && ring->slots[look->next_slot].number < first)
        look->next_slot++;
    for (; look->next_slot < ring->count && ring->slots[look->next_slot].number <= last;
         look->next_slot++) {
        const struct mark_slot *slot = &ring->slots[look->next_slot];
        if (first < slot->number)
            tell(look, false, first, slot->number - 1, NULL);
        tell(look, false, slot->number, slot->number, slot);
        first = slot->number + 1;
    }
    if (first <= last)
        tell(look, false, first, last, NULL);
}

/* Of the numbers from `from` to `to`: those that are neither there nor pruned. */
static void walk_numbers(struct look *look, int64_t from, int64_t to)
{
    struct query ways[2];
    bool more[2];
    look->next_slot = 0;
    for (int i = 0; i < 2; i++) {
        ways[i] = sqlite_query(&look->db, i ? LOOK_RANGES : LOOK_NUMBERS, bind_number(from),
                               bind_number(to));
        more[i] = query_next(&ways[i]);
    }
    while (more[0] || more[1]) {
        int way = !more[0] || (more[1] && query_number(&ways[1], 0) < query_number(&ways[0], 0));
        int64_t first = query_number(&ways[way], 0), last = query_number(&ways[way], 1);
        if (first > from)
            tell_gap(look, from, first - 1);
        from = last >= from ? last + 1 : from;
        more[way] = query_next(&ways[way]);
    }
    if (from <= to && sqlite_status(&look->db) == SQLITE_STATUS_OK)
        tell_gap(look, from, to);
}

static void compare_numbers(struct look *look)
{
    int64_t oldest = look->oldest, absent = look->lowest_absent;
    if (look->losses->newest > look->newest)
        walk_numbers(look, look->newest + 1, look->losses->newest);
    if (look->newest == 0)
        return;
    if (absent > 0 && absent < oldest)
        oldest = absent;
    int64_t wanted = look->newest - oldest + 1 - ask(look, LOOK_PRUNED, oldest, look->newest);
    if (sqlite_status(&look->db) == SQLITE_STATUS_OK && ask(look, LOOK_COUNT, 0, 0) < wanted)
        walk_numbers(look, oldest, look->newest);
}

/* ---- all of it ---- */

static void look_at_journal(struct look *look)
{
    const struct mark_ring *ring = &look->ring;
    struct query bounds = sqlite_query_values(&look->db, LOOK_BOUNDS, NULL, 0);
    while (query_next(&bounds)) {
        look->oldest = query_number(&bounds, 0);
        look->newest = query_number(&bounds, 1);
    }
    look->losses->newest = ring->count > 0 ? ring->slots[ring->count - 1].number : 0;
    look->losses->damaged_slots = ring->damaged;
    compare_mark(look);
    compare_numbers(look);
}

static bool look_in_transaction(struct look *look, int64_t time_ms, struct error *err)
{
    struct sqlite *db = &look->db;
    if (!sqlite_run(db, "BEGIN"))
        return sqlite_explain(db, err);
    db->deadline_ns = clock_monotonic_ns() + time_ms * NS_PER_MS;
    look_at_journal(look);
    bool late = clock_monotonic_ns() > db->deadline_ns;
    look->losses->is_whole = sqlite_status(db) == SQLITE_STATUS_OK;
    db->deadline_ns = 0;
    return look->losses->is_whole || late || sqlite_explain(db, err);
}

bool losses_find(const char *path, int64_t time_ms,
                 void (*each)(void *context, const struct journal_loss *loss), void *context,
                 struct journal_losses *losses, struct error *err)
{
    struct look look = {.losses = losses, .each = each, .context = context};
    uint8_t identity[16];
    *losses = (struct journal_losses){.mark = MARK_MISSING};
    if (!sqlite_open(&look.db, path, SQLITE_MODE_READ, LOOK_BUSY_MS, look_sql, err))
        return false;
    bool found = journal_check_version(&look.db, err) &&
                 (journal_read_identity(&look.db, identity) ||
                  error_set(err, "the journal has no identity")) &&
                 mark_read(sqlite_path(&look.db), identity, &look.ring, &losses->mark, err);
    look.key = mark_key(identity);
    found = found && look_in_transaction(&look, time_ms, err);
    sqlite_close(&look.db);
    free(look.ring.slots);
    return found || error_prefix(err, "%s", path);
}

/* ---- in a few words ---- */

static void note_loss(void *context, const struct journal_loss *loss)
{
    struct losses_told *told =
        (struct losses_told *)context + (loss->changed ? LOSS_CHANGED : LOSS_MISSING);
    size_t length = strlen(told->ids), room = sizeof told->ids - length;
    if (told->first == 0 || loss->first < told->first)
        told->first = loss->first;
    if (loss->last > told->last)
        told->last = loss->last;
    if (loss->id && room > ID_TEXT_SIZE)
        snprintf(told->ids + length, room, "%s%s", length > 0 ? " " : "", loss->id);
}

bool losses_summarise(const char *path, int64_t time_ms, struct losses_told told[LOSS_KINDS],
                      struct journal_losses *losses, struct error *err)
{
    for (int kind = 0; kind < LOSS_KINDS; kind++)
        told[kind] = (struct losses_told){.ids = ""};
    return losses_find(path, time_ms, note_loss, told, losses, err);
}

void losses_tell(const char *path, int64_t time_ms)
{
    struct losses_told told[LOSS_KINDS];
    struct journal_losses losses;
    struct error why = {""};
    if (!losses_summarise(path, time_ms, told, &losses, &why)) {
        log_write(LOG_JOURNAL_UNCOMPARED, log_text("reason", why.text));
        return;
    }
    if (losses.missing > 0)
        log_write(LOG_JOURNAL_MISSING, log_number("events", losses.missing),
                  log_number("first", told[LOSS_MISSING].first),
                  log_number("last", told[LOSS_MISSING].last),
                  log_text("ids", told[LOSS_MISSING].ids));
    if (losses.changed > 0)
        log_write(LOG_JOURNAL_CHANGED, log_number("events", losses.changed),
                  log_number("first", told[LOSS_CHANGED].first),
                  log_number("last", told[LOSS_CHANGED].last),
                  log_text("ids", told[LOSS_CHANGED].ids));
    if (!losses.is_whole)
        log_write(LOG_JOURNAL_UNCOMPARED, log_text("reason", "the time was not enough for all"));
}

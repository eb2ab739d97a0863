/* The transaction is the judge of duplicates: inside it nobody else can add an event, so what the
 * set of keys knows (after reading what another runner has added) is complete. The set only says
 * where to look; the event's own row decides, and gives the first id. Two copies in one turn need
 * nothing special: the second finds the row of the first, and shares its fate. What a copy of an
 * event that has failed brings about is decided in rerun.c. */
#include "server/journal/private.h"

#include "base/clock.h"

#include <string.h>

enum {
    OLD_ROWS = 4096, /* so many keys past the window in a row, and the older ones are too */
    ROOM_PAGES = 2,  /* that an event shares with others */
};

/* What the engine keeps in an admission while the turn is under way. */
enum { OWN_HASH, OWN_SEQ };

int64_t admit_disk_bytes(size_t bytes)
{
    /* once in the log, and once in the file */
    return 2 * ((int64_t)bytes + ROOM_PAGES * SQLITE_PAGE_BYTES);
}

/* ---- the keys ---- */

struct key_reader {
    struct sqlite_journal *journal;
    int64_t now_ms;
    unsigned old; /* in a row */
    bool no_memory;
};

static bool note_key(void *context, const struct stored_key *key)
{
    struct key_reader *reader = context;
    struct sqlite_journal *journal = reader->journal;
    int64_t until_ms = key->received_ms + journal->window_ms;
    if (key->seq > journal->last_key)
        journal->last_key = key->seq;
    if (until_ms < reader->now_ms)
        return ++reader->old < OLD_ROWS;
    reader->old = 0;
    if (key->key.length == 0)
        return true;
    uint64_t hash = dedupe_hash(&journal->keys, key->route, key->key);
    reader->no_memory |= !dedupe_add(&journal->keys, hash, key->seq, until_ms, reader->now_ms);
    return !reader->no_memory;
}

static bool read_keys(struct sqlite_journal *journal, int64_t now_ms)
{
    struct key_reader reader = {.journal = journal, .now_ms = now_ms};
    return events_read_keys(journal, journal->last_key, note_key, &reader) && !reader.no_memory;
}

bool admit_rebuild(struct sqlite_journal *journal)
{
    dedupe_clear(&journal->keys);
    journal->last_key = 0;
    journal->keys_behind = false;
    return read_keys(journal, clock_unix_ms());
}

/* ---- one event ---- */

/* The event that this is a copy of, with its id; 0: it is none. Where several have the key, because
 * the body of the first was not there any more when the next came, it is the newest. */
static int64_t find_first(struct sqlite_journal *journal, struct journal_admit *admit,
                          int64_t now_ms)
{
    size_t at = 0;
    int64_t seq, received_ms, found = 0;
    char id[ID_TEXT_SIZE];
    while (dedupe_next(&journal->keys, admit->own[OWN_HASH], &at, &seq)) {
        if (seq <= found ||
            !events_match_key(journal, seq, admit->event->route, admit->event->dedupe_key, id,
                              &received_ms) ||
            received_ms + admit->window_ms <= now_ms)
            continue;
        memcpy(admit->id, id, sizeof id);
        found = seq;
    }
    return found;
}

static bool take_room(struct journal_turn *turn, size_t bytes)
{
    int64_t needed = admit_disk_bytes(bytes);
    bool fits = turn->room >= needed;
    turn->room -= fits ? needed : 0;
    turn->events_refused |= !fits;
    return fits;
}

static bool rerun(struct sqlite_journal *journal, struct journal_turn *turn, int64_t first,
                  const struct journal_known *known)
{
    for (size_t i = 0; i < known->dead_count; i++) {
        const struct journal_due due = {.action = known->dead[i].action,
                                        .handle = known->dead[i].handle,
                                        .bytes = known->bytes,
                                        .key = known->dead[i].key};
        if (!events_rerun(journal, due.handle) || !engine_add_due(&turn->reruns, &due))
            return sqlite_fail(&journal->db, "a delivery cannot be rerun");
    }
    return events_count_rerun(journal, first);
}

struct answer_reader {
    struct journal_turn *turn;
    struct journal_admit *admit;
};

static void note_answer(void *context, const struct journal_answer *answer)
{
    struct answer_reader *reader = context;
    reader->admit->answer = engine_add_answer(reader->turn, answer);
}

/* What answers the copy: the end of the first's delivery, or a delivery that runs again. */
static void find_answer(struct sqlite_journal *journal, struct journal_turn *turn,
                        struct journal_admit *admit, int64_t first,
                        const struct journal_known *known)
{
    struct answer_reader reader = {turn, admit};
    for (size_t i = 0; admit->result == ADMIT_RERUN && i < known->dead_count; i++)
        if (known->dead[i].action == admit->answering)
            admit->answer_handle = known->dead[i].handle;
    if (admit->answering && !admit->answer_handle)
        events_read_answer(journal, first, admit->answering, admit->answer_most, note_answer,
                           &reader);
}

/* A copy of event `first`: false where it is to be an event of its own. After a failure nothing of
 * the transaction stays, whatever is decided. */
static bool take_copy(struct sqlite_journal *journal, struct journal_turn *turn,
                      struct journal_admit *admit, int64_t first)
{
    const struct event *copy = admit->event;
    struct journal_known known;
    events_read_known(journal, first, &known);
    enum rerun what = rerun_decide(&journal->base, &known, admit);
    if (what == RERUN_DEAD_IF_SAME)
        what = events_has_content(journal, first, copy) ? RERUN_DEAD : RERUN_NEW_EVENT;
    if (what == RERUN_NEW_EVENT)
        return false;
    if (what == RERUN_NOTHING)
        admit->result = ADMIT_DUPLICATE;
    else if (admit->queue_full)
        admit->result = ADMIT_QUEUE_FULL;
    else if (!take_room(turn, 0))
        admit->result = ADMIT_NO_ROOM;
    else if (rerun(journal, turn, first, &known))
        admit->result = ADMIT_RERUN;
    if (admit->result == ADMIT_DUPLICATE || admit->result == ADMIT_RERUN)
        find_answer(journal, turn, admit, first, &known);
    return true;
}

/* Whether the delivery is claimed as it is made: it is written as running, and nothing has to be
 * read back. */
static bool claim_new(struct journal_turn *turn, struct journal_admit *admit, size_t place)
{
    if (turn->changed || !journal_places_has(&admit->claim, place))
        return false;
    const struct journal_delivery given = {
        .attempt = 1, .key = admit->keys ? admit->keys[place] : 0, .event = *admit->event};
    if (!turn->hold(turn, admit->actions[place], admit->handle + (int64_t)place, &given))
        return false;
    journal_places_add(&admit->claimed, place);
    return true;
}

static void add_delivery(struct sqlite_journal *journal, struct journal_turn *turn,
                         struct journal_admit *admit, int64_t seq, size_t place)
{
    int64_t action = admit->actions[place], key = admit->keys ? admit->keys[place] : 0;
    supersede_open(journal, turn, admit, place);
    if (admit->fold.key)
        supersede_burst(journal, turn, admit, seq, place);
    else if (claim_new(turn, admit, place))
        events_add_running(journal, seq, place, action, key, journal->runner_id, turn->now_ms);
    else
        events_add_delivery(journal, seq, place, action, key);
}

static void add_event(struct sqlite_journal *journal, struct journal_turn *turn,
                      struct journal_admit *admit)
{
    int64_t seq, now_ms = turn->now_ms;
    id_create(now_ms, admit->id);
    admit->event->id = bytes_of_text(admit->id);
    if (!events_add(journal, admit->event, &seq))
        return;
    admit->result = ADMIT_ACCEPTED;
    admit->handle = delivery_seq(seq, 0);
    for (size_t i = 0; i < admit->action_count; i++) {
        if (admit->actions[i] == admit->answering && !admit->dead_reason)
            admit->answer_handle = admit->handle + (int64_t)i;
        if (admit->dead_reason)
            events_add_dead(journal, seq, i, admit->actions[i], admit->keys ? admit->keys[i] : 0,
                            admit->dead_reason, now_ms);
        else
            add_delivery(journal, turn, admit, seq, i);
    }
    admit->own[OWN_SEQ] = (uint64_t)seq;
    /* without memory for the key a copy may run, which is better than to refuse the event */
    if (admit->event->dedupe_key.length > 0)
        dedupe_add(&journal->keys, admit->own[OWN_HASH], seq,
                   admit->event->received_ms + journal->window_ms, now_ms);
}

static void admit_event(struct sqlite_journal *journal, struct journal_turn *turn,
                        struct journal_admit *admit)
{
    struct bytes key = admit->event->dedupe_key;
    int64_t first = 0;
    admit->result = ADMIT_NO_ROOM;
    admit->claimed = (struct journal_places){{0}};
    admit->own[OWN_HASH] = admit->own[OWN_SEQ] = 0;
    admit->answer_handle = admit->due_ms = 0;
    admit->answer = NULL;
    if (key.length > 0) {
        admit->own[OWN_HASH] = dedupe_hash(&journal->keys, admit->event->route, key);
        first = find_first(journal, admit, turn->now_ms);
    }
    if (first && take_copy(journal, turn, admit, first))
        return;
    if (admit->queue_full)
        admit->result = ADMIT_QUEUE_FULL;
    else if (take_room(turn, admit->event->headers.length + admit->event->body.length +
                                 admit->event->payload.length))
        add_event(journal, turn, admit);
}

void admit_events(struct sqlite_journal *journal, struct journal_turn *turn)
{
    if (journal->keys_behind && read_keys(journal, turn->now_ms))
        journal->keys_behind = false;
    for (size_t i = 0; i < turn->admit_count; i++)
        admit_event(journal, turn, &turn->admits[i]);
    turn->question_fits =
        turn->question_bytes > 0 && turn->room >= admit_disk_bytes(turn->question_bytes);
}

void admit_settle(struct sqlite_journal *journal, struct journal_turn *turn, bool committed)
{
    for (size_t i = 0; i < turn->admit_count; i++) {
        const struct journal_admit *admit = &turn->admits[i];
        int64_t seq = (int64_t)admit->own[OWN_SEQ];
        if (!committed && seq != 0 && admit->event->dedupe_key.length > 0)
            dedupe_remove(&journal->keys, admit->own[OWN_HASH], seq);
        else if (committed && seq > journal->last_key)
            journal->last_key = seq;
    }
}

/* The transaction is the judge of duplicates: inside it nobody else can add an event, so what the
 * set knows (after reading what another runner has added) is complete. The set only says where to
 * look; the event's own row decides, and gives the first id. Two copies in one batch need nothing
 * special: the second finds the row of the first, and shares its fate. What a copy of an event that
 * has failed brings about is decided in rerun.c. */
#include "server/runner/intake.h"

#include "base/clock.h"
#include "handlers/admission/dedupe.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/pipeline/pipeline.h"
#include "server/runner/rerun.h"

#include <string.h>

enum {
    TEXT_MAX = 64 * 1024, /* any of the small texts */
    HEADERS_MAX = 2 * 1024 * 1024,
    EVENT_BYTES = 4096, /* of the event that is asked about */
    OLD_ROWS = 4096,    /* so many keys past the window in a row, and the older ones are too */
};

/* How long a commit that has written something proves that the journal can be written. */
#define PROOF_NS NS_PER_S

static const char quarantine_reason[] = "the event does not conform to the schema of its route";

/* ---- the keys ---- */

struct key_reader {
    struct intake *intake;
    int64_t now_ms;
    unsigned old; /* in a row */
    bool no_memory;
};

static bool note_key(void *context, const struct journal_key *key)
{
    struct key_reader *reader = context;
    struct intake *intake = reader->intake;
    int64_t until_ms = key->received_ms + intake->window_ms;
    if (key->seq > intake->last_seq)
        intake->last_seq = key->seq;
    if (until_ms < reader->now_ms)
        return ++reader->old < OLD_ROWS;
    reader->old = 0;
    if (key->key.length == 0)
        return true;
    uint64_t hash = dedupe_hash(&intake->keys, key->route, key->key);
    reader->no_memory |= !dedupe_add(&intake->keys, hash, key->seq, until_ms, reader->now_ms);
    return !reader->no_memory;
}

static bool read_keys(struct intake *intake)
{
    struct key_reader reader = {.intake = intake, .now_ms = clock_unix_ms()};
    return journal_read_keys(intake->journal, intake->last_seq, note_key, &reader) &&
           !reader.no_memory;
}

bool intake_rebuild(struct intake *intake)
{
    dedupe_clear(&intake->keys);
    intake->last_seq = 0;
    intake->behind = false;
    return read_keys(intake);
}

bool intake_init(struct intake *intake, const struct settings *settings, struct journal *journal,
                 struct error *err)
{
    intake->settings = settings;
    intake->journal = journal;
    intake->window_ms = 0;
    intake->count = intake->bytes = 0;
    dedupe_init(&intake->keys);
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct dedupe_settings *dedupe = dedupe_settings_of(&settings->routes[i]);
        if (!dedupe->off && dedupe->window_ms > intake->window_ms)
            intake->window_ms = dedupe->window_ms;
    }
    return intake_rebuild(intake) || error_set(err, "cannot read the dedupe keys of the journal");
}

void intake_finish(struct intake *intake)
{
    dedupe_finish(&intake->keys);
}

void intake_look(struct intake *intake)
{
    intake->behind = true;
}

/* ---- the batch ---- */

static bool is_credible(const struct settings *settings, const struct event_frame *event)
{
    const struct bytes small[] = {event->client,       event->event_type, event->delivery_id,
                                  event->content_type, event->dedupe_key, event->failures};
    if (event->asks)
        return event->body.length == 0 && event->headers.length == 0;
    if (event->route >= settings->route_count || event->headers.length > HEADERS_MAX ||
        event->body.length > (uint64_t)settings->routes[event->route].max_body)
        return false;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (small[i].length > TEXT_MAX)
            return false;
    return true;
}

void intake_collect(struct intake *intake, struct listener_link *channel)
{
    while (intake->count < INTAKE_BATCH && intake->bytes < INTAKE_BYTES) {
        struct intake_item *item = &intake->items[intake->count];
        if (!listener_link_take(channel, &item->event))
            break;
        if (!is_credible(intake->settings, &item->event)) {
            channel->fault = "an event that cannot be";
            break;
        }
        item->channel = channel;
        item->seq = 0;
        item->answer =
            (struct answer_frame){.tag = item->event.tag, .status = FRAME_REFUSED_JOURNAL};
        intake->bytes += item->event.body.length;
        intake->count++;
    }
}

/* The event that this is a copy of, with its id in the answer; 0: it is none. Where several have
 * the key, because the body of the first was not there any more when the next came, it is the
 * newest. */
static int64_t find_first(struct intake *intake, struct intake_item *item,
                          const struct route *route, int64_t now_ms)
{
    size_t at = 0;
    int64_t seq, received_ms, found = 0;
    char id[ID_TEXT_SIZE];
    while (dedupe_next(&intake->keys, item->hash, &at, &seq)) {
        if (seq <= found ||
            !journal_match_key(intake->journal, seq, route->name, item->event.dedupe_key, id,
                               &received_ms) ||
            received_ms + dedupe_settings_of(route)->window_ms <= now_ms)
            continue;
        memcpy(item->answer.id, id, sizeof id);
        found = seq;
    }
    return found;
}

/* A copy of event `first`: false where it is to be an event of its own; otherwise the answer is
 * complete. */
static bool take_copy(struct intake_item *item, int64_t first, const struct route *route,
                      struct dispatch *dispatch, struct store *store)
{
    struct answer_frame *answer = &item->answer;
    struct rerun rerun;
    rerun_decide(&rerun, dispatch, route, first, &item->event);
    switch (rerun.what) {
    case RERUN_NEW_EVENT:
        return false;
    case RERUN_NOTHING:
        answer->status = FRAME_DUPLICATE;
        answer->duplicate = (uint16_t)rerun.why;
        answer->can_replay = rerun.can_replay;
        return true;
    case RERUN_DEAD:
        if (!store_take_room(store, ROOM_FOR_EVENTS, 0))
            answer->status = FRAME_REFUSED_SPACE;
        else if (rerun_begin(&rerun, dispatch, first))
            answer->status = FRAME_AGAIN;
        return true;
    }
    return true;
}

static void add_event(struct intake *intake, struct intake_item *item, const struct route *route,
                      struct dispatch *dispatch, int64_t now_ms)
{
    const struct event_frame *event = &item->event;
    id_create(now_ms, item->answer.id);
    if (!journal_add_event(intake->journal, item->answer.id, route->name, event, &item->seq))
        return;
    struct journal_delivery given = {.attempt = 1,
                                     .received_ms = event->received_ms,
                                     .body_is_json = event->body_is_json,
                                     .id = bytes_of_text(item->answer.id),
                                     .type = event->event_type,
                                     .delivery_id = event->delivery_id,
                                     .client = event->client,
                                     .content_type = event->content_type,
                                     .headers = event->headers,
                                     .body = event->body};
    if (event->failures.length > 0)
        dispatch_add_dead(dispatch, route, item->seq, quarantine_reason);
    else
        dispatch_add(dispatch, route, item->seq, &given);
    /* without memory for the key a copy may run, which is better than to refuse the event */
    if (item->event.dedupe_key.length > 0)
        dedupe_add(&intake->keys, item->hash, item->seq,
                   item->event.received_ms + intake->window_ms, now_ms);
    item->answer.status = FRAME_ACCEPTED;
    intake->is_writing = true;
}

static void add_key(struct intake *intake, struct intake_item *item, const struct route *route,
                    int64_t now_ms)
{
    const char *name = pipeline_provisioned_name(route);
    bool added = false;
    if (!name || item->event.body.length < PROVISIONED_KEY_MIN ||
        item->event.body.length > PROVISIONED_KEY_MAX ||
        !journal_learn(intake->journal, route->name, name, item->event.body, now_ms, &added))
        return;
    item->answer.status = added ? FRAME_ACCEPTED : FRAME_REFUSED_KNOWN;
    intake->learned |= added;
}

/* Whether an event would be stored: there is a transaction, so what is left is the space. */
static void answer_question(struct intake *intake, struct intake_item *item, struct store *store)
{
    intake->is_asked = true;
    item->answer.status =
        store_has_room(store, ROOM_FOR_EVENTS, EVENT_BYTES) ? FRAME_ACCEPTED : FRAME_REFUSED_SPACE;
}

/* A commit of nothing succeeds on a disk that takes nothing. Where nothing else has been written of
 * late, a question is answered by writing something. */
static void prove_writing(struct intake *intake)
{
    int64_t now = clock_monotonic_ns();
    bool is_known = intake->written_ns && now - intake->written_ns < PROOF_NS;
    if (intake->is_asked && !is_known && journal_touch(intake->journal))
        intake->is_writing = true;
}

static void write_item(struct intake *intake, struct intake_item *item, struct dispatch *dispatch,
                       struct store *store)
{
    if (item->event.asks) {
        answer_question(intake, item, store);
        return;
    }
    const struct route *route = &intake->settings->routes[item->event.route];
    struct bytes *key = &item->event.dedupe_key;
    int64_t now_ms = clock_unix_ms();
    if (item->event.learns) {
        add_key(intake, item, route, now_ms);
        return;
    }
    if (dedupe_settings_of(route)->off)
        *key = bytes_of(NULL, 0);
    item->hash = key->length ? dedupe_hash(&intake->keys, bytes_of_text(route->name), *key) : 0;
    int64_t first = key->length > 0 ? find_first(intake, item, route, now_ms) : 0;
    if (first && take_copy(item, first, route, dispatch, store))
        return;
    size_t bytes = item->event.headers.length + item->event.body.length;
    if (store_take_room(store, ROOM_FOR_EVENTS, bytes))
        add_event(intake, item, route, dispatch, now_ms);
    else
        item->answer.status = FRAME_REFUSED_SPACE;
}

void intake_write(struct intake *intake, struct dispatch *dispatch, struct store *store)
{
    if (intake->behind && read_keys(intake))
        intake->behind = false;
    for (size_t i = 0; i < intake->count; i++)
        write_item(intake, &intake->items[i], dispatch, store);
    prove_writing(intake);
}

static void empty_batch(struct intake *intake, bool over)
{
    for (size_t i = 0; i < intake->count; i++) {
        struct listener_link *channel = intake->items[i].channel;
        if (channel->taken > 0)
            listener_link_settle(channel, over);
        if (over && channel->out.length > 0)
            listener_link_flush(channel);
    }
    intake->count = intake->bytes = 0;
    intake->learned = intake->is_asked = intake->is_writing = false;
}

static void refuse(struct intake *intake, struct intake_item *item)
{
    if (item->seq != 0 && item->event.dedupe_key.length > 0)
        dedupe_remove(&intake->keys, item->hash, item->seq);
    item->answer.status = FRAME_REFUSED_JOURNAL;
}

void intake_answer(struct intake *intake, bool committed, unsigned retry_after_s)
{
    if (committed && intake->is_writing)
        intake->written_ns = clock_monotonic_ns();
    for (size_t i = 0; i < intake->count; i++) {
        struct intake_item *item = &intake->items[i];
        if (!committed)
            refuse(intake, item);
        else if (item->seq > intake->last_seq)
            intake->last_seq = item->seq;
        if (item->answer.status > FRAME_DUPLICATE) {
            item->answer.retry_after_s = retry_after_s;
            item->answer.id[0] = '\0';
        }
        listener_link_answer(item->channel, &item->answer);
    }
    empty_batch(intake, true);
}

void intake_put_off(struct intake *intake)
{
    empty_batch(intake, false);
}

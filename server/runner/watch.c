/* How long a route has been silent is counted by the boot clock, so that a clock that is set tells
 * nobody anything; the journal has the time of day of the last event, for a restart. That time is
 * written with an event, but not with each: once in a hundredth of what is expected. The newest
 * events of the journal say the rest.
 *
 * An older runner may have told already, or heard of an event: the transaction decides, and what it
 * turns down is asked for again. */
#include "server/runner/watch.h"

#include "base/clock.h"
#include "base/units.h"
#include "server/ipc/log_events.h"
#include "server/ipc/shared.h"
#include "server/pipeline/notice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORE_LEAST_MS = 1000, STORE_MOST_MS = 60000, STORE_PART = 100 };
#define STORE_UNEXPECTED_MS (INT64_C(3600) * 1000)

struct watched {
    const struct route *route;
    int64_t teller; /* the action; 0: none */
    struct shared_refusals *refusals;
    int64_t expect_ms, refusal_ms, store_ms;
    int64_t heard_boot_ms; /* when the last event came, or since when one is expected */
    int64_t event_ms;      /* the same as time of day, as the journal has it; 0: it does not */
    int64_t stored_boot_ms;
    bool is_read;    /* the journal knows it */
    bool has_events; /* it verified some before */
    bool told_silence, told_refusal;
};

/* ---- beginning and end ---- */

static int64_t store_ms(int64_t expect_ms)
{
    int64_t part = expect_ms / STORE_PART;
    if (expect_ms == 0)
        return STORE_UNEXPECTED_MS;
    return part < STORE_LEAST_MS ? STORE_LEAST_MS : part > STORE_MOST_MS ? STORE_MOST_MS : part;
}

static void add_route(struct watch *watch, const struct route *route, const struct queue *queue,
                      struct shared *shared)
{
    struct watched *watched = &watch->items[watch->count++];
    int64_t expect_ms = notice_settings_of(route)->expect_ms;
    *watched = (struct watched){.route = route,
                                .teller = queue_teller(queue, route),
                                .expect_ms = expect_ms,
                                .refusal_ms = notice_refusal_ms(route),
                                .store_ms = store_ms(expect_ms)};
    if (shared && !route->no_authentication)
        watched->refusals = shared_refusals_of(shared, route->name);
}

static int compare_names(const void *left, const void *right)
{
    const struct watched *a = left, *b = right;
    return strcmp(a->route->name, b->route->name);
}

bool watch_init(struct watch *watch, const struct settings *settings, const struct queue *queue,
                struct shared *shared, struct error *err)
{
    *watch = (struct watch){.unread = true};
    watch->items = calloc(settings->route_count + 1, sizeof *watch->items);
    watch->by_route = calloc(settings->route_count + 1, sizeof *watch->by_route);
    if (!watch->items || !watch->by_route)
        return error_set(err, "no memory");
    for (size_t i = 0; i < settings->route_count; i++)
        if (notice_is_wanted(&settings->routes[i]))
            add_route(watch, &settings->routes[i], queue, shared);
    qsort(watch->items, watch->count, sizeof *watch->items, compare_names);
    for (size_t i = 0; i < watch->count; i++)
        watch->by_route[watch->items[i].route->index] = &watch->items[i];
    watch->unread = watch->count > 0;
    return true;
}

void watch_finish(struct watch *watch)
{
    free(watch->items);
    free(watch->by_route);
    watch->items = NULL;
    watch->by_route = NULL;
}

void watch_claim(struct watch *watch, bool claims)
{
    watch->claiming = claims;
    watch->unread = watch->count > 0; /* an older runner knows more */
}

/* ---- what is told ---- */

static void add_post(struct watch *watch, struct watched *watched, enum notice_kind kind,
                     int64_t since_ms, const char *reason)
{
    struct watch_post *post = &watch->posts[watch->post_count];
    assert(watch->post_count < WATCH_NOTICES);
    post->watched = watched;
    post->kind = kind;
    post->heard_ms = watched->event_ms;
    if (notice_event_make(&post->told, kind, watched->route->name, since_ms, reason))
        watch->post_count++;
}

static void log_notice(const struct route *route, enum notice_kind kind, const char *reason,
                       const char *id)
{
    struct log_field fields[5] = {log_text("route", route->name),
                                  log_text("type", notice_type(kind)), log_text("reason", reason)};
    if (*id)
        fields[3] = log_text("id", id);
    log_write_fields(&log_events[LOG_NOTICE], log_events[LOG_NOTICE].level, fields);
}

static void look_for_silence(struct watch *watch, struct watched *watched, int64_t boot_ms)
{
    char reason[NOTICE_REASON_SIZE], span[32];
    int64_t silent_ms = boot_ms - watched->heard_boot_ms;
    if (watched->told_silence || watched->expect_ms == 0 || silent_ms < watched->expect_ms)
        return;
    units_format_duration(watched->expect_ms, span);
    snprintf(reason, sizeof reason, "no event for %s", span);
    watched->told_silence = true;
    add_post(watch, watched, NOTICE_SILENT, clock_unix_ms() - silent_ms, reason);
}

static void look_for_refusals(struct watch *watch, struct watched *watched, int64_t boot_ms)
{
    char reason[NOTICE_REASON_SIZE];
    int64_t since_ms = watched->refusals ? atomic_load(&watched->refusals->since_ms) : 0;
    if (watched->told_refusal || since_ms == 0 || !watched->has_events ||
        boot_ms - since_ms < watched->refusal_ms)
        return;
    uint64_t count = atomic_load(&watched->refusals->count);
    snprintf(reason, sizeof reason,
             "nothing was accepted any more, and %llu request%s refused whose credentials are "
             "wrong: was a secret changed on one side?",
             (unsigned long long)count, count == 1 ? " was" : "s were");
    watched->told_refusal = true;
    add_post(watch, watched, NOTICE_REFUSED, clock_unix_ms() - (boot_ms - since_ms), reason);
}

void watch_look(struct watch *watch, int64_t boot_ms)
{
    if (!watch->claiming || watch->unread)
        return;
    /* two for each route; what has no place is looked for again */
    for (size_t i = 0; i < watch->count && watch->post_count + 2 <= WATCH_NOTICES; i++) {
        look_for_silence(watch, &watch->items[i], boot_ms);
        look_for_refusals(watch, &watch->items[i], boot_ms);
    }
}

/* ---- what the journal knows ---- */

static void take_heard(struct watched *watched, const struct journal_heard *heard, int64_t now_ms,
                       int64_t boot_ms)
{
    bool came = heard->event_ms > 0;
    int64_t at_ms = came ? heard->event_ms : -heard->event_ms;
    int64_t age_ms = now_ms > at_ms ? now_ms - at_ms : 0;
    watched->is_read = true;
    watched->has_events = came;
    watched->event_ms = heard->event_ms;
    watched->heard_boot_ms = boot_ms - age_ms;
    watched->told_silence = heard->told_silence;
    watched->told_refusal = heard->told_refusal;
}

static struct watched *find(const struct watch *watch, const char *name)
{
    const struct route route = {.name = name};
    const struct watched wanted = {.route = &route};
    return bsearch(&wanted, watch->items, watch->count, sizeof *watch->items, compare_names);
}

/* Of a route of which nothing is known, time counts from now on. */
static void take_all(struct watch *watch, const struct journal_turn *turn)
{
    int64_t boot_ms = clock_boot_ms();
    for (size_t i = 0; i < watch->count; i++)
        watch->items[i].is_read = watch->items[i].event_ms != 0;
    for (const struct journal_heard *heard = turn->heard; heard; heard = heard->next) {
        struct watched *watched = find(watch, heard->route);
        if (watched)
            take_heard(watched, heard, turn->due_ms, boot_ms);
    }
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->items[i].is_read)
            continue;
        watch->items[i].heard_boot_ms = boot_ms;
        watch->some_unknown = true;
    }
    watch->unread = false;
}

/* ---- a turn ---- */

bool watch_is_due(const struct watch *watch)
{
    return watch->unread || watch->post_count > 0 || (watch->some_unknown && watch->claiming);
}

static void add_hear(struct watch *watch, struct journal_turn *turn, struct watched *watched,
                     int64_t event_ms)
{
    if (turn->hear_count == WATCH_HEARS)
        return;
    watch->hears[turn->hear_count++] =
        (struct journal_hear){.route = watched->route->name, .event_ms = event_ms};
    watched->event_ms = event_ms;
}

/* An event, or a copy of one, has come. */
static void hear(struct watch *watch, struct journal_turn *turn, struct watched *watched,
                 int64_t boot_ms)
{
    bool is_news = watched->told_silence || watched->told_refusal || watched->event_ms <= 0;
    watched->heard_boot_ms = boot_ms;
    watched->has_events = true;
    if (!is_news && boot_ms - watched->stored_boot_ms < watched->store_ms)
        return;
    watched->stored_boot_ms = boot_ms;
    watched->told_silence = watched->told_refusal = false;
    add_hear(watch, turn, watched, turn->due_ms);
}

static void fill_unknown(struct watch *watch, struct journal_turn *turn)
{
    if (!watch->some_unknown || !watch->claiming || watch->unread)
        return;
    for (size_t i = 0; i < watch->count; i++)
        if (watch->items[i].expect_ms > 0 && watch->items[i].event_ms == 0)
            add_hear(watch, turn, &watch->items[i], -turn->due_ms);
    watch->some_unknown = turn->hear_count == WATCH_HEARS;
}

static void fill_notices(struct watch *watch, struct journal_turn *turn)
{
    for (size_t i = 0; i < watch->post_count; i++) {
        struct watch_post *post = &watch->posts[i];
        watch->notices[i] = (struct journal_notice){.kind = post->kind,
                                                    .route = post->watched->route->name,
                                                    .event = &post->told.event,
                                                    .teller = post->watched->teller,
                                                    .heard_ms = post->heard_ms};
    }
    watch->posts_submitted = turn->notice_count = watch->post_count;
}

void watch_fill(struct watch *watch, const struct intake *intake, struct journal_turn *turn)
{
    int64_t boot_ms = watch->count > 0 ? clock_boot_ms() : 0;
    turn->hears = watch->hears;
    turn->notices = watch->notices;
    turn->hear_count = turn->notice_count = 0;
    turn->reads_heard = watch->unread;
    if (watch->count == 0)
        return;
    for (size_t i = 0; i < intake->count; i++) {
        const struct intake_item *item = &intake->items[i];
        struct watched *watched = item->admit ? watch->by_route[item->frame.route] : NULL;
        if (watched)
            hear(watch, turn, watched, boot_ms);
    }
    fill_unknown(watch, turn);
    fill_notices(watch, turn);
}

static void drop_submitted(struct watch *watch)
{
    size_t count = watch->posts_submitted;
    memmove(watch->posts, watch->posts + count, (watch->post_count - count) * sizeof *watch->posts);
    watch->post_count -= count;
    for (size_t i = 0; i < watch->post_count; i++)
        notice_event_moved(&watch->posts[i].told);
}

void watch_settle(struct watch *watch, const struct journal_turn *turn)
{
    if (watch->count == 0)
        return;
    if (turn->end != JOURNAL_DONE) {
        watch->unread = true; /* what was to be written is not known */
        return;
    }
    if (turn->reads_heard)
        take_all(watch, turn);
    for (size_t i = 0; i < turn->notice_count; i++) {
        const struct journal_notice *notice = &turn->notices[i];
        if (notice->applied)
            log_notice(watch->posts[i].watched->route, notice->kind, watch->posts[i].told.reason,
                       notice->id);
        else
            watch->unread = true;
    }
    drop_submitted(watch);
    watch->posts_submitted = 0;
}

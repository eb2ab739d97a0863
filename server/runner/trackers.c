/* A list without an order. A question is asked in a turn, which costs one look at an index. One
 * that waits is asked again when a delivery of its event has ended in a turn, when its time is
 * over, and after other processes have written: so a turn that ends nothing does not look at the
 * list, however many wait.
 *
 * The answer is the state alone: no body, no output and no reason of a failure, because the link
 * with the token may be handed on. */
#include "server/runner/trackers.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "server/pipeline/track.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling ---- */

static const char *const state_names[] = {[DELIVERY_PENDING] = "pending",
                                          [DELIVERY_RUNNING] = "running",
                                          [DELIVERY_DONE] = "done",
                                          [DELIVERY_DEAD] = "failed",
                                          [DELIVERY_SUPERSEDED] = "superseded"};

/* What runs says more than what waits, what failed more than what is done, and that more than what
 * a newer event has made needless. */
static enum delivery_state state_of(const struct journal_track *track)
{
    size_t counts[DELIVERY_STATES] = {0};
    const struct journal_progress *progress = track->progress;
    for (size_t i = 0; i < track->count; i++, progress = progress->next)
        counts[progress->state]++;
    return counts[DELIVERY_RUNNING]   ? DELIVERY_RUNNING
           : counts[DELIVERY_PENDING] ? DELIVERY_PENDING
           : counts[DELIVERY_DEAD]    ? DELIVERY_DEAD
           : counts[DELIVERY_DONE]    ? DELIVERY_DONE
                                      : DELIVERY_SUPERSEDED;
}

static bool is_open(const struct journal_track *track)
{
    return state_of(track) <= DELIVERY_RUNNING;
}

static bool append_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (!unix_ms)
        return true;
    clock_format_unix_ms(unix_ms, text);
    return buffer_printf(out, ",\"%s\":\"%s\"", name, text);
}

static bool append_action(struct buffer *out, const struct journal_progress *progress)
{
    return buffer_append_text(out, "{\"name\":") &&
           json_append_string(out, bytes_of_text(progress->action)) &&
           buffer_printf(out, ",\"state\":\"%s\",\"attempt\":%u", state_names[progress->state],
                         progress->attempt) &&
           append_time(out, "started", progress->started_ms) &&
           append_time(out, "ended", progress->ended_ms) && buffer_append_text(out, "}");
}

static bool append_state(struct buffer *out, const struct journal_track *track)
{
    const struct journal_progress *progress = track->progress;
    bool good = buffer_printf(out, "{\"id\":\"%s\",\"state\":\"%s\"", track->id,
                              state_names[state_of(track)]) &&
                append_time(out, "received", track->received_ms) &&
                buffer_append_text(out, ",\"actions\":[");
    for (size_t i = 0; i < track->count && good; i++, progress = progress->next)
        good = (i == 0 || buffer_append_text(out, ",")) && append_action(out, progress);
    return good && buffer_append_text(out, "]}");
}

static void tell(struct listener_link *link, uint64_t tag, enum frame_state state,
                 struct bytes text)
{
    listener_link_state(link, &(struct state_frame){.tag = tag, .state = state, .text = text});
    listener_link_flush(link);
}

static void tell_nothing(const struct tracker *tracker, enum frame_state why)
{
    tell(tracker->link, tracker->frame.tag, why, bytes_of(NULL, 0));
}

static void tell_track(const struct tracker *tracker, const struct journal_track *track)
{
    struct buffer text;
    buffer_init(&text, FRAME_STATE_MAX);
    if (track->count == 0)
        tell_nothing(tracker, STATE_UNKNOWN);
    else if (append_state(&text, track))
        tell(tracker->link, tracker->frame.tag, STATE_KNOWN, buffer_bytes(&text));
    else
        tell_nothing(tracker, STATE_UNREAD);
    buffer_finish(&text);
}

/* ---- the list ---- */

static void remove_at(struct trackers *trackers, size_t index)
{
    struct tracker *tracker = &trackers->items[index];
    trackers->due -= tracker->is_due;
    trackers->waiting -= tracker->is_waiting;
    *tracker = trackers->items[--trackers->count];
}

static void make_due(struct trackers *trackers, struct tracker *tracker)
{
    trackers->due += !tracker->is_due;
    tracker->is_due = true;
}

/* To the earliest end of the time of a question that waits. */
static void set_timer(struct trackers *trackers)
{
    int64_t first_ns = INT64_MAX;
    for (size_t i = 0; i < trackers->count; i++) {
        const struct tracker *tracker = &trackers->items[i];
        if (tracker->is_waiting && !tracker->is_due && tracker->until_ns < first_ns)
            first_ns = tracker->until_ns;
    }
    if (first_ns < INT64_MAX)
        loop_timer_set(trackers->loop, &trackers->timer, first_ns);
    else
        loop_timer_remove(trackers->loop, &trackers->timer);
}

static void time_is_over(struct loop_timer *timer)
{
    struct trackers *trackers = timer->owner;
    int64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < trackers->count; i++)
        if (trackers->items[i].is_waiting && trackers->items[i].until_ns <= now)
            make_due(trackers, &trackers->items[i]);
    set_timer(trackers);
}

bool trackers_init(struct trackers *trackers, const struct settings *settings, struct loop *loop)
{
    *trackers = (struct trackers){.settings = settings, .loop = loop};
    loop_timer_init(&trackers->timer, time_is_over, trackers);
    trackers->items = calloc(TRACKERS_MAX, sizeof *trackers->items);
    return trackers->items;
}

void trackers_finish(struct trackers *trackers)
{
    loop_timer_remove(trackers->loop, &trackers->timer);
    free(trackers->items);
    trackers->items = NULL;
    trackers->count = 0;
}

static bool is_credible(const struct settings *settings, const struct track_frame *frame)
{
    return frame->route < settings->route_count &&
           track_settings_of(&settings->routes[frame->route])->is_on;
}

bool trackers_take(struct trackers *trackers, struct listener_link *link)
{
    struct tracker tracker = {.link = link};
    if (!listener_link_take_track(link, &tracker.frame))
        return false;
    if (!is_credible(trackers->settings, &tracker.frame)) {
        link->fault = "a question that cannot be";
        return false;
    }
    tracker.until_ns = clock_monotonic_ns() + (int64_t)tracker.frame.wait_ms * NS_PER_MS;
    if (trackers->count == TRACKERS_MAX) {
        tell_nothing(&tracker, STATE_CROWDED);
        return true;
    }
    trackers->items[trackers->count] = tracker;
    make_due(trackers, &trackers->items[trackers->count++]);
    return true;
}

void trackers_ask_all(struct trackers *trackers)
{
    for (size_t i = 0; i < trackers->count && trackers->waiting > 0; i++)
        if (trackers->items[i].is_waiting)
            make_due(trackers, &trackers->items[i]);
}

void trackers_close(struct trackers *trackers)
{
    trackers->is_closed = true;
    trackers_ask_all(trackers);
}

void trackers_forget(struct trackers *trackers, const struct listener_link *link)
{
    for (size_t i = trackers->count; i-- > 0;)
        if (trackers->items[i].link == link)
            remove_at(trackers, i);
}

void trackers_refuse(struct trackers *trackers)
{
    for (size_t i = trackers->count; i-- > 0;) {
        const struct tracker tracker = trackers->items[i];
        if (!tracker.is_due)
            continue;
        remove_at(trackers, i);
        tell_nothing(&tracker, STATE_UNREAD);
    }
}

/* ---- a turn ---- */

/* The turn may be completed when the list has changed, so it borrows nothing of that. */
void trackers_fill(struct trackers *trackers, struct journal_turn *turn)
{
    size_t count = 0;
    for (size_t i = 0; i < trackers->count && trackers->due > 0 && count < TRACKERS_STEP; i++) {
        struct tracker *tracker = &trackers->items[i];
        if (!tracker->is_due)
            continue;
        tracker->is_due = false;
        trackers->due--;
        memcpy(trackers->ids[count], tracker->frame.id, ID_TEXT_SIZE);
        trackers->tracks[count] =
            (struct journal_track){.id = trackers->ids[count],
                                   .route = trackers->settings->routes[tracker->frame.route].name};
        tracker->asked = ++count;
    }
    turn->tracks = trackers->tracks;
    turn->track_count = count;
}

static bool is_of(const struct tracker *tracker, int64_t handle)
{
    return tracker->is_waiting && handle >= tracker->handle &&
           handle - tracker->handle < (int64_t)tracker->count;
}

static void note_end(struct trackers *trackers, int64_t handle)
{
    for (size_t i = 0; i < trackers->count; i++)
        if (!trackers->items[i].asked && is_of(&trackers->items[i], handle))
            make_due(trackers, &trackers->items[i]);
}

/* What the turn has ended is to be asked for, unless it was asked for in that turn. */
static void note_ends(struct trackers *trackers, const struct journal_turn *turn)
{
    if (turn->deaths)
        trackers_ask_all(trackers);
    for (const struct journal_finish *finish = turn->finish; finish; finish = finish->next)
        note_end(trackers, finish->handle);
    for (size_t i = 0; i < turn->superseded.count; i++)
        note_end(trackers, turn->superseded.items[i].handle);
}

/* Whether the question goes on waiting. */
static bool keep_waiting(struct trackers *trackers, struct tracker *tracker,
                         const struct journal_track *track)
{
    if (track->count == 0 || !is_open(track) || trackers->is_closed ||
        tracker->until_ns <= clock_monotonic_ns() ||
        (!tracker->is_waiting && trackers->waiting == TRACKERS_WAITING))
        return false;
    trackers->waiting += !tracker->is_waiting;
    tracker->is_waiting = true;
    tracker->handle = track->handle;
    tracker->count = track->count;
    return true;
}

/* Backwards, because the last one takes the place of one that is removed. */
void trackers_settle(struct trackers *trackers, const struct journal_turn *turn)
{
    bool done = turn->end == JOURNAL_DONE;
    if (done && trackers->waiting > 0)
        note_ends(trackers, turn);
    for (size_t i = trackers->count; i-- > 0 && turn->track_count > 0;) {
        struct tracker *tracker = &trackers->items[i];
        const struct journal_track *track =
            tracker->asked ? &turn->tracks[tracker->asked - 1] : NULL;
        tracker->asked = 0;
        if (!track || (done && keep_waiting(trackers, tracker, track)))
            continue;
        const struct tracker told = *tracker;
        remove_at(trackers, i);
        if (done)
            tell_track(&told, track);
        else
            tell_nothing(&told, STATE_UNREAD);
    }
    if (turn->track_count > 0)
        set_timer(trackers);
}

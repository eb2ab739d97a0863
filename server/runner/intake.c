/* A frame is answered with what the journal's turn says, and never before: an event that the turn
 * was to admit is not acknowledged while it may still be lost. What a listener sends is checked for
 * what no listener of ours would send, because the runner trusts none. */
#include "server/runner/intake.h"

#include "base/clock.h"
#include "handlers/action/selection.h"
#include "handlers/admission/coalesce.h"
#include "handlers/admission/dedupe.h"
#include "handlers/content/unfold.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/respond.h"

#include <assert.h>
#include <string.h>

enum {
    EVENT_BYTES = 4096, /* of the event that is asked about */
};

/* How long a turn that has written something proves that the journal can be written. */
#define PROOF_NS NS_PER_S

static const char quarantine_reason[] = "the event does not conform to the schema of its route";

int64_t intake_window_ms(const struct settings *settings)
{
    int64_t window_ms = 0;
    for (size_t i = 0; i < settings->route_count; i++)
        if (!dedupe_settings_of(&settings->routes[i])->off &&
            dedupe_settings_of(&settings->routes[i])->window_ms > window_ms)
            window_ms = dedupe_settings_of(&settings->routes[i])->window_ms;
    return window_ms;
}

/* ---- the batch ---- */

static bool are_credible(const struct settings *settings, const struct event_frame *frame)
{
    const struct route *route = &settings->routes[frame->route];
    int64_t key, bad = frame->fold < 0 || (frame->fold && !coalesce_settings_of(route)->window_ms);
    for (size_t at = 0; at + sizeof key <= frame->keys.length; at += sizeof key) {
        memcpy(&key, frame->keys.data + at, sizeof key);
        bad |= key < 0;
    }
    return !bad &&
           (frame->keys.length == 0 || frame->keys.length == route->action_count * sizeof key);
}

static bool is_credible(const struct settings *settings, const struct event_frame *frame)
{
    const struct event *event = &frame->event;
    if (frame->asks)
        return event->body.length == 0 && event->payload.length == 0 && event->headers.length == 0;
    return frame->route < settings->route_count && are_credible(settings, frame) &&
           (frame->actions & ~selection_of_all(&settings->routes[frame->route])) == 0 &&
           event->body.length <= (uint64_t)unfold_body_max(&settings->routes[frame->route]) &&
           event_is_bounded(event);
}

void intake_collect(struct intake *intake, struct listener_link *link)
{
    size_t before = intake->count;
    while (intake->count < INTAKE_BATCH && intake->bytes < INTAKE_BYTES) {
        struct intake_item *item = &intake->items[intake->count];
        if (intake->trackers && trackers_take(intake->trackers, link))
            continue;
        if (!listener_link_take(link, &item->frame))
            break;
        if (!is_credible(intake->settings, &item->frame)) {
            link->fault = "an event that cannot be";
            break;
        }
        item->link = link;
        item->admit = NULL;
        item->learn = NULL;
        item->answer =
            (struct answer_frame){.tag = item->frame.tag, .status = FRAME_REFUSED_JOURNAL};
        intake->bytes += item->frame.event.body.length + item->frame.event.payload.length;
        intake->count++;
    }
    if (intake->count == before && link->taken > 0) /* nothing of it is borrowed */
        listener_link_settle(link);
}

static void fill_key(struct intake *intake, struct intake_item *item, const struct route *route)
{
    const char *name = pipeline_provisioned_name(route);
    size_t length = item->frame.event.body.length;
    if (!name || length < PROVISIONED_KEY_MIN || length > PROVISIONED_KEY_MAX ||
        intake->learn_count == INTAKE_LEARNS)
        return;
    item->learn = &intake->learns[intake->learn_count++];
    *item->learn = (struct journal_learn){
        .route = route->name, .provider = name, .key = item->frame.event.body};
}

/* The numbers of the actions that were chosen, in their order, where these are not all. */
static void fill_chosen(struct intake *intake, size_t index, const struct route_queue *queue)
{
    struct intake_item *item = &intake->items[index];
    int64_t *numbers = intake->chosen[index];
    if (item->frame.actions == 0 || item->frame.actions == selection_of_all(queue->route))
        return;
    item->admit->actions = numbers;
    item->admit->action_count = 0;
    for (size_t place = 0; place < queue->action_count; place++)
        if (item->frame.actions >> place & 1)
            numbers[item->admit->action_count++] = queue->numbers[place];
}

static bool has_place(const struct event_frame *frame, size_t place)
{
    return frame->actions == 0 || frame->actions >> place & 1;
}

/* How deliveries are limited and folded. */
static void fill_keys(struct intake *intake, size_t index, const struct route_queue *queue)
{
    struct intake_item *item = &intake->items[index];
    const struct coalesce_settings *coalesce = coalesce_settings_of(queue->route);
    int64_t *keys = intake->keys[index];
    size_t count = 0;
    for (size_t place = 0; place < queue->action_count; place++) {
        if (!has_place(&item->frame, place))
            continue;
        if (queue_cancels(&queue->actions[place]))
            journal_places_add(&item->admit->cancels, count);
        if (item->frame.keys.length > 0)
            memcpy(&keys[count], item->frame.keys.data + place * sizeof *keys, sizeof *keys);
        count++;
    }
    item->admit->keys = item->frame.keys.length > 0 ? keys : NULL;
    item->admit->fold = (struct journal_fold){.key = item->frame.fold,
                                              .window_ms = coalesce->window_ms,
                                              .most_ms = coalesce->max_wait_ms};
}

/* Where the event has the action whose output is the answer. */
static void fill_answering(struct journal_admit *admit, const struct route_queue *queue)
{
    const struct respond_settings *respond = respond_settings_of(queue->route);
    for (size_t i = 0; respond->output && i < admit->action_count; i++)
        if (admit->actions[i] == queue->numbers[respond->action])
            admit->answering = admit->actions[i];
    admit->answer_most = (size_t)respond->size;
}

static void fill_event(struct intake *intake, size_t index, struct route_queue *queue,
                       struct backlog *backlog)
{
    struct intake_item *item = &intake->items[index];
    const struct route *route = queue->route;
    struct event *event = &item->frame.event;
    event->route = bytes_of_text(route->name);
    if (dedupe_settings_of(route)->off)
        event->dedupe_key = bytes_of(NULL, 0);
    item->admit = &intake->admits[intake->admit_count++];
    *item->admit = (struct journal_admit){
        .event = event,
        .actions = queue->numbers,
        .action_count = queue->action_count,
        .window_ms = dedupe_settings_of(route)->window_ms,
        .keeps_dead = dedupe_settings_of(route)->dead == DEDUPE_DEAD_KEEP,
        .dead_reason = event->failures.length > 0 ? quarantine_reason : NULL};
    fill_chosen(intake, index, queue);
    fill_keys(intake, index, queue);
    fill_answering(item->admit, queue);
    item->room =
        item->admit->dead_reason
            ? BACKLOG_ROOM
            : backlog_reserve(backlog, queue, item->admit->action_count, event->body.length);
    item->admit->queue_full = item->room != BACKLOG_ROOM;
}

/* A commit of nothing succeeds on a disk that takes nothing. Where nothing else has been written of
 * late, a question is answered by writing something. */
static bool needs_proof(const struct intake *intake)
{
    int64_t now = clock_monotonic_ns();
    return intake->is_asked && (!intake->written_ns || now - intake->written_ns >= PROOF_NS);
}

void intake_fill(struct intake *intake, struct journal_turn *turn, struct dispatch *dispatch)
{
    assert(intake->admit_count == 0 && intake->learn_count == 0 && intake->count <= INTAKE_BATCH);
    turn->admits = intake->admits;
    for (size_t i = 0; i < intake->count; i++) {
        struct intake_item *item = &intake->items[i];
        const struct route *routes = intake->settings->routes;
        uint32_t route = item->frame.route;
        assert(route < intake->settings->route_count); /* as intake_collect has checked */
        if (item->frame.asks) {
            intake->is_asked = true;
        } else if (item->frame.learns) {
            fill_key(intake, item, &routes[route]);
        } else {
            fill_event(intake, i, &dispatch->queue.routes[route], &dispatch->backlog);
            if (!item->admit->dead_reason && !item->admit->queue_full)
                dispatch_push(dispatch, turn, intake->admit_count - 1);
        }
    }
    turn->admit_count = intake->admit_count;
    turn->learns = intake->learns;
    turn->learn_count = intake->learn_count;
    turn->question_bytes = intake->is_asked ? EVENT_BYTES : 0;
    turn->proves = needs_proof(intake);
}

/* ---- the answers ---- */

static void answer_event(struct answer_frame *answer, const struct journal_admit *admit,
                         enum backlog_room room)
{
    static const enum frame_status statuses[] = {[ADMIT_ACCEPTED] = FRAME_ACCEPTED,
                                                 [ADMIT_DUPLICATE] = FRAME_DUPLICATE,
                                                 [ADMIT_RERUN] = FRAME_AGAIN,
                                                 [ADMIT_NO_ROOM] = FRAME_REFUSED_SPACE,
                                                 [ADMIT_QUEUE_FULL] = FRAME_REFUSED_QUEUE};
    assert(admit->result < sizeof statuses / sizeof *statuses);
    answer->status = statuses[admit->result];
    if (answer->status == FRAME_REFUSED_QUEUE && room == BACKLOG_ALL_FULL)
        answer->status = FRAME_REFUSED_ALL_QUEUES;
    if (answer->status <= FRAME_DUPLICATE)
        memcpy(answer->id, admit->id, sizeof answer->id);
    if (answer->status == FRAME_DUPLICATE) {
        answer->duplicate = (uint16_t)admit->why;
        answer->can_replay = admit->can_replay;
    }
}

static void answer_item(struct intake_item *item, const struct journal_turn *turn, bool is_full,
                        unsigned retry_after_s)
{
    struct answer_frame *answer = &item->answer;
    bool done = turn && turn->end == JOURNAL_DONE;
    if (done && item->admit)
        answer_event(answer, item->admit, item->room);
    else if (done && item->learn)
        answer->status = item->learn->added ? FRAME_ACCEPTED : FRAME_REFUSED_KNOWN;
    else if (done && item->frame.asks)
        answer->status = !turn->question_fits ? FRAME_REFUSED_SPACE
                         : is_full            ? FRAME_REFUSED_ALL_QUEUES
                                              : FRAME_ACCEPTED;
    if (answer->status > FRAME_DUPLICATE)
        answer->retry_after_s =
            answer->status >= FRAME_REFUSED_QUEUE ? BACKLOG_RETRY_S : retry_after_s;
    answer->follows = answer->status <= FRAME_DUPLICATE && item->admit && item->admit->answering &&
                      !item->admit->dead_reason;
    listener_link_answer(item->link, answer);
}

/* When the sender is answered late. His deadline counts from the head of the request, which the
 * listener has stamped with the time of day; that may have been set since. */
static int64_t late_ns(const struct respond_settings *respond, const struct event *event)
{
    int64_t gone_ms = clock_unix_ms() - event->received_ms;
    if (gone_ms < 0)
        gone_ms = 0;
    int64_t left_ms = gone_ms < respond->deadline_ms ? respond->deadline_ms - gone_ms : 0;
    return clock_monotonic_ns() + left_ms * NS_PER_MS;
}

/* The second part of an answer: the output of a command, once there is one. */
static void await_output(const struct intake *intake, const struct intake_item *item,
                         struct dispatch *dispatch)
{
    const struct respond_settings *respond =
        respond_settings_of(&intake->settings->routes[item->frame.route]);
    const struct awaited awaited = {.link = item->link,
                                    .tag = item->frame.tag,
                                    .handle = item->admit->answer_handle,
                                    .route = item->frame.route,
                                    .until_ns = late_ns(respond, &item->frame.event),
                                    .most = (size_t)respond->size,
                                    .streams = respond->streams};
    if (awaited.handle)
        dispatch_await(dispatch, &awaited);
    else
        answers_tell_kept(&awaited, item->admit->answer);
}

static bool has_written(const struct journal_turn *turn)
{
    bool writes = turn->proves;
    for (size_t i = 0; i < turn->admit_count && !writes; i++)
        writes = turn->admits[i].result == ADMIT_ACCEPTED;
    return writes;
}

void intake_answer(struct intake *intake, const struct journal_turn *turn,
                   struct dispatch *dispatch, unsigned retry_after_s)
{
    if (turn && turn->end == JOURNAL_DONE && has_written(turn))
        intake->written_ns = clock_monotonic_ns();
    for (size_t i = 0; i < intake->count; i++)
        answer_item(&intake->items[i], turn, backlog_is_full(&dispatch->backlog), retry_after_s);
    for (size_t i = 0; i < intake->count; i++)
        if (intake->items[i].answer.follows)
            await_output(intake, &intake->items[i], dispatch);
    for (size_t i = 0; i < intake->count; i++) {
        struct listener_link *link = intake->items[i].link;
        if (link->taken > 0)
            listener_link_settle(link);
        if (link->out.length > 0)
            listener_link_flush(link);
    }
    intake->count = intake->admit_count = intake->learn_count = intake->bytes = 0;
    intake->is_asked = false;
}

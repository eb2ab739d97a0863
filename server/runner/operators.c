/* A request names an event, and means all of its deliveries that are under way here. Who waits for
 * the end of one is told when the outcome is in the journal: not what was wanted, but what it has
 * become. A delivery that is only claimed has not begun yet, and is none of those; whoever asks
 * looks into the journal again anyway.
 *
 * Output goes out in pieces of base64, because it may be any bytes. While a client does not take
 * them, pieces are left out and counted. */
#include "server/runner/operators.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/log.h"
#include "server/ipc/operator_request.h"
#include "server/runner/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_MAX = 12 * 1024 };

struct runner_operator {
    struct runner_operator *next;
    struct runner_operators *operators;
    struct operator_link link;
    enum { WAITS_FOR_NOTHING, WAITS_FOR_END, FOLLOWS, WAITS_FOR_POLL, IS_POLLED } does;
    char id[ID_TEXT_SIZE];
    size_t running; /* attempts whose end it waits for */
    uint64_t skipped;
};

/* ---- lines ---- */

static bool put_text(struct buffer *out, const char *name, const char *text)
{
    return buffer_printf(out, ",\"%s\":", name) && json_append_string(out, bytes_of_text(text));
}

static bool put_action(struct buffer *out, const struct attempt *attempt)
{
    return buffer_append_text(out, "{\"action\":") &&
           json_append_string(out, bytes_of_text(attempt->texts[FIELD_action]));
}

/* Pieces that the client has not taken in time. */
static void put_skipped(struct runner_operator *asker)
{
    if (asker->skipped > 0)
        buffer_printf(&asker->link.out, "{\"skipped\":%llu}\n", (unsigned long long)asker->skipped);
    asker->skipped = 0;
}

static void say_outcome(struct runner_operator *asker, const struct attempt *attempt)
{
    static const char *const words[] = {[OUTCOME_DONE] = "done",
                                        [OUTCOME_FAILED] = "failed",
                                        [OUTCOME_TIMEOUT] = "timeout",
                                        [OUTCOME_INTERRUPTED] = "interrupted",
                                        [OUTCOME_CANCELLED] = "cancelled"};
    struct buffer *out = &asker->link.out;
    const struct outcome *outcome = &attempt->outcome;
    put_skipped(asker);
    (void)(put_action(out, attempt) &&
           put_text(out, "outcome", attempt->finish.applied ? words[outcome->kind] : "overtaken") &&
           buffer_printf(out, ",\"exit\":%d,\"signal\":%d", outcome->exit_status,
                         outcome->signal) &&
           put_text(out, "reason", outcome->kind == OUTCOME_DONE ? "" : outcome->reason) &&
           buffer_append_text(out, "}\n"));
    operator_link_flush(&asker->link);
}

static void say_refusal(struct runner_operator *asker, const struct attempt *attempt,
                        const char *reason)
{
    struct buffer *out = &asker->link.out;
    (void)(put_action(out, attempt) && put_text(out, "outcome", "running") &&
           put_text(out, "reason", reason) && buffer_append_text(out, "}\n"));
    operator_link_flush(&asker->link);
}

static void end_if_over(struct runner_operator *asker)
{
    if (asker->does == WAITS_FOR_NOTHING || asker->running > 0 || asker->link.is_ended)
        return;
    asker->does = WAITS_FOR_NOTHING;
    operator_link_done(&asker->link, "");
}

/* ---- output ---- */

static void put_piece(struct runner_operator *asker, const struct attempt *attempt, bool is_error,
                      struct bytes piece)
{
    struct buffer *out = &asker->link.out;
    char text[BASE64_SIZE(PIECE_MAX)];
    if (out->length > OPERATOR_OUT_CROWDED) {
        asker->skipped += piece.length;
        return;
    }
    put_skipped(asker);
    base64_encode(piece, text);
    (void)(put_action(out, attempt) && buffer_printf(out, ",\"stream\":\"%s\",\"base64\":\"%s\"}\n",
                                                     is_error ? "error" : "output", text));
    operator_link_flush(&asker->link);
}

static void put_output(struct runner_operator *asker, const struct attempt *attempt, bool is_error,
                       struct bytes output)
{
    for (; output.length > 0; output = bytes_from(output, PIECE_MAX))
        put_piece(asker, attempt, is_error,
                  bytes_of(output.data, output.length < PIECE_MAX ? output.length : PIECE_MAX));
}

static bool is_for(const struct runner_operator *asker, const struct attempt *attempt)
{
    return strcmp(asker->id, attempt->texts[FIELD_id]) == 0;
}

static void output_came(void *context, bool is_error, struct bytes piece)
{
    struct attempt *attempt = context;
    struct dispatch *dispatch = attempt->owner;
    struct runner_operators *operators = dispatch->watcher->owner;
    struct runner_operator *asker = operators->first;
    for (; asker; asker = asker->next)
        if (asker->does == FOLLOWS && is_for(asker, attempt))
            put_output(asker, attempt, is_error, piece);
}

/* One who comes when another follows already sees what comes from then on. */
static void follow(struct attempt *attempt)
{
    const struct action_kind *kind = attempt->action->kind;
    const struct output_follower follower = {output_came, attempt};
    if (attempt->followed || !kind->follow || !attempt->under_way)
        return;
    attempt->followed = true;
    kind->follow(attempt->under_way, &follower);
}

/* ---- attempts ---- */

static void attempt_started(void *owner, struct attempt *attempt)
{
    struct runner_operators *operators = owner;
    for (struct runner_operator *asker = operators->first; asker; asker = asker->next) {
        if (asker->does != FOLLOWS || !is_for(asker, attempt))
            continue;
        asker->running++;
        follow(attempt);
    }
}

static void attempt_settled(void *owner, const struct attempt *attempt)
{
    struct runner_operators *operators = owner;
    for (struct runner_operator *asker = operators->first; asker; asker = asker->next) {
        if (asker->does == WAITS_FOR_NOTHING || asker->running == 0 || !is_for(asker, attempt))
            continue;
        asker->running--;
        say_outcome(asker, attempt);
        end_if_over(asker);
    }
}

/* Nobody looks on any more. */
static void unfollow(struct runner_operators *operators, const char *id)
{
    struct runner_operator *asker = operators->first;
    while (asker && (asker->does != FOLLOWS || strcmp(asker->id, id) != 0))
        asker = asker->next;
    struct attempt *attempt = operators->dispatch->started.first;
    for (; !asker && attempt; attempt = attempt->next) {
        if (!attempt->followed || strcmp(attempt->texts[FIELD_id], id) != 0)
            continue;
        attempt->followed = false;
        attempt->action->kind->follow(attempt->under_way, NULL);
    }
}

/* ---- verbs ---- */

/* Of those that have ended and whose outcome is not in the journal yet: how many there are. With
 * `each`, which may be NULL, for each of them. */
static size_t ended_walk(struct runner_operator *asker,
                         void (*each)(struct runner_operator *asker, const struct attempt *attempt))
{
    const struct dispatch *dispatch = asker->operators->dispatch;
    const struct attempt_list *lists[] = {&dispatch->ended, &dispatch->written};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++)
        for (struct attempt *attempt = lists[i]->first; attempt; attempt = attempt->next) {
            if (!is_for(asker, attempt))
                continue;
            count++;
            if (each)
                each(asker, attempt);
        }
    return count;
}

static struct attempt *find_started(const struct dispatch *dispatch, int64_t handle)
{
    struct attempt *attempt = dispatch->started.first;
    while (attempt && attempt->finish.handle != handle)
        attempt = attempt->next;
    return attempt;
}

static size_t list_started(const struct runner_operator *asker, int64_t handles[])
{
    struct attempt *attempt = asker->operators->dispatch->started.first;
    size_t count = 0;
    for (; attempt && count < JOURNAL_ACTIONS_MAX; attempt = attempt->next)
        if (is_for(asker, attempt))
            handles[count++] = attempt->finish.handle;
    return count;
}

/* A cancel may end its attempt at once, and others with it: so each is looked for. The outcome of
 * one that has ended comes with the next turn. */
static void ask_cancel(struct runner_operator *asker)
{
    int64_t handles[JOURNAL_ACTIONS_MAX];
    size_t count = list_started(asker, handles);
    asker->running = count + ended_walk(asker, NULL);
    asker->does = WAITS_FOR_END;
    for (size_t i = 0; i < count; i++) {
        struct attempt *attempt = find_started(asker->operators->dispatch, handles[i]);
        const struct action_kind *kind = attempt ? attempt->action->kind : NULL;
        if (!attempt)
            continue;
        attempt->cancelled = true;
        if (kind->cancel && kind->cancel(attempt->under_way))
            continue;
        attempt->cancelled = false;
        asker->running--;
        say_refusal(asker, attempt, "its worker has it, and cannot give it back");
    }
    end_if_over(asker);
}

/* Its outcome is still to be said, and who hears that one does not look into the journal. */
static void put_kept(struct runner_operator *asker, const struct attempt *attempt)
{
    put_output(asker, attempt, false, attempt->outcome.output);
    put_output(asker, attempt, true, attempt->outcome.error_output);
}

static void ask_follow(struct runner_operator *asker)
{
    struct dispatch *dispatch = asker->operators->dispatch;
    asker->does = FOLLOWS;
    asker->running = ended_walk(asker, put_kept);
    for (struct attempt *attempt = dispatch->started.first; attempt; attempt = attempt->next) {
        if (!is_for(asker, attempt))
            continue;
        asker->running++;
        follow(attempt);
    }
    end_if_over(asker);
}

static bool put_journal(struct buffer *out, const struct journal_health *health)
{
    int64_t free = 0;
    bool known = health->journal->engine->space(health->journal, &free);
    char when[CLOCK_TEXT_SIZE];
    clock_format_unix_ms(health->refused_ms, when);
    return buffer_printf(out, ",\"journal\":{\"refuses\":%s,\"space_low\":%s,\"free\":%lld",
                         health->refuses ? "true" : "false", health->low_space ? "true" : "false",
                         known ? (long long)(free > 0 ? free : 0) : -1) &&
           (health->refused_ms == 0 ||
            (put_text(out, "refused", when) && put_text(out, "state", health->refusal.state) &&
             put_text(out, "reason", health->refusal.reason.text))) &&
           buffer_append_text(out, "}");
}

static bool put_count(struct buffer *out, const struct backlog_count *count)
{
    return buffer_printf(out, "\"deliveries\":%lld,\"bytes\":%lld,\"full\":%s}",
                         (long long)count->deliveries, (long long)count->bytes,
                         count->is_full ? "true" : "false");
}

/* Of all routes, and of each that has a limit of its own and something that waits. */
static bool put_queues(struct buffer *out, const struct backlog *backlog)
{
    size_t own_count = backlog->queue->route_count - backlog->queue->told_count;
    bool some = false, put = buffer_append_text(out, ",\"queue\":{") &&
                             put_count(out, &backlog->all) &&
                             buffer_append_text(out, ",\"queues\":[");
    for (size_t i = 0; put && i < own_count; i++) {
        const struct backlog_count *count = &backlog->routes[i];
        bool is_limited = count->limit.max > 0 || count->limit.bytes > 0;
        if (!count->route || !is_limited || count->deliveries <= 0)
            continue;
        put = buffer_append_text(out, some ? ",{\"route\":" : "{\"route\":") &&
              json_append_string(out, bytes_of_text(count->route)) &&
              buffer_append_text(out, ",") && put_count(out, count);
        some = true;
    }
    return put && buffer_append_text(out, "]");
}

static void ask_status(struct runner_operator *asker)
{
    const struct runner_operators *operators = asker->operators;
    const struct dispatch *dispatch = operators->dispatch;
    const struct process *process = operators->process;
    struct buffer *out = &asker->link.out;
    (void)(buffer_printf(out, "{\"runner\":{\"id\":%llu,\"running\":%zu,\"commands\":%u",
                         (unsigned long long)process->runner_id, dispatch->started.count,
                         dispatch->queue.slots_used) &&
           buffer_printf(out, ",\"claiming\":%s,\"log_pages\":%u",
                         dispatch->claiming ? "true" : "false",
                         process->shared ? (unsigned)process->shared->journal_pages : 0) &&
           put_journal(out, operators->health) && put_queues(out, &dispatch->backlog) &&
           put_text(out, "last_error", log_last_error()) && buffer_append_text(out, "}}\n"));
    operator_link_done(&asker->link, "");
}

static void ask_refresh(struct runner_operator *asker)
{
    asker->does = WAITS_FOR_POLL;
}

static const struct {
    const char *name;
    bool needs_id;
    void (*run)(struct runner_operator *asker);
} verbs[] = {{"status", false, ask_status},
             {"cancel", true, ask_cancel},
             {"follow", true, ask_follow},
             {"refresh", false, ask_refresh}};

static void ask(struct runner_operator *asker, struct bytes line)
{
    struct operator_request request;
    struct error why = {"there is no verb of that name"};
    bool read = operator_request_read(line, &request, &why);
    operator_link_answer(&asker->link);
    for (size_t i = 0; read && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, request.verb) != 0)
            continue;
        if (verbs[i].needs_id && !id_valid(bytes_of_text(request.id))) {
            error_set(&why, "\"id\" must be the whole id of an event");
            break;
        }
        snprintf(asker->id, sizeof asker->id, "%s", request.id);
        verbs[i].run(asker);
        return;
    }
    operator_link_fail(&asker->link, why.text);
}

/* ---- connections ---- */

static void link_over(struct operator_link *link)
{
    struct runner_operator *asker = link->owner;
    struct runner_operators *operators = asker->operators;
    struct runner_operator **place = &operators->first;
    while (*place != asker)
        place = &(*place)->next;
    *place = asker->next;
    operators->count--;
    if (asker->id[0])
        unfollow(operators, asker->id);
    if (operators->count == 0)
        operators->dispatch->watcher = NULL;
    operator_link_finish(link);
    free(asker);
}

/* The line is there already, or comes from somebody who may do so: the supervisor has seen it. */
static void link_readable(struct operator_link *link)
{
    struct runner_operator *asker = link->owner;
    uint8_t line[OPERATOR_LINE_MAX];
    size_t length;
    if (operator_request_peek(link->fd, line, &length) == 1 &&
        recv(link->fd, line, length, MSG_DONTWAIT) == (ssize_t)length)
        ask(asker, bytes_of(line, length));
}

void runner_operators_init(struct runner_operators *operators, const struct process *process,
                           struct loop *loop, struct dispatch *dispatch,
                           const struct journal_health *health)
{
    *operators = (struct runner_operators){.process = process,
                                           .loop = loop,
                                           .dispatch = dispatch,
                                           .health = health,
                                           .watcher = {attempt_started, attempt_settled}};
    operators->watcher.owner = operators;
}

void runner_operators_finish(struct runner_operators *operators)
{
    while (operators->first)
        link_over(&operators->first->link);
}

void runner_operators_take(struct runner_operators *operators, int fd)
{
    struct runner_operator *asker =
        fd >= 0 && operators->count < RUNNER_OPERATORS_MAX ? calloc(1, sizeof *asker) : NULL;
    if (!asker) {
        if (fd >= 0)
            operator_turn_away(fd, "too many connections");
        return;
    }
    asker->operators = operators;
    if (!operator_link_init(&asker->link, operators->loop, fd, link_readable, link_over, asker)) {
        free(asker);
        return;
    }
    asker->next = operators->first;
    operators->first = asker;
    operators->count++;
    operators->dispatch->watcher = &operators->watcher;
}

/* ---- a turn ---- */

bool runner_operators_are_due(const struct runner_operators *operators)
{
    const struct runner_operator *asker = operators->first;
    while (asker && asker->does != WAITS_FOR_POLL)
        asker = asker->next;
    return asker;
}

void runner_operators_fill(struct runner_operators *operators, struct journal_turn *turn)
{
    for (struct runner_operator *asker = operators->first; asker; asker = asker->next) {
        if (asker->does != WAITS_FOR_POLL)
            continue;
        asker->does = IS_POLLED;
        turn->polls = true;
    }
}

/* A poll that finds something has the next turn read which routes are paused. */
void runner_operators_settle(struct runner_operators *operators, const struct journal_turn *turn)
{
    bool is_obeyed = dispatch_obeys_pauses(operators->dispatch);
    struct runner_operator *asker = operators->first;
    for (; asker; asker = asker->next) {
        if (asker->does != IS_POLLED)
            continue;
        if (turn->end != JOURNAL_DONE)
            asker->does = WAITS_FOR_POLL;
        else if (is_obeyed && !asker->link.is_ended) {
            asker->does = WAITS_FOR_NOTHING;
            operator_link_done(&asker->link, "");
        }
    }
}

/* A list without an order: it is short, and is looked at when a command starts or ends, and when
 * one that is streamed says something. Who has waited past his time is not removed then, because
 * the listener has answered him without a word to us; he is when the list is full. So a listener
 * whose clients go away cannot make us wait for more than the limit, nor for longer than the
 * deadline. */
#include "server/runner/answers.h"

#include "base/clock.h"
#include "handlers/action/action.h"

#include <stdlib.h>

enum { SHARE_OF_COMMANDS = 4 /* one in so many */ };

bool answers_init(struct answers *answers, const struct settings *settings)
{
    size_t limit = (size_t)settings->server.commands / SHARE_OF_COMMANDS;
    *answers = (struct answers){.limit = limit > 0 ? limit : 1};
    answers->items = calloc(answers->limit, sizeof *answers->items);
    return answers->items;
}

void answers_finish(struct answers *answers)
{
    free(answers->items);
    *answers = (struct answers){0};
}

/* ---- telling ---- */

static void tell(const struct awaited *awaited, const struct output_frame *frame)
{
    listener_link_output(awaited->link, frame);
    listener_link_flush(awaited->link);
}

void answers_tell_late(const struct awaited *awaited, enum frame_output_end end)
{
    tell(awaited, &(struct output_frame){.tag = awaited->tag, .end = end, .exit_status = -1});
}

static void tell_output(const struct awaited *awaited, enum frame_output_end end, int exit_status,
                        struct bytes output)
{
    tell(awaited, &(struct output_frame){.tag = awaited->tag,
                                         .end = end,
                                         .exit_status = end == OUTPUT_EXITED ? exit_status : -1,
                                         .output = output});
}

void answers_tell_kept(const struct awaited *awaited, const struct journal_answer *kept)
{
    if (!kept)
        answers_tell_late(awaited, OUTPUT_OPEN);
    else if (kept->output.length != kept->output_total)
        answers_tell_late(awaited, OUTPUT_NOT_KEPT);
    else
        tell_output(awaited, kept->exit_status >= 0 ? OUTPUT_EXITED : OUTPUT_SIGNALLED,
                    kept->exit_status, kept->output);
}

static enum frame_output_end end_of(const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_TIMEOUT)
        return OUTPUT_TIMED_OUT;
    if (outcome->kind == OUTCOME_CANCELLED)
        return OUTPUT_CANCELLED;
    if (outcome->exit_status >= 0)
        return OUTPUT_EXITED;
    return outcome->signal != 0 ? OUTPUT_SIGNALLED : OUTPUT_NOT_STARTED;
}

static void tell_outcome(const struct awaited *awaited, const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_INTERRUPTED)
        answers_tell_late(awaited, OUTPUT_INTERRUPTED);
    else if (awaited->sent > 0) /* all of it, in pieces */
        tell_output(awaited, end_of(outcome), outcome->exit_status, bytes_of(NULL, 0));
    else if (outcome->output_total > awaited->most ||
             outcome->output.length != outcome->output_total)
        answers_tell_late(awaited, OUTPUT_TOO_LONG);
    else
        tell_output(awaited, end_of(outcome), outcome->exit_status, outcome->output);
}

/* ---- the list ---- */

static void remove_at(struct answers *answers, size_t index)
{
    answers->items[index] = answers->items[--answers->count];
}

static void remove_expired(struct answers *answers)
{
    int64_t now = clock_monotonic_ns();
    for (size_t i = answers->count; i-- > 0;)
        if (answers->items[i].until_ns <= now)
            remove_at(answers, i);
}

void answers_await(struct answers *answers, const struct awaited *awaited)
{
    if (answers->count == answers->limit)
        remove_expired(answers);
    if (answers->count == answers->limit)
        answers_tell_late(awaited, OUTPUT_CROWDED);
    else
        answers->items[answers->count++] = *awaited;
}

bool answers_has_stream(const struct answers *answers, int64_t handle)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->items[i].handle == handle && answers->items[i].streams)
            return true;
    return false;
}

/* False: the stream ends here, because of `*end`. */
static bool send_piece(struct awaited *awaited, struct bytes piece, enum frame_output_end *end)
{
    size_t room = awaited->most - awaited->sent;
    struct bytes part = bytes_of(piece.data, piece.length < room ? piece.length : room);
    *end = OUTPUT_NO_ROOM;
    if (!piece.data || !listener_link_piece(awaited->link, awaited->tag, part))
        return false;
    awaited->sent += part.length;
    *end = OUTPUT_TOO_LONG;
    return part.length == piece.length;
}

void answers_piece(struct answers *answers, int64_t handle, struct bytes piece)
{
    enum frame_output_end end;
    for (size_t i = answers->count; i-- > 0;) {
        struct awaited *awaited = &answers->items[i];
        if (awaited->handle != handle || !awaited->streams)
            continue;
        if (send_piece(awaited, piece, &end)) {
            listener_link_flush(awaited->link);
            continue;
        }
        const struct awaited told = *awaited;
        remove_at(answers, i);
        answers_tell_late(&told, end);
    }
}

void answers_ended(struct answers *answers, int64_t handle, const struct outcome *outcome)
{
    for (size_t i = answers->count; i-- > 0;) {
        const struct awaited awaited = answers->items[i];
        if (awaited.handle != handle)
            continue;
        remove_at(answers, i);
        tell_outcome(&awaited, outcome);
    }
}

void answers_give_up(struct answers *answers, enum frame_output_end end,
                     bool (*is_given_up)(void *context, const struct awaited *awaited),
                     void *context)
{
    for (size_t i = answers->count; i-- > 0;) {
        const struct awaited awaited = answers->items[i];
        if (!is_given_up(context, &awaited))
            continue;
        remove_at(answers, i);
        answers_tell_late(&awaited, end);
    }
}

static bool is_of(void *context, const struct awaited *awaited)
{
    const int64_t *handle = context;
    return awaited->handle == *handle;
}

void answers_give_up_one(struct answers *answers, int64_t handle, enum frame_output_end end)
{
    answers_give_up(answers, end, is_of, &handle);
}

void answers_forget(struct answers *answers, const struct listener_link *link)
{
    for (size_t i = answers->count; i-- > 0;)
        if (answers->items[i].link == link)
            remove_at(answers, i);
}

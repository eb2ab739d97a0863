/* Every way in which a turn makes a delivery pending or ends that: what came and was not born
 * running, what a copy has run again, what has ended without being over, what was claimed. What
 * others have done is not told, and counted anew. */
#include "server/runner/pending.h"

#include "server/runner/attempt.h"

static void count_admit(struct dispatch *dispatch, const struct journal_admit *admit)
{
    size_t bytes = admit->event->body.length;
    if (admit->result != ADMIT_ACCEPTED || admit->dead_reason)
        return;
    for (size_t i = 0; i < admit->action_count; i++)
        if (!journal_places_has(&admit->claimed, i))
            backlog_change(&dispatch->backlog, queue_find(&dispatch->queue, admit->actions[i]),
                           admit->handle + (int64_t)i, (int64_t)bytes, 1);
}

static void count_pending(struct dispatch *dispatch, const struct journal_turn *turn)
{
    struct backlog *backlog = &dispatch->backlog;
    backlog_load(backlog, turn);
    for (size_t i = 0; i < dispatch->reserved_count; i++) {
        const struct reservation *one = &dispatch->reserved[i];
        if (!one->is_new && turn->wants[one->index].result != WANT_NO_MEMORY)
            backlog_change(backlog, one->action, turn->wants[one->index].handle, one->bytes, -1);
    }
    for (struct attempt *attempt = dispatch->written.first; attempt; attempt = attempt->next)
        if (attempt->finish.applied && attempt->finish.state == DELIVERY_PENDING)
            backlog_change(backlog, attempt->action, attempt->finish.handle,
                           (int64_t)attempt->body_bytes, 1);
    for (size_t i = 0; i < turn->admit_count; i++)
        count_admit(dispatch, &turn->admits[i]);
    for (size_t i = 0; i < turn->reruns.count; i++) {
        const struct journal_due *due = &turn->reruns.items[i];
        backlog_change(backlog, queue_find(&dispatch->queue, due->action), due->handle, due->bytes,
                       1);
    }
    if (turn->take_over && turn->take_over->count > 0)
        backlog_recount(backlog);
}

static void release_admits(struct dispatch *dispatch, const struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->admit_count; i++) {
        const struct journal_admit *admit = &turn->admits[i];
        if (!admit->queue_full && !admit->dead_reason && admit->action_count > 0)
            backlog_release(&dispatch->backlog,
                            queue_find(&dispatch->queue, admit->actions[0])->of_route,
                            admit->action_count, admit->event->body.length);
    }
}

void pending_settle(struct dispatch *dispatch, const struct journal_turn *turn)
{
    if (turn->end == JOURNAL_DONE)
        count_pending(dispatch, turn);
    release_admits(dispatch, turn);
}

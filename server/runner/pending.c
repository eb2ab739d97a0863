/* Every way in which a turn makes a delivery pending or ends that: what came and was not born
 * running, what a copy has run again, what has ended without being over, what was claimed. What
 * others have done is not told, and counted anew. */
#include "server/runner/pending.h"

static void count_admit(struct backlog *backlog, const struct journal_admit *admit)
{
    size_t bytes = admit->event->body.length;
    if (admit->result != ADMIT_ACCEPTED || admit->dead_reason)
        return;
    for (size_t i = 0; i < admit->action_count; i++)
        if (!journal_places_has(&admit->claimed, i))
            backlog_change(backlog, queue_find(backlog->queue, admit->actions[i]),
                           admit->handle + (int64_t)i, (int64_t)bytes, 1);
}

static void count_told(struct backlog *backlog, const struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->admit_count; i++)
        count_admit(backlog, &turn->admits[i]);
    for (size_t i = 0; i < turn->reruns.count; i++) {
        const struct journal_due *due = &turn->reruns.items[i];
        backlog_change(backlog, queue_find(backlog->queue, due->action), due->handle, due->bytes,
                       1);
    }
    for (size_t i = 0; i < turn->superseded.count; i++) {
        const struct journal_superseded *one = &turn->superseded.items[i];
        if (!one->is_running)
            backlog_change(backlog, queue_find(backlog->queue, one->action), one->handle,
                           one->bytes, -1);
    }
    if (turn->take_over && turn->take_over->count > 0)
        backlog_recount(backlog);
}

static void count_claimed(struct backlog *backlog, const struct journal_turn *turn,
                          const struct reservation *reserved, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct journal_want *want =
            reserved[i].is_new ? NULL : &turn->wants[reserved[i].index];
        if (want && (want->result == WANT_CLAIMED || want->result == WANT_LOST))
            backlog_change(backlog, reserved[i].action, want->handle, reserved[i].bytes, -1);
    }
}

static void count_ended(struct backlog *backlog, const struct attempt *written)
{
    for (; written; written = written->next)
        if (written->finish.applied && written->finish.state == DELIVERY_PENDING)
            backlog_change(backlog, written->action, written->finish.handle,
                           (int64_t)written->body_bytes, 1);
}

static void release_admits(struct backlog *backlog, const struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->admit_count; i++) {
        const struct journal_admit *admit = &turn->admits[i];
        if (!admit->queue_full && !admit->dead_reason && admit->action_count > 0)
            backlog_release(backlog, queue_find(backlog->queue, admit->actions[0])->of_route,
                            admit->action_count, admit->event->body.length);
    }
}

void pending_settle(struct backlog *backlog, const struct journal_turn *turn,
                    const struct reservation *reserved, size_t reserved_count,
                    const struct attempt *written)
{
    if (turn->end == JOURNAL_DONE) {
        backlog_load(backlog, turn);
        count_claimed(backlog, turn, reserved, reserved_count);
        count_ended(backlog, written);
        count_told(backlog, turn);
    }
    release_admits(backlog, turn);
}

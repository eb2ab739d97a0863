/* Senders have a button "Redeliver", and people press it when they have mended what failed. So what
 * is dead of an event is pending again when a copy of it comes, except for:
 *
 *   - what may have ended the server (crashes, stops): a sender must not be able to repeat that;
 *   - what its schema refused, unless the copy conforms and is the same: what runs is what is
 *     stored, and that has been held against the schema only by its copy;
 *   - an event that has been run again ten times: senders that repeat what they were told was taken
 *     exist.
 *
 * The transaction is the judge, as it is of duplicates: inside it nobody else can change a state.
 * Where there is no body any more that could be carried out, the copy is an event of its own. */
#include "server/runner/rerun.h"

#include "handlers/admission/dedupe.h"

static bool may_run(const struct dispatch *dispatch, const struct journal_dead *dead)
{
    return !dead->given_up && dispatch_has_action(dispatch, dead->action);
}

static void collect(struct rerun *rerun, const struct dispatch *dispatch,
                    const struct journal_known *known)
{
    for (size_t i = 0; i < known->dead_count; i++)
        if (may_run(dispatch, &known->dead[i]))
            rerun->deliveries[rerun->count++] = known->dead[i];
}

/* Of an event of which nothing may run again. */
static enum frame_duplicate why_not(const struct journal_known *known)
{
    for (size_t i = 0; i < known->dead_count; i++)
        if (known->dead[i].given_up)
            return DUPLICATE_GIVEN_UP;
    if (known->dead_count > 0)
        return DUPLICATE_GONE;
    if (known->open > 0)
        return DUPLICATE_OPEN;
    return known->done > 0 ? DUPLICATE_DONE : DUPLICATE_GONE;
}

static void do_nothing(struct rerun *rerun, enum frame_duplicate why,
                       const struct journal_known *known)
{
    rerun->what = RERUN_NOTHING;
    rerun->why = why;
    rerun->can_replay = known->has_body && why != DUPLICATE_OPEN && why != DUPLICATE_GONE;
}

void rerun_decide(struct rerun *rerun, const struct dispatch *dispatch, const struct route *route,
                  int64_t first, const struct event_frame *copy)
{
    struct journal_known known;
    rerun->count = 0;
    /* after a failure nothing of the transaction stays, whatever is decided */
    journal_read_known(dispatch->journal, first, &known);
    collect(rerun, dispatch, &known);
    if (rerun->count == 0)
        do_nothing(rerun, why_not(&known), &known);
    else if (dedupe_settings_of(route)->dead == DEDUPE_DEAD_KEEP)
        do_nothing(rerun, DUPLICATE_KEPT, &known);
    else if (known.reruns >= JOURNAL_RERUNS_MAX)
        do_nothing(rerun, DUPLICATE_TOO_OFTEN, &known);
    else if (!known.has_body)
        rerun->what = RERUN_NEW_EVENT;
    else if (copy->failures.length > 0)
        do_nothing(rerun, DUPLICATE_REFUSED, &known);
    else if (known.quarantined &&
             !journal_has_content(dispatch->journal, first, copy->event_type, copy->body))
        rerun->what = RERUN_NEW_EVENT;
    else
        rerun->what = RERUN_DEAD;
}

bool rerun_begin(const struct rerun *rerun, struct dispatch *dispatch, int64_t first)
{
    for (size_t i = 0; i < rerun->count; i++)
        if (!dispatch_rerun(dispatch, &rerun->deliveries[i]))
            return false;
    return journal_count_rerun(dispatch->journal, first);
}

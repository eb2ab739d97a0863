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
#include "server/journal/engine.h"

static bool may_run(const struct journal *journal, const struct journal_dead *dead)
{
    return !dead->given_up && engine_find_action(journal, dead->action);
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

static size_t count_runnable(const struct journal *journal, const struct journal_known *known)
{
    size_t count = 0;
    for (size_t i = 0; i < known->dead_count; i++)
        count += may_run(journal, &known->dead[i]);
    return count;
}

static void keep_runnable(const struct journal *journal, struct journal_known *known)
{
    size_t count = 0;
    for (size_t i = 0; i < known->dead_count; i++)
        if (may_run(journal, &known->dead[i]))
            known->dead[count++] = known->dead[i];
    known->dead_count = count;
}

static enum rerun nothing(enum frame_duplicate why, const struct journal_known *known,
                          struct journal_admit *admit)
{
    admit->why = why;
    admit->can_replay = known->has_body && why != DUPLICATE_OPEN && why != DUPLICATE_GONE;
    return RERUN_NOTHING;
}

enum rerun rerun_decide(const struct journal *journal, struct journal_known *known,
                        struct journal_admit *admit)
{
    if (count_runnable(journal, known) == 0)
        return nothing(why_not(known), known, admit);
    if (admit->keeps_dead)
        return nothing(DUPLICATE_KEPT, known, admit);
    if (known->reruns >= JOURNAL_RERUNS_MAX)
        return nothing(DUPLICATE_TOO_OFTEN, known, admit);
    if (!known->has_body)
        return RERUN_NEW_EVENT;
    if (admit->event->failures.length > 0)
        return nothing(DUPLICATE_REFUSED, known, admit);
    keep_runnable(journal, known);
    return known->quarantined ? RERUN_DEAD_IF_SAME : RERUN_DEAD;
}

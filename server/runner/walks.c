/* The events stand in the order in which they came, so each age is one place in their row, which
 * moves as time passes: a round looks at what has passed it since the last one. The walk with the
 * youngest age goes first and takes along those that stand behind it.
 *
 * For the size, what is done goes first, from where the last such walk stopped; then what has been
 * done since behind that place; then bodies of dead events and keys. These go until there is some
 * room, because to find out that nothing else is left takes a walk over everything. */
#include "server/runner/walks.h"

#include <string.h>

/* What an event takes of which no more is left than its key, its entry among the ids included. */
enum { KEY_BYTES = 400 };
/* Of keep.size: what is made free at once by what hurts. */
enum { DROP_PART = 16 };

static const struct {
    enum walk walk;
    bool from_oldest;
} stages[] = {{WALK_SIZE, false}, {WALK_SIZE, true}, {WALK_DROP, true}};

enum { STAGES = sizeof stages / sizeof *stages };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t age_limit(const struct journal_upkeep *limits, enum walk walk)
{
    const int64_t ages[WALK_AGES] = {[WALK_BODY] = limits->body_before_ms,
                                     [WALK_DONE] = limits->done_before_ms,
                                     [WALK_DEAD] = limits->dead_before_ms,
                                     [WALK_KEY] = limits->dedupe_before_ms};
    return ages[walk];
}

void walks_init(struct walks *walks)
{
    *walks = (struct walks){.walk = WALK_COUNT};
}

void walks_sweep(struct walks *walks)
{
    memset(walks->positions, 0, WALK_AGES * sizeof *walks->positions);
    walks->positions[WALK_SIZE] = 0;
}

static void begin_stage(struct walks *walks, unsigned stage)
{
    walks->stage = stage;
    walks->walk = stages[stage].walk;
    if (stages[stage].from_oldest)
        walks->positions[walks->walk] = 0;
    walks->began_at_oldest = walks->positions[walks->walk] == 0;
}

void walks_begin(struct walks *walks, bool ages)
{
    memset(walks->ages_done, 0, sizeof walks->ages_done);
    walks->is_exhausted = false;
    begin_stage(walks, 0);
    if (ages)
        walks->walk = WALK_AGES - 1; /* walks_fill chooses */
}

/* The one with the youngest age that is left; false: all have been made. */
static bool choose_age(struct walks *walks, const struct journal_upkeep *limits)
{
    int64_t youngest = 0;
    for (enum walk walk = 0; walk < WALK_AGES; walk++) {
        int64_t limit = age_limit(limits, walk);
        if (walks->ages_done[walk] || limit <= youngest)
            continue;
        youngest = limit;
        walks->walk = walk;
    }
    return youngest > 0;
}

static bool has_too_many_keys(const struct walks *walks, int64_t keep_size)
{
    int64_t edge = larger(walks->positions[WALK_SIZE], walks->positions[WALK_DONE]);
    return (edge - walks->positions[WALK_KEYS]) * KEY_BYTES > keep_size / 2;
}

void walks_fill(struct walks *walks, const struct journal_upkeep *limits,
                struct journal_upkeep *step)
{
    bool by_age = walks->walk < WALK_AGES && choose_age(walks, limits);
    *step = *limits;
    if (!by_age) {
        walks->walk =
            has_too_many_keys(walks, limits->keep_size) ? WALK_KEYS : stages[walks->stage].walk;
        step->keep_size -= walks->walk == WALK_DROP ? limits->keep_size / DROP_PART : 0;
    }
    step->until_ms = by_age ? age_limit(limits, walks->walk) : INT64_MAX;
    step->for_size = !by_age;
    step->drops_bodies = walks->walk == WALK_DROP;
    step->drops_keys = walks->walk == WALK_DROP || walks->walk == WALK_KEYS;
    step->position = walks->positions[walks->walk];
}

static void note_age(struct walks *walks, const struct journal_upkeep *step)
{
    walks->ages_done[walks->walk] = step->ended;
    for (enum walk walk = 0; walk < WALK_AGES; walk++)
        if (step->reached_ms > 0 && step->reached_ms < age_limit(step, walk))
            walks->positions[walk] = larger(walks->positions[walk], step->position);
}

static void note_size(struct walks *walks, const struct journal_upkeep *step)
{
    if (step->over == 0) {
        walks->walk = WALK_COUNT;
        return;
    }
    if (!step->ended || walks->walk == WALK_KEYS)
        return;
    unsigned next = walks->stage + 1;
    if (next < STAGES && walks->began_at_oldest && stages[next].walk == walks->walk)
        next++; /* that would be the same once more */
    if (next < STAGES) {
        begin_stage(walks, next);
        return;
    }
    walks->is_exhausted = true;
    walks->walk = WALK_COUNT;
}

void walks_note(struct walks *walks, const struct journal_upkeep *step)
{
    walks->positions[walks->walk] = step->position;
    if (walks->walk < WALK_AGES)
        note_age(walks, step);
    else
        note_size(walks, step);
}

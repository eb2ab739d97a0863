/* Fairness and memory are decided here, durability elsewhere. Routes are asked in turn; within one,
 * the delivery that was journalled first goes first, whatever its action, as long as its lane has
 * room: a pipe that nobody reads holds up nothing but itself.
 *
 * Where one route alone has commands it may use all slots. Where there are several, none of them
 * may take the last ones, because its commands may hang until their timeout: a quarter is left to
 * the others while they have nothing to do, half as soon as one of them waits, and one slot for
 * each of them that runs nothing (as long as that is not more than half). So the next event of a
 * quiet route is always served at once, whatever the others do. The bodies of what runs are shared
 * alike. */
#include "server/lanes.h"

#include <assert.h>
#include <stdlib.h>

static bool group_init(struct lane_group *group, const struct route *route, struct journal *journal,
                       size_t *feeds, struct error *err)
{
    group->lanes = calloc(route->action_count, sizeof *group->lanes);
    if (route->action_count && !group->lanes)
        return error_set(err, "no memory");
    for (size_t i = 0; i < route->action_count; i++) {
        struct lane *lane = &group->lanes[group->lane_count++];
        lane->route = route;
        lane->action = &route->actions[i];
        lane->kind = action_kind_of(&route->actions[i].handler);
        lane->group = group;
        lane->more = true;
        group->takes_slots |= lane->kind->takes_slot;
        *feeds += !lane->kind->takes_slot;
        if (!journal_find_action(journal, route->name, lane->action->name, &lane->number))
            return journal_explain(journal, err);
    }
    return true;
}

bool lanes_init(struct lanes *lanes, const struct settings *settings, struct journal *journal,
                struct error *err)
{
    *lanes = (struct lanes){.slots = (unsigned)settings->server.commands};
    size_t feeds = 0;
    if (lanes->slots == 0)
        lanes->slots = 1;
    lanes->groups = calloc(settings->route_count, sizeof *lanes->groups);
    if (settings->route_count && !lanes->groups)
        return error_set(err, "no memory");
    lanes->group_count = settings->route_count;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (route->action_count > JOURNAL_ACTIONS_MAX)
            return error_set(err, "route \"%s\" has more than %d actions", route->name,
                             JOURNAL_ACTIONS_MAX);
        if (!group_init(&lanes->groups[i], route, journal, &feeds, err))
            return false;
        lanes->groups_with_slots += lanes->groups[i].takes_slots;
    }
    lanes->feed_bytes = LANES_BYTES / (feeds ? feeds : 1);
    if (lanes->feed_bytes > LANE_FEED_BYTES)
        lanes->feed_bytes = LANE_FEED_BYTES;
    return true;
}

void lanes_finish(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            free(lanes->groups[i].lanes[j].queue);
        free(lanes->groups[i].lanes);
    }
    free(lanes->groups);
    *lanes = (struct lanes){NULL};
}

struct lane *lanes_find(const struct lanes *lanes, int64_t action)
{
    for (size_t i = 0; i < lanes->group_count; i++)
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            if (lanes->groups[i].lanes[j].number == action)
                return &lanes->groups[i].lanes[j];
    return NULL;
}

/* ---- the queues ---- */

static void count_queued(struct lanes *lanes, struct lane *lane, ptrdiff_t change)
{
    struct lane_group *group = lane->group;
    bool waited = group->slots_queued > 0;
    lane->count += (size_t)change;
    group->queued += (size_t)change;
    lanes->queued += (size_t)change;
    if (lane->kind->takes_slot)
        group->slots_queued += (size_t)change;
    bool waits = group->slots_queued > 0;
    lanes->groups_waiting += (size_t)waits - (size_t)waited;
}

static bool lane_append(struct lanes *lanes, struct lane *lane, int64_t delivery)
{
    if (!lane->queue)
        lane->queue = calloc(LANE_QUEUE, sizeof *lane->queue);
    if (!lane->queue || lane->count == LANE_QUEUE)
        return false;
    assert(delivery > lane->loaded_to);
    lane->queue[(lane->head + lane->count) % LANE_QUEUE] = delivery;
    lane->loaded_to = delivery;
    count_queued(lanes, lane, 1);
    return true;
}

void lanes_push(struct lanes *lanes, size_t route, size_t place, int64_t delivery)
{
    struct lane *lane = &lanes->groups[route].lanes[place];
    /* behind others that are not loaded yet, it has to wait for its turn to be */
    if (lane->more || !lane_append(lanes, lane, delivery))
        lane->more = true;
}

static void lane_rewind(struct lanes *lanes, struct lane *lane)
{
    count_queued(lanes, lane, -(ptrdiff_t)lane->count);
    lane->head = 0;
    lane->loaded_to = 0;
    lane->more = true;
}

static int64_t *lane_place(const struct lane *lane, size_t index)
{
    return &lane->queue[(lane->head + index) % LANE_QUEUE];
}

/* Makes room by leaving the last one to be read again. */
static void lane_drop_last(struct lanes *lanes, struct lane *lane)
{
    count_queued(lanes, lane, -1);
    lane->loaded_to = *lane_place(lane, lane->count - 1);
    lane->more = true;
}

void lanes_insert(struct lanes *lanes, struct lane *lane, int64_t delivery)
{
    if (!lane->queue && !(lane->queue = calloc(LANE_QUEUE, sizeof *lane->queue))) {
        lane_rewind(lanes, lane);
        return;
    }
    if (lane->count == LANE_QUEUE)
        lane_drop_last(lanes, lane);
    if (delivery > lane->loaded_to) {
        lane->more = true; /* it is read with what follows */
        return;
    }
    size_t index = lane->count;
    for (; index > 0 && *lane_place(lane, index - 1) > delivery; index--)
        *lane_place(lane, index) = *lane_place(lane, index - 1);
    *lane_place(lane, index) = delivery;
    count_queued(lanes, lane, 1);
}

void lanes_look(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->group_count; i++)
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            lanes->groups[i].lanes[j].more = true;
}

void lanes_reset(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->group_count; i++)
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            lane_rewind(lanes, &lanes->groups[i].lanes[j]);
}

static bool lane_refill(struct lanes *lanes, struct lane *lane, struct journal *journal,
                        int64_t now_ms)
{
    int64_t seqs[LANE_QUEUE];
    size_t room = LANE_QUEUE - lane->count, found;
    if (!journal_find_pending(journal, lane->number, lane->loaded_to, now_ms, seqs, room, &found))
        return false;
    lane->more = found == room;
    for (size_t i = 0; i < found; i++)
        if (!lane_append(lanes, lane, seqs[i]))
            lane->more = true;
    return true;
}

bool lanes_refill(struct lanes *lanes, struct journal *journal, int64_t now_ms)
{
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++) {
            struct lane *lane = &lanes->groups[i].lanes[j];
            if (lane->more && lane->count < LANE_LOW && !lane_refill(lanes, lane, journal, now_ms))
                return false;
        }
    }
    return true;
}

/* ---- whose turn it is ---- */

static unsigned slots_of_one(const struct lanes *lanes, const struct lane_group *group)
{
    bool alone = lanes->groups_waiting <= (group->slots_queued > 0 ? 1 : 0);
    unsigned quarter = lanes->slots / 4 > 0 ? lanes->slots / 4 : 1;
    return alone ? lanes->slots - quarter : lanes->slots / 2;
}

/* Slots that are left to routes which run nothing; the one that asks runs something. */
static unsigned slots_kept(const struct lanes *lanes)
{
    size_t quiet = lanes->groups_with_slots - lanes->groups_running;
    return quiet < lanes->slots / 2 ? (unsigned)quiet : lanes->slots / 2;
}

static bool slot_is_free(const struct lanes *lanes, const struct lane_group *group)
{
    unsigned left = lanes->slots - lanes->slots_used;
    if (left == 0 || group->slots_used == 0)
        return left > 0;
    if (lanes->slot_bytes >= LANES_BYTES)
        return false;
    return lanes->groups_with_slots == 1 ||
           (group->slots_used < slots_of_one(lanes, group) && left > slots_kept(lanes) &&
            group->slot_bytes < LANES_BYTES / 4 * 3);
}

static bool lane_may_run(const struct lanes *lanes, const struct lane *lane)
{
    if (lane->count == 0)
        return false;
    if (lane->kind->takes_slot)
        return slot_is_free(lanes, lane->group);
    return lane->running == 0 ||
           (lane->running < LANE_FEED && lane->running_bytes < lanes->feed_bytes);
}

static struct lane *group_next(const struct lanes *lanes, struct lane_group *group)
{
    struct lane *first = NULL;
    for (size_t i = 0; i < group->lane_count; i++) {
        struct lane *lane = &group->lanes[i];
        if (lane_may_run(lanes, lane) &&
            (!first || lane->queue[lane->head] < first->queue[first->head]))
            first = lane;
    }
    return first;
}

struct lane *lanes_next(struct lanes *lanes)
{
    if (lanes->queued == 0)
        return NULL;
    for (size_t i = 0; i < lanes->group_count; i++) {
        size_t which = (lanes->turn + i) % lanes->group_count;
        struct lane_group *group = &lanes->groups[which];
        struct lane *lane = group->queued > 0 ? group_next(lanes, group) : NULL;
        if (!lane)
            continue;
        lanes->turn = which + 1;
        return lane;
    }
    return NULL;
}

int64_t lane_take(struct lanes *lanes, struct lane *lane)
{
    assert(lane->count > 0);
    int64_t delivery = lane->queue[lane->head];
    lane->head = (lane->head + 1) % LANE_QUEUE;
    count_queued(lanes, lane, -1);
    lane->running++;
    if (lane->kind->takes_slot) {
        lanes->groups_running += lane->group->slots_used++ == 0;
        lanes->slots_used++;
    }
    return delivery;
}

void lane_load(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    lane->running_bytes += bytes;
    if (lane->kind->takes_slot) {
        lane->group->slot_bytes += bytes;
        lanes->slot_bytes += bytes;
    }
}

void lane_give(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    assert(lane->running > 0 && lane->running_bytes >= bytes);
    lane->running--;
    lane->running_bytes -= bytes;
    if (lane->kind->takes_slot) {
        lanes->groups_running -= --lane->group->slots_used == 0;
        lane->group->slot_bytes -= bytes;
        lanes->slots_used--;
        lanes->slot_bytes -= bytes;
    }
}

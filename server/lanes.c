/* Fairness and memory are decided here, durability elsewhere. Routes are asked in turn; within one,
 * the delivery that was journalled first goes first, whatever its action, as long as its lane has
 * room: a pipe that nobody reads holds up nothing but itself.
 *
 * Where one route alone has commands it may use all slots. Where there are several, none of them
 * may take the last ones, because its commands may hang until their timeout: a quarter is left to
 * the others while they have nothing to do, half as soon as one of them waits, and one slot for
 * each of them that runs nothing (as long as that is not more than half). So the next event of a
 * quiet route is always served at once, whatever the others do. The bodies of what runs are shared
 * alike.
 *
 * Nothing here looks at every route while events come: routes and lanes that have something to do
 * are in lists, which lane_changed keeps. A look along the routes that wait for slots passes over
 * none but those that have some, which are not more than there are slots. */
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
        group->takes_slots |= lane->kind->takes_slot;
        *feeds += !lane->kind->takes_slot;
        if (!journal_find_action(journal, route->name, lane->action->name, &lane->number))
            return journal_explain(journal, err);
    }
    return true;
}

static int compare_numbers(const void *left, const void *right)
{
    const struct lane_number *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static bool number_lanes(struct lanes *lanes, struct error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < lanes->group_count; i++)
        count += lanes->groups[i].lane_count;
    lanes->numbers = calloc(count + 1, sizeof *lanes->numbers);
    if (!lanes->numbers)
        return error_set(err, "no memory");
    for (size_t i = 0; i < lanes->group_count; i++)
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++) {
            struct lane *lane = &lanes->groups[i].lanes[j];
            lanes->numbers[lanes->lane_count++] = (struct lane_number){lane->number, lane};
        }
    qsort(lanes->numbers, count, sizeof *lanes->numbers, compare_numbers);
    return true;
}

bool lanes_init(struct lanes *lanes, const struct settings *settings, struct journal *journal,
                struct error *err)
{
    *lanes = (struct lanes){.slots = (unsigned)settings->server.commands, .unread = true};
    size_t feeds = 0;
    TAILQ_INIT(&lanes->shorts);
    TAILQ_INIT(&lanes->feeding);
    TAILQ_INIT(&lanes->waiting);
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
    return number_lanes(lanes, err);
}

void lanes_finish(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            free(lanes->groups[i].lanes[j].queue);
        free(lanes->groups[i].lanes);
    }
    free(lanes->groups);
    free(lanes->numbers);
    *lanes = (struct lanes){NULL};
}

struct lane *lanes_find(const struct lanes *lanes, int64_t action)
{
    const struct lane_number wanted = {.number = action};
    const struct lane_number *found = bsearch(&wanted, lanes->numbers, lanes->lane_count,
                                              sizeof *lanes->numbers, compare_numbers);
    return found ? found->lane : NULL;
}

/* ---- the queues ---- */

static bool feed_may_run(const struct lanes *lanes, const struct lane *lane)
{
    return lane->count > 0 && (lane->running == 0 || (lane->running < LANE_FEED &&
                                                      lane->running_bytes < lanes->feed_bytes));
}

static bool group_feeds(const struct lanes *lanes, const struct lane_group *group)
{
    for (size_t i = 0; i < group->lane_count; i++)
        if (!group->lanes[i].kind->takes_slot && feed_may_run(lanes, &group->lanes[i]))
            return true;
    return false;
}

/* Puts the lane and its route into the lists that they belong to now, at the end. */
static void lane_changed(struct lanes *lanes, struct lane *lane)
{
    struct lane_group *group = lane->group;
    bool is_short = lane->more && lane->count < LANE_LOW;
    if (is_short && !lane->is_short)
        TAILQ_INSERT_TAIL(&lanes->shorts, lane, in_short);
    else if (!is_short && lane->is_short)
        TAILQ_REMOVE(&lanes->shorts, lane, in_short);
    lane->is_short = is_short;

    bool is_feeding = group_feeds(lanes, group);
    if (is_feeding && !group->is_feeding)
        TAILQ_INSERT_TAIL(&lanes->feeding, group, in_feeding);
    else if (!is_feeding && group->is_feeding)
        TAILQ_REMOVE(&lanes->feeding, group, in_feeding);
    group->is_feeding = is_feeding;

    bool is_waiting = group->slots_queued > 0;
    if (is_waiting && !group->is_waiting)
        TAILQ_INSERT_TAIL(&lanes->waiting, group, in_waiting);
    else if (!is_waiting && group->is_waiting)
        TAILQ_REMOVE(&lanes->waiting, group, in_waiting);
    lanes->groups_waiting += (size_t)is_waiting - (size_t)group->is_waiting;
    group->is_waiting = is_waiting;
}

/* It has had its turn. */
static void group_to_the_end(struct lanes *lanes, struct lane_group *group)
{
    if (group->is_feeding) {
        TAILQ_REMOVE(&lanes->feeding, group, in_feeding);
        TAILQ_INSERT_TAIL(&lanes->feeding, group, in_feeding);
    }
    if (group->is_waiting) {
        TAILQ_REMOVE(&lanes->waiting, group, in_waiting);
        TAILQ_INSERT_TAIL(&lanes->waiting, group, in_waiting);
    }
}

static void count_queued(struct lane *lane, ptrdiff_t change)
{
    lane->count += (size_t)change;
    if (lane->kind->takes_slot)
        lane->group->slots_queued += (size_t)change;
}

static bool lane_append(struct lane *lane, int64_t delivery)
{
    if (!lane->queue)
        lane->queue = calloc(LANE_QUEUE, sizeof *lane->queue);
    if (!lane->queue || lane->count == LANE_QUEUE)
        return false;
    assert(delivery > lane->loaded_to);
    lane->queue[(lane->head + lane->count) % LANE_QUEUE] = delivery;
    lane->loaded_to = delivery;
    count_queued(lane, 1);
    return true;
}

void lanes_push(struct lanes *lanes, size_t route, size_t place, int64_t delivery)
{
    struct lane *lane = &lanes->groups[route].lanes[place];
    /* behind others that are not loaded yet, it has to wait for its turn to be */
    if (lane->more || lanes->unread || !lane_append(lane, delivery))
        lane->more = true;
    lane_changed(lanes, lane);
}

static void lane_rewind(struct lane *lane, bool more)
{
    count_queued(lane, -(ptrdiff_t)lane->count);
    lane->head = 0;
    lane->loaded_to = 0;
    lane->more = more;
}

static int64_t *lane_place(const struct lane *lane, size_t index)
{
    return &lane->queue[(lane->head + index) % LANE_QUEUE];
}

/* Makes room by leaving the last one to be read again. */
static void lane_drop_last(struct lane *lane)
{
    count_queued(lane, -1);
    lane->loaded_to = *lane_place(lane, lane->count - 1);
    lane->more = true;
}

static void lane_insert(struct lane *lane, int64_t delivery)
{
    if (!lane->queue && !(lane->queue = calloc(LANE_QUEUE, sizeof *lane->queue))) {
        lane_rewind(lane, true);
        return;
    }
    if (lane->count == LANE_QUEUE)
        lane_drop_last(lane);
    if (delivery > lane->loaded_to) {
        lane->more = true; /* it is read with what follows */
        return;
    }
    size_t index = lane->count;
    for (; index > 0 && *lane_place(lane, index - 1) > delivery; index--)
        *lane_place(lane, index) = *lane_place(lane, index - 1);
    *lane_place(lane, index) = delivery;
    count_queued(lane, 1);
}

void lanes_insert(struct lanes *lanes, struct lane *lane, int64_t delivery)
{
    lane_insert(lane, delivery);
    lane_changed(lanes, lane);
}

void lanes_look(struct lanes *lanes)
{
    lanes->unread = true;
}

void lanes_reset(struct lanes *lanes)
{
    lanes->unread = true;
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++) {
            struct lane *lane = &lanes->groups[i].lanes[j];
            lane_rewind(lane, false);
            lane_changed(lanes, lane);
        }
    }
}

static void note_open(void *context, int64_t action)
{
    struct lanes *lanes = context;
    struct lane *lane = lanes_find(lanes, action);
    if (!lane)
        return;
    lane->more = true;
    lane_changed(lanes, lane);
}

static bool lane_refill(struct lane *lane, struct journal *journal, int64_t now_ms)
{
    int64_t seqs[LANE_QUEUE];
    size_t room = LANE_QUEUE - lane->count, found;
    if (!journal_find_pending(journal, lane->number, lane->loaded_to, now_ms, seqs, room, &found))
        return false;
    lane->more = found == room;
    for (size_t i = 0; i < found; i++)
        if (!lane_append(lane, seqs[i]))
            lane->more = true;
    return true;
}

bool lanes_refill(struct lanes *lanes, struct journal *journal, int64_t now_ms)
{
    if (lanes->unread && !journal_read_open(journal, note_open, lanes))
        return false;
    lanes->unread = false;
    struct lane *lane, *next;
    for (lane = TAILQ_FIRST(&lanes->shorts); lane; lane = next) {
        next = TAILQ_NEXT(lane, in_short);
        if (!lane_refill(lane, journal, now_ms))
            return false;
        lane_changed(lanes, lane);
    }
    return true;
}

/* ---- whose turn it is ---- */

static unsigned slots_of_one(const struct lanes *lanes, const struct lane_group *group)
{
    bool alone = lanes->groups_waiting <= (group->is_waiting ? 1 : 0);
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
    return lane->kind->takes_slot ? lane->count > 0 && slot_is_free(lanes, lane->group)
                                  : feed_may_run(lanes, lane);
}

static struct lane *group_next(const struct lanes *lanes, const struct lane_group *group)
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

static const struct lane_group *first_with_slot(const struct lanes *lanes)
{
    const struct lane_group *group = NULL;
    if (lanes->slots_used < lanes->slots)
        TAILQ_FOREACH(group, &lanes->waiting, in_waiting)
            if (slot_is_free(lanes, group))
                break;
    return group;
}

struct lane *lanes_next(const struct lanes *lanes)
{
    const struct lane_group *fed = TAILQ_FIRST(&lanes->feeding);
    const struct lane_group *served = first_with_slot(lanes);
    const struct lane_group *group = !fed || (served && lanes->slots_turn) ? served : fed;
    return group ? group_next(lanes, group) : NULL;
}

int64_t lane_first(const struct lane *lane)
{
    assert(lane->count > 0);
    return lane->queue[lane->head];
}

int64_t lane_take(struct lanes *lanes, struct lane *lane)
{
    int64_t delivery = lane_first(lane);
    lane->head = (lane->head + 1) % LANE_QUEUE;
    count_queued(lane, -1);
    lane->running++;
    if (lane->kind->takes_slot) {
        lanes->groups_running += lane->group->slots_used++ == 0;
        lanes->slots_used++;
    }
    lanes->slots_turn = !lanes->slots_turn;
    lane_changed(lanes, lane);
    group_to_the_end(lanes, lane->group);
    return delivery;
}

bool lane_is_waited_for(const struct lanes *lanes, const struct lane *lane)
{
    return lane->kind->takes_slot ? lanes->groups_waiting > 0 : lane->count > 0 || lane->more;
}

void lane_load(struct lanes *lanes, struct lane *lane, size_t bytes)
{
    lane->running_bytes += bytes;
    if (lane->kind->takes_slot) {
        lane->group->slot_bytes += bytes;
        lanes->slot_bytes += bytes;
    }
    lane_changed(lanes, lane);
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
    lane_changed(lanes, lane);
}

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
#include "server/runner/queue.h"

#include <assert.h>
#include <stdlib.h>

static bool group_init(struct route_queue *group, const struct route *route,
                       struct journal *journal, size_t *feeds, struct error *err)
{
    group->lanes = calloc(route->action_count, sizeof *group->lanes);
    if (route->action_count && !group->lanes)
        return error_set(err, "no memory");
    for (size_t i = 0; i < route->action_count; i++) {
        struct action_queue *lane = &group->lanes[group->lane_count++];
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

static bool number_lanes(struct queue *lanes, struct error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < lanes->group_count; i++)
        count += lanes->groups[i].lane_count;
    lanes->numbers = calloc(count + 1, sizeof *lanes->numbers);
    if (!lanes->numbers)
        return error_set(err, "no memory");
    for (size_t i = 0; i < lanes->group_count; i++)
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++) {
            struct action_queue *lane = &lanes->groups[i].lanes[j];
            lanes->numbers[lanes->lane_count++] = (struct lane_number){lane->number, lane};
        }
    qsort(lanes->numbers, count, sizeof *lanes->numbers, compare_numbers);
    return true;
}

bool queue_init(struct queue *lanes, const struct settings *settings, struct journal *journal,
                struct error *err)
{
    *lanes = (struct queue){.slots = (unsigned)settings->server.commands, .unread = true};
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
    lanes->feed_bytes = QUEUE_BYTES / (feeds ? feeds : 1);
    if (lanes->feed_bytes > QUEUE_FEED_BYTES)
        lanes->feed_bytes = QUEUE_FEED_BYTES;
    return number_lanes(lanes, err);
}

void queue_finish(struct queue *lanes)
{
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++)
            free(lanes->groups[i].lanes[j].ring);
        free(lanes->groups[i].lanes);
    }
    free(lanes->groups);
    free(lanes->numbers);
    *lanes = (struct queue){NULL};
}

struct action_queue *queue_find(const struct queue *lanes, int64_t action)
{
    const struct lane_number wanted = {.number = action};
    const struct lane_number *found = bsearch(&wanted, lanes->numbers, lanes->lane_count,
                                              sizeof *lanes->numbers, compare_numbers);
    return found ? found->lane : NULL;
}

/* ---- the queues ---- */

static bool feed_may_run(const struct queue *lanes, const struct action_queue *lane)
{
    return lane->count > 0 && (lane->running == 0 || (lane->running < QUEUE_FEED &&
                                                      lane->running_bytes < lanes->feed_bytes));
}

static bool group_feeds(const struct queue *lanes, const struct route_queue *group)
{
    for (size_t i = 0; i < group->lane_count; i++)
        if (!group->lanes[i].kind->takes_slot && feed_may_run(lanes, &group->lanes[i]))
            return true;
    return false;
}

/* Puts the lane and its route into the lists that they belong to now, at the end. */
static void lane_changed(struct queue *lanes, struct action_queue *lane)
{
    struct route_queue *group = lane->group;
    bool is_short = lane->more && lane->count < QUEUE_LOW;
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
static void group_to_the_end(struct queue *lanes, struct route_queue *group)
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

static void count_queued(struct action_queue *lane, ptrdiff_t change)
{
    lane->count += (size_t)change;
    if (lane->kind->takes_slot)
        lane->group->slots_queued += (size_t)change;
}

static bool lane_append(struct action_queue *lane, int64_t delivery)
{
    if (!lane->ring)
        lane->ring = calloc(QUEUE_RING, sizeof *lane->ring);
    if (!lane->ring || lane->count == QUEUE_RING)
        return false;
    assert(delivery > lane->loaded_to);
    lane->ring[(lane->head + lane->count) % QUEUE_RING] = delivery;
    lane->loaded_to = delivery;
    count_queued(lane, 1);
    return true;
}

void queue_push(struct queue *lanes, size_t route, size_t place, int64_t delivery)
{
    struct action_queue *lane = &lanes->groups[route].lanes[place];
    /* behind others that are not loaded yet, it has to wait for its turn to be */
    if (lane->more || lanes->unread || !lane_append(lane, delivery))
        lane->more = true;
    lane_changed(lanes, lane);
}

static void lane_rewind(struct action_queue *lane, bool more)
{
    count_queued(lane, -(ptrdiff_t)lane->count);
    lane->head = 0;
    lane->loaded_to = 0;
    lane->more = more;
}

static int64_t *lane_place(const struct action_queue *lane, size_t index)
{
    return &lane->ring[(lane->head + index) % QUEUE_RING];
}

/* Makes room by leaving the last one to be read again. */
static void lane_drop_last(struct action_queue *lane)
{
    count_queued(lane, -1);
    lane->loaded_to = *lane_place(lane, lane->count - 1);
    lane->more = true;
}

static void lane_insert(struct action_queue *lane, int64_t delivery)
{
    if (!lane->ring && !(lane->ring = calloc(QUEUE_RING, sizeof *lane->ring))) {
        lane_rewind(lane, true);
        return;
    }
    if (lane->count == QUEUE_RING)
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

void queue_insert(struct queue *lanes, struct action_queue *lane, int64_t delivery)
{
    lane_insert(lane, delivery);
    lane_changed(lanes, lane);
}

void queue_refresh(struct queue *lanes)
{
    lanes->unread = true;
}

void queue_reset(struct queue *lanes)
{
    lanes->unread = true;
    for (size_t i = 0; i < lanes->group_count; i++) {
        for (size_t j = 0; j < lanes->groups[i].lane_count; j++) {
            struct action_queue *lane = &lanes->groups[i].lanes[j];
            lane_rewind(lane, false);
            lane_changed(lanes, lane);
        }
    }
}

static void note_open(void *context, int64_t action)
{
    struct queue *lanes = context;
    struct action_queue *lane = queue_find(lanes, action);
    if (!lane)
        return;
    lane->more = true;
    lane_changed(lanes, lane);
}

static bool lane_refill(struct action_queue *lane, struct journal *journal, int64_t now_ms)
{
    int64_t seqs[QUEUE_RING];
    size_t room = QUEUE_RING - lane->count, found;
    if (!journal_find_pending(journal, lane->number, lane->loaded_to, now_ms, seqs, room, &found))
        return false;
    lane->more = found == room;
    for (size_t i = 0; i < found; i++)
        if (!lane_append(lane, seqs[i]))
            lane->more = true;
    return true;
}

bool queue_refill(struct queue *lanes, struct journal *journal, int64_t now_ms)
{
    if (lanes->unread && !journal_read_open(journal, note_open, lanes))
        return false;
    lanes->unread = false;
    struct action_queue *lane, *next;
    for (lane = TAILQ_FIRST(&lanes->shorts); lane; lane = next) {
        next = TAILQ_NEXT(lane, in_short);
        if (!lane_refill(lane, journal, now_ms))
            return false;
        lane_changed(lanes, lane);
    }
    return true;
}

/* ---- whose turn it is ---- */

static unsigned slots_of_one(const struct queue *lanes, const struct route_queue *group)
{
    bool alone = lanes->groups_waiting <= (group->is_waiting ? 1 : 0);
    unsigned quarter = lanes->slots / 4 > 0 ? lanes->slots / 4 : 1;
    return alone ? lanes->slots - quarter : lanes->slots / 2;
}

/* Slots that are left to routes which run nothing; the one that asks runs something. */
static unsigned slots_kept(const struct queue *lanes)
{
    size_t quiet = lanes->groups_with_slots - lanes->groups_running;
    return quiet < lanes->slots / 2 ? (unsigned)quiet : lanes->slots / 2;
}

static bool slot_is_free(const struct queue *lanes, const struct route_queue *group)
{
    unsigned left = lanes->slots - lanes->slots_used;
    if (left == 0 || group->slots_used == 0)
        return left > 0;
    if (lanes->slot_bytes >= QUEUE_BYTES)
        return false;
    return lanes->groups_with_slots == 1 ||
           (group->slots_used < slots_of_one(lanes, group) && left > slots_kept(lanes) &&
            group->slot_bytes < QUEUE_BYTES / 4 * 3);
}

static bool lane_may_run(const struct queue *lanes, const struct action_queue *lane)
{
    return lane->kind->takes_slot ? lane->count > 0 && slot_is_free(lanes, lane->group)
                                  : feed_may_run(lanes, lane);
}

static struct action_queue *group_next(const struct queue *lanes, const struct route_queue *group)
{
    struct action_queue *first = NULL;
    for (size_t i = 0; i < group->lane_count; i++) {
        struct action_queue *lane = &group->lanes[i];
        if (lane_may_run(lanes, lane) &&
            (!first || lane->ring[lane->head] < first->ring[first->head]))
            first = lane;
    }
    return first;
}

static const struct route_queue *first_with_slot(const struct queue *lanes)
{
    const struct route_queue *group = NULL;
    if (lanes->slots_used < lanes->slots)
        TAILQ_FOREACH(group, &lanes->waiting, in_waiting)
    if (slot_is_free(lanes, group))
        break;
    return group;
}

struct action_queue *queue_next(const struct queue *lanes)
{
    const struct route_queue *fed = TAILQ_FIRST(&lanes->feeding);
    const struct route_queue *served = first_with_slot(lanes);
    const struct route_queue *group = !fed || (served && lanes->slots_turn) ? served : fed;
    return group ? group_next(lanes, group) : NULL;
}

int64_t queue_first(const struct action_queue *lane)
{
    assert(lane->count > 0);
    return lane->ring[lane->head];
}

int64_t queue_take(struct queue *lanes, struct action_queue *lane)
{
    int64_t delivery = queue_first(lane);
    lane->head = (lane->head + 1) % QUEUE_RING;
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

bool queue_is_waited_for(const struct queue *lanes, const struct action_queue *lane)
{
    return lane->kind->takes_slot ? lanes->groups_waiting > 0 : lane->count > 0 || lane->more;
}

void queue_load(struct queue *lanes, struct action_queue *lane, size_t bytes)
{
    lane->running_bytes += bytes;
    if (lane->kind->takes_slot) {
        lane->group->slot_bytes += bytes;
        lanes->slot_bytes += bytes;
    }
    lane_changed(lanes, lane);
}

void queue_give(struct queue *lanes, struct action_queue *lane, size_t bytes)
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

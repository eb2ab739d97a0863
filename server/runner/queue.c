/* Fairness and memory are decided here, durability elsewhere. Routes are asked in turn; within one,
 * the delivery that was journalled first goes first, whatever its action, as long as its action has
 * room: a pipe that nobody reads holds up nothing but itself.
 *
 * Where one route alone has commands it may use all slots. Where there are several, none of them
 * may take the last ones, because its commands may hang until their timeout: a quarter is left to
 * the others while they have nothing to do, half as soon as one of them waits, and one slot for
 * each of them that runs nothing (as long as that is not more than half). So the next event of a
 * quiet route is always served at once, whatever the others do. The bodies of what runs are shared
 * alike.
 *
 * Nothing here looks at every route while events come: routes and actions that have something to do
 * are in lists, which action_changed keeps. A look along the routes that wait for slots passes over
 * none but those that have some, which are not more than there are slots.
 *
 * Where `concurrency` holds back deliveries of a key, or keeps their order, they are in no ring:
 * the limit holds the first of each key (key_queue.c), and counts as queued in an action what may
 * run now. A limit without keys is a number that is looked at where room is.
 *
 * What comes in this turn is queued before it is admitted, so that it can be chosen at once: such a
 * delivery stands behind all that have a handle, as JOURNAL_HANDLE_END and its index. After the
 * turn it gets its handle or goes. */
#include "server/runner/queue.h"

#include "server/pipeline/notice.h"
#include "server/runner/key_queue.h"
#include "server/runner/queue_ring.h"

#include <assert.h>
#include <stdlib.h>

static unsigned window_of(const struct action_queue *action)
{
    const void *settings = action->action->handler.settings;
    return action->kind->window ? (unsigned)action->kind->window(settings) : QUEUE_FEED;
}

/* ---- limits ---- */

/* Those of the route that is being read stand in front. */
static struct run_limit *find_limit(const struct queue *queue, const struct route *route,
                                    const struct concurrency_settings *settings)
{
    struct run_limit *limit = queue->limits;
    while (limit && limit->settings != settings && limit->actions[0]->route == route)
        limit = limit->next;
    return limit && limit->settings == settings ? limit : NULL;
}

/* The actions of a route without limits of their own share one. */
static bool limit_action(struct queue *queue, const struct settings *settings,
                         struct action_queue *action)
{
    const struct concurrency_settings *wanted =
        concurrency_in_force(settings, action->route, action->action);
    if (!wanted)
        return true;
    struct run_limit *limit = find_limit(queue, action->route, wanted);
    if (!limit) {
        limit = run_limit_create(wanted, action->route->action_count);
        if (!limit)
            return false;
        limit->next = queue->limits;
        queue->limits = limit;
    }
    run_limit_add(limit, action);
    return true;
}

/* Whether the limit holds what waits, and the action has no ring. */
static bool has_heads(const struct action_queue *action)
{
    return action->limit && action->limit->has_heads;
}

/* What is queued and has heads is within its limit. */
static bool is_within_limit(const struct action_queue *action)
{
    const struct run_limit *limit = action->limit;
    return !limit || limit->has_heads || limit->running < limit->max;
}

static void limit_changed(struct queue *queue, struct run_limit *limit)
{
    bool is_short = limit->has_heads && keys_are_short(limit);
    if (is_short && !limit->is_short)
        TAILQ_INSERT_TAIL(&queue->short_limits, limit, in_short);
    else if (!is_short && limit->is_short)
        TAILQ_REMOVE(&queue->short_limits, limit, in_short);
    limit->is_short = is_short;
}

/* ---- beginning and end ---- */

/* With `count` actions of the route, which stand side by side. */
static bool route_init(struct route_queue *own, const struct settings *settings,
                       const struct route *route, const struct action_settings *actions,
                       size_t count, struct error *err)
{
    own->route = route;
    own->actions = calloc(count + 1, sizeof *own->actions);
    own->numbers = calloc(count + 1, sizeof *own->numbers);
    if (!own->actions || !own->numbers)
        return error_set(err, "no memory");
    for (size_t i = 0; i < count; i++) {
        struct action_queue *action = &own->actions[own->action_count++];
        action->route = route;
        action->action = &actions[i];
        action->kind = action_kind_of(&actions[i].handler);
        action->retry = retry_settings_of(settings, action->action);
        action->of_route = own;
        action->window = window_of(action);
        TAILQ_INIT(&action->ready);
        own->takes_slots |= action->kind->is_limited;
    }
    return true;
}

/* No slot is kept for who tells of failures: a failure is what gives one back. */
static bool init_tellers(struct queue *queue, const struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (!route->has_on_failure)
            continue;
        struct route_queue *own = &queue->routes[queue->route_count++];
        queue->told_count++;
        if (!route_init(own, settings, route, route_on_failure(route), 1, err))
            return false;
        own->takes_slots = false;
    }
    return true;
}

static size_t count_feeds(const struct queue *queue)
{
    size_t feeds = 0;
    for (size_t i = 0; i < queue->route_count; i++)
        for (size_t j = 0; j < queue->routes[i].action_count; j++)
            feeds += !queue->routes[i].actions[j].kind->is_limited;
    return feeds;
}

bool queue_init(struct queue *queue, const struct settings *settings, struct error *err)
{
    *queue = (struct queue){.slots = (unsigned)settings->server.commands, .unread = true};
    TAILQ_INIT(&queue->shorts);
    TAILQ_INIT(&queue->short_limits);
    TAILQ_INIT(&queue->feeding);
    TAILQ_INIT(&queue->waiting);
    if (queue->slots == 0)
        queue->slots = 1;
    queue->routes = calloc(2 * settings->route_count + 1, sizeof *queue->routes);
    if (!queue->routes)
        return error_set(err, "no memory");
    queue->route_count = settings->route_count;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (route->action_count > JOURNAL_TELLER_FIRST)
            return error_set(err, "route \"%s\" has more than %d actions", route->name,
                             JOURNAL_TELLER_FIRST);
        if (!route_init(&queue->routes[i], settings, route, route->actions, route->action_count,
                        err))
            return false;
        for (size_t j = 0; j < route->action_count; j++)
            if (!limit_action(queue, settings, &queue->routes[i].actions[j]))
                return error_set(err, "no memory");
    }
    if (!init_tellers(queue, settings, err))
        return false;
    for (size_t i = 0; i < queue->route_count; i++) {
        queue->action_count += queue->routes[i].action_count;
        queue->routes_with_slots += queue->routes[i].takes_slots;
    }
    size_t feeds = count_feeds(queue);
    queue->feed_bytes = QUEUE_BYTES / (feeds ? feeds : 1);
    if (queue->feed_bytes > QUEUE_FEED_BYTES)
        queue->feed_bytes = QUEUE_FEED_BYTES;
    queue->by_number = calloc(queue->action_count + 1, sizeof *queue->by_number);
    return queue->by_number || error_set(err, "no memory");
}

void queue_finish(struct queue *queue)
{
    for (size_t i = 0; i < queue->route_count; i++) {
        for (size_t j = 0; j < queue->routes[i].action_count; j++)
            free(queue->routes[i].actions[j].ring);
        free(queue->routes[i].actions);
        free(queue->routes[i].numbers);
    }
    while (queue->limits) {
        struct run_limit *limit = queue->limits;
        queue->limits = limit->next;
        run_limit_destroy(limit);
    }
    free(queue->routes);
    free(queue->by_number);
    *queue = (struct queue){NULL};
}

static bool fails_in_crash(const struct action_queue *action)
{
    return action->retry && action->retry->on_crash == ON_CRASH_FAIL;
}

void queue_list_actions(const struct queue *queue, struct journal_action *actions)
{
    size_t first = queue->route_count - queue->told_count;
    for (size_t i = 0, at = 0; i < queue->route_count; i++)
        for (size_t j = 0; j < queue->routes[i].action_count; j++) {
            const struct action_queue *action = &queue->routes[i].actions[j];
            actions[at++] = (struct journal_action){
                .route = action->route->name,
                .name = action->action->name,
                .counts_crashes = action->kind->counts_crashes,
                .fails_in_crash = fails_in_crash(action),
                .tell_every_ms = i < first ? 0 : notice_settings_of(action->route)->tell_every_ms};
        }
}

static int compare_numbers(const void *left, const void *right)
{
    const struct action_queue *const *a = left, *const *b = right;
    return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

void queue_number(struct queue *queue, const struct journal_action *actions)
{
    for (size_t i = 0, at = 0; i < queue->route_count; i++)
        for (size_t j = 0; j < queue->routes[i].action_count; j++, at++) {
            struct route_queue *route = &queue->routes[i];
            route->actions[j].number = route->numbers[j] = actions[at].number;
            queue->by_number[at] = &route->actions[j];
        }
    qsort(queue->by_number, queue->action_count, sizeof *queue->by_number, compare_numbers);
    for (struct run_limit *limit = queue->limits; limit; limit = limit->next) {
        run_limit_number(limit);
        if (limit->has_heads)
            keys_refresh(limit);
        limit_changed(queue, limit);
    }
}

int64_t queue_teller(const struct queue *queue, const struct route *route)
{
    for (size_t i = queue->route_count - queue->told_count; i < queue->route_count; i++)
        if (queue->routes[i].route == route)
            return queue->routes[i].numbers[0];
    return 0;
}

struct action_queue *queue_find(const struct queue *queue, int64_t number)
{
    const struct action_queue wanted = {.number = number}, *key = &wanted;
    struct action_queue **found = bsearch(&key, queue->by_number, queue->action_count,
                                          sizeof *queue->by_number, compare_numbers);
    return found ? *found : NULL;
}

/* ---- what comes ---- */

static bool feed_may_run(const struct queue *queue, const struct action_queue *action)
{
    return action->count > 0 && !action->is_held && is_within_limit(action) &&
           (action->running == 0 ||
            (action->running < action->window && action->running_bytes < queue->feed_bytes));
}

static bool route_feeds(const struct queue *queue, const struct route_queue *route)
{
    for (size_t i = 0; i < route->action_count; i++)
        if (!route->actions[i].kind->is_limited && feed_may_run(queue, &route->actions[i]))
            return true;
    return false;
}

static bool route_wants_slots(const struct route_queue *route)
{
    for (size_t i = 0; i < route->action_count; i++)
        if (route->actions[i].kind->is_limited && route->actions[i].count > 0 &&
            !route->actions[i].is_held && is_within_limit(&route->actions[i]))
            return true;
    return false;
}

/* Puts the action and its route into the lists that they belong to now, at the end. */
static void action_changed(struct queue *queue, struct action_queue *action)
{
    struct route_queue *route = action->of_route;
    if (action->limit)
        limit_changed(queue, action->limit);
    bool is_short = action->more && action->count < QUEUE_LOW;
    if (is_short && !action->is_short)
        TAILQ_INSERT_TAIL(&queue->shorts, action, in_short);
    else if (!is_short && action->is_short)
        TAILQ_REMOVE(&queue->shorts, action, in_short);
    action->is_short = is_short;

    bool is_feeding = route_feeds(queue, route);
    if (is_feeding && !route->is_feeding)
        TAILQ_INSERT_TAIL(&queue->feeding, route, in_feeding);
    else if (!is_feeding && route->is_feeding)
        TAILQ_REMOVE(&queue->feeding, route, in_feeding);
    route->is_feeding = is_feeding;

    bool is_waiting = route_wants_slots(route);
    if (is_waiting && !route->is_waiting)
        TAILQ_INSERT_TAIL(&queue->waiting, route, in_waiting);
    else if (!is_waiting && route->is_waiting)
        TAILQ_REMOVE(&queue->waiting, route, in_waiting);
    queue->routes_waiting += (size_t)is_waiting - (size_t)route->is_waiting;
    route->is_waiting = is_waiting;
}

void queue_suspend(struct queue *queue, struct action_queue *action, bool held)
{
    if (action->is_held == held)
        return;
    action->is_held = held;
    action_changed(queue, action);
}

/* It has had its turn. */
static void route_to_the_end(struct queue *queue, struct route_queue *route)
{
    if (route->is_feeding) {
        TAILQ_REMOVE(&queue->feeding, route, in_feeding);
        TAILQ_INSERT_TAIL(&queue->feeding, route, in_feeding);
    }
    if (route->is_waiting) {
        TAILQ_REMOVE(&queue->waiting, route, in_waiting);
        TAILQ_INSERT_TAIL(&queue->waiting, route, in_waiting);
    }
}

static void has_more(struct action_queue *action)
{
    action->more = action->more_again = true;
}

void queue_push(struct queue *queue, struct action_queue *action, const struct queue_pushed *pushed)
{
    /* behind others that are not loaded yet, it has to wait for its turn to be */
    if (has_heads(action))
        keys_push(action->limit, action, pushed, !queue->unread);
    else if (action->more || queue->unread ||
             !ring_append(action, JOURNAL_HANDLE_END + (int64_t)pushed->index, pushed->bytes))
        has_more(action);
    else
        action->provisional++;
    action_changed(queue, action);
}

bool queue_is_pushed(int64_t handle, size_t *index)
{
    *index = handle >= JOURNAL_HANDLE_END ? (size_t)(handle - JOURNAL_HANDLE_END) : 0;
    return handle >= JOURNAL_HANDLE_END;
}

/* Those that are not settled yet stand at the end, in their order; which place a handle takes is
 * told by that order alone. */
static void settle(struct queue *queue, struct action_queue *action, int64_t handle, uint32_t bytes)
{
    if (action->provisional == 0) /* it was not queued, or all that was is forgotten */
        return;
    size_t first = action->count - action->provisional--;
    if (handle == 0 || queue->unread) {
        /* what others have journalled may stand before it: it is read with that */
        action->count--;
        if (handle != 0)
            has_more(action);
    } else {
        assert(handle > action->loaded_to);
        ring_put(action, first, handle, bytes);
        action->loaded_to = handle;
    }
}

void queue_settle(struct queue *queue, struct action_queue *action,
                  const struct queue_pushed *pushed, int64_t handle)
{
    if (has_heads(action))
        keys_settle(action->limit, action, pushed, handle, !queue->unread);
    else
        settle(queue, action, handle, pushed->bytes);
    action_changed(queue, action);
}

static void rewind_action(struct action_queue *action)
{
    if (has_heads(action))
        return;
    action->count = 0;
    action->head = action->provisional = 0;
    action->loaded_to = 0;
    action->more = false;
}

/* Makes room by leaving the last one to be read again. */
static void drop_last(struct action_queue *action)
{
    action->count--;
    action->loaded_to = ring_handle(action, action->count - 1);
    has_more(action);
}

static void insert(struct action_queue *action, const struct journal_due *due)
{
    if (due->handle > action->loaded_to) {
        has_more(action); /* it is read with what follows */
        return;
    }
    if (!ring_is_there(action)) {
        rewind_action(action);
        has_more(action);
        return;
    }
    if (action->count == QUEUE_RING) {
        drop_last(action);
        if (due->handle > action->loaded_to)
            return;
    }
    size_t index = action->count;
    while (index > 0 && ring_handle(action, index - 1) > due->handle)
        index--;
    if (index > 0 && ring_handle(action, index - 1) == due->handle) /* a look has found it first */
        return;
    for (size_t i = action->count; i > index; i--)
        ring_put(action, i, ring_handle(action, i - 1),
                 action->ring->bytes[ring_place(action, i - 1)]);
    ring_put(action, index, due->handle, due->bytes);
    action->count++;
}

void queue_insert(struct queue *queue, struct action_queue *action, const struct journal_due *due)
{
    assert(action->provisional == 0);
    if (has_heads(action))
        keys_look_again(action->limit, due->key);
    else
        insert(action, due);
    action_changed(queue, action);
}

void queue_refresh(struct queue *queue)
{
    queue->unread = queue->unread_again = true;
    for (struct run_limit *limit = queue->limits; limit; limit = limit->next)
        if (limit->has_heads) {
            keys_refresh(limit);
            limit_changed(queue, limit);
        }
}

void queue_reset(struct queue *queue)
{
    queue->unread = queue->unread_again = true;
    for (struct run_limit *limit = queue->limits; limit; limit = limit->next)
        if (limit->has_heads)
            keys_reset(limit);
    for (size_t i = 0; i < queue->action_count; i++) {
        rewind_action(queue->by_number[i]);
        action_changed(queue, queue->by_number[i]);
    }
}

bool queue_is_short(const struct queue *queue)
{
    return queue->unread || !TAILQ_EMPTY(&queue->shorts) || !TAILQ_EMPTY(&queue->short_limits);
}

/* Whoever was asked last is asked first no more: keys of one limit do not hold up another's. */
static void ask_keys(struct queue *queue, struct journal_turn *turn)
{
    size_t count = 0, heads = QUEUE_HEADS, asked = 0;
    struct run_limit *limit;
    TAILQ_FOREACH(limit, &queue->short_limits, in_short) {
        size_t before = count;
        count += keys_ask(limit, &queue->key_looks[count], QUEUE_KEY_LOOKS - count,
                          &queue->heads[QUEUE_HEADS - heads], &heads);
        for (size_t i = before; i < count; i++)
            queue->askers[i] = (struct key_asker){limit, limit->epoch};
        asked += count > before;
    }
    for (; asked > 0; asked--) {
        limit = TAILQ_FIRST(&queue->short_limits);
        TAILQ_REMOVE(&queue->short_limits, limit, in_short);
        TAILQ_INSERT_TAIL(&queue->short_limits, limit, in_short);
    }
    turn->key_looks = queue->key_looks;
    turn->key_look_count = count;
}

void queue_ask(struct queue *queue, struct journal_turn *turn)
{
    ask_keys(queue, turn);
    size_t room = turn->due_capacity;
    turn->reads_open = queue->unread;
    queue->unread_again = false;
    turn->looks = queue->looks;
    turn->look_count = 0;
    struct action_queue *action;
    TAILQ_FOREACH(action, &queue->shorts, in_short) {
        struct journal_look *look = &queue->looks[turn->look_count];
        size_t wanted = QUEUE_RING - action->count;
        if (turn->look_count == QUEUE_LOOKS || room == 0)
            break;
        action->more_again = false;
        *look = (struct journal_look){.action = action->number,
                                      .after = action->loaded_to,
                                      .room = wanted < room ? wanted : room};
        room -= look->room;
        turn->look_count++;
    }
}

static void load(struct action_queue *action, const struct journal_look *look,
                 const struct journal_due *due)
{
    if (action->loaded_to != look->after) /* forgotten meanwhile */
        return;
    action->more = look->count == look->room || action->more_again;
    for (size_t i = 0; i < look->count; i++) {
        if (!ring_append(action, due[i].handle, due[i].bytes)) {
            action->more = true;
            return;
        }
        action->loaded_to = due[i].handle;
    }
}

static void load_keys(struct queue *queue, const struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->key_look_count; i++) {
        struct run_limit *limit = queue->askers[i].limit;
        if (limit->epoch != queue->askers[i].epoch) /* forgotten meanwhile */
            continue;
        keys_load(limit, &turn->key_looks[i], turn->due_ms);
        action_changed(queue, limit->actions[0]); /* and with it their route */
    }
}

void queue_load(struct queue *queue, const struct journal_turn *turn)
{
    load_keys(queue, turn);
    const struct journal_due *due = turn->due;
    for (size_t i = 0; i < turn->look_count; i++) {
        struct action_queue *action = queue_find(queue, turn->looks[i].action);
        load(action, &turn->looks[i], due);
        action_changed(queue, action);
        due += turn->looks[i].count;
    }
    for (size_t i = 0; i < turn->open.count; i++) {
        struct action_queue *action = queue_find(queue, turn->open.items[i]);
        if (!action || has_heads(action))
            continue;
        action->more = true;
        action_changed(queue, action);
    }
    if (turn->reads_open)
        queue->unread = queue->unread_again;
}

/* ---- whose turn it is ---- */

static unsigned slots_of_one(const struct queue *queue, const struct route_queue *route)
{
    bool alone = queue->routes_waiting <= (route->is_waiting ? 1 : 0);
    unsigned quarter = queue->slots / 4 > 0 ? queue->slots / 4 : 1;
    return alone ? queue->slots - quarter : queue->slots / 2;
}

/* Slots that are left to routes which run nothing; the one that asks runs something. */
static unsigned slots_kept(const struct queue *queue)
{
    size_t quiet = queue->routes_with_slots - queue->routes_running;
    return quiet < queue->slots / 2 ? (unsigned)quiet : queue->slots / 2;
}

static bool slot_is_free(const struct queue *queue, const struct route_queue *route)
{
    unsigned left = queue->slots - queue->slots_used;
    if (left == 0 || route->slots_used == 0)
        return left > 0;
    if (queue->slot_bytes >= QUEUE_BYTES)
        return false;
    return queue->routes_with_slots == 1 ||
           (route->slots_used < slots_of_one(queue, route) && left > slots_kept(queue) &&
            route->slot_bytes < QUEUE_BYTES / 4 * 3);
}

/* One that is held up by something else than what runs holds up nobody. */
static bool lone_waits(const struct queue *queue)
{
    const struct action_queue *lone = queue->lone;
    return lone && !queue->lone_runs && !lone->is_held && is_within_limit(lone) && lone->count > 0;
}

/* Whether one that runs alone, or is about to, keeps the action from having a slot. */
static bool lone_is_before(const struct queue *queue, const struct action_queue *action)
{
    return queue->lone_runs ||
           (lone_waits(queue) && (action != queue->lone || queue->slots_used > 0));
}

static bool action_may_run(const struct queue *queue, const struct action_queue *action)
{
    if (action->is_held || !is_within_limit(action))
        return false;
    if (!action->kind->is_limited)
        return feed_may_run(queue, action);
    return action->count > 0 && !lone_is_before(queue, action) &&
           slot_is_free(queue, action->of_route);
}

static struct action_queue *route_next(const struct queue *queue, const struct route_queue *route)
{
    struct action_queue *first = NULL;
    for (size_t i = 0; i < route->action_count; i++) {
        struct action_queue *action = &route->actions[i];
        if (action_may_run(queue, action) && (!first || queue_first(action) < queue_first(first)))
            first = action;
    }
    return first;
}

static const struct route_queue *first_with_slot(const struct queue *queue)
{
    const struct route_queue *route = NULL;
    if (queue->lone_runs)
        return NULL;
    if (lone_waits(queue))
        return queue->slots_used == 0 ? queue->lone->of_route : NULL;
    if (queue->slots_used < queue->slots)
        TAILQ_FOREACH(route, &queue->waiting, in_waiting)
            if (slot_is_free(queue, route))
                break;
    return route;
}

struct action_queue *queue_next(const struct queue *queue)
{
    const struct route_queue *fed = TAILQ_FIRST(&queue->feeding);
    const struct route_queue *served = first_with_slot(queue);
    const struct route_queue *route = !fed || (served && queue->slots_turn) ? served : fed;
    return route ? route_next(queue, route) : NULL;
}

int64_t queue_first(const struct action_queue *action)
{
    assert(action->count > 0);
    return has_heads(action) ? keys_first(action)->head : action->ring->handles[action->head];
}

int64_t queue_first_key(const struct action_queue *action)
{
    return has_heads(action) ? keys_first(action)->key : 0;
}

static uint32_t take_from_ring(struct action_queue *action)
{
    uint32_t bytes = action->ring->bytes[action->head];
    if (action->provisional == action->count)
        action->provisional--;
    action->head = (action->head + 1) % QUEUE_RING;
    action->count--;
    return bytes;
}

static uint32_t take_head(struct action_queue *action)
{
    uint32_t bytes = keys_first(action)->bytes;
    keys_take(action->limit, action);
    return bytes;
}

int64_t queue_take(struct queue *queue, struct action_queue *action, uint32_t *bytes)
{
    int64_t handle = queue_first(action);
    *bytes = has_heads(action) ? take_head(action) : take_from_ring(action);
    action->running++;
    action->running_bytes += *bytes;
    if (action->limit)
        action->limit->running++;
    if (action->kind->is_limited) {
        queue->routes_running +=
            action->of_route->slots_used++ == 0 && action->of_route->takes_slots;
        action->of_route->slot_bytes += *bytes;
        queue->slots_used++;
        queue->slot_bytes += *bytes;
    }
    queue->lone_runs |= action == queue->lone;
    queue->slots_turn = !queue->slots_turn;
    action_changed(queue, action);
    route_to_the_end(queue, action->of_route);
    return handle;
}

void queue_set_lone(struct queue *queue, struct action_queue *action)
{
    if (!queue->lone_runs && !lone_waits(queue))
        queue->lone = action;
}

bool queue_is_lone(const struct queue *queue, const struct action_queue *action)
{
    return queue->lone_runs && action == queue->lone;
}

bool queue_is_waited_for(const struct queue *queue, const struct action_queue *action, int64_t key)
{
    if (has_heads(action) && keys_are_waited_for(action->limit, key))
        return true;
    if (action->kind->is_limited && queue->routes_waiting > 0)
        return true;
    return (!action->kind->is_limited || action->limit) && !action->is_held &&
           (action->count > 0 || action->more);
}

void queue_give(struct queue *queue, struct action_queue *action, int64_t key, size_t bytes)
{
    assert(action->running > 0 && action->running_bytes >= bytes);
    action->running--;
    action->running_bytes -= bytes;
    if (action->kind->is_limited) {
        queue->routes_running -=
            --action->of_route->slots_used == 0 && action->of_route->takes_slots;
        action->of_route->slot_bytes -= bytes;
        queue->slots_used--;
        queue->slot_bytes -= bytes;
        if (queue->lone_runs) { /* nothing else has */
            queue->lone = NULL;
            queue->lone_runs = false;
        }
    }
    if (action->limit)
        queue_release(queue, action, key);
    else
        action_changed(queue, action);
}

void queue_look_again(struct queue *queue, struct action_queue *action, int64_t key)
{
    if (!has_heads(action))
        return;
    keys_look_again(action->limit, key);
    action_changed(queue, action);
}

bool queue_cancels(const struct action_queue *action)
{
    return action->limit && action->limit->settings->when_full == CONCURRENCY_CANCEL_RUNNING;
}

bool queue_hold(struct queue *queue, struct action_queue *action, int64_t key)
{
    if (!action->limit)
        return true;
    if (action->limit->has_heads && !keys_hold(action->limit, key))
        return false;
    action->limit->running++;
    action_changed(queue, action);
    return true;
}

void queue_release(struct queue *queue, struct action_queue *action, int64_t key)
{
    if (!action->limit)
        return;
    assert(action->limit->running > 0);
    action->limit->running--;
    if (action->limit->has_heads)
        keys_give(action->limit, key);
    action_changed(queue, action);
}

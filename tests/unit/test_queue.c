/* Whose turn it is: every route gets one, what may not run holds up nothing, and a server of many
 * routes finds the next delivery as quickly as one that has a single route. No journal is needed:
 * what it would say is put into a turn. */
#include "journal_fixture.h"
#include "tests/unit/suite.h"

#include "server/runner/key_queue.h"
#include "server/runner/queue.h"

#include <time.h>

enum { MANY = 8000, SLOTS = 16 };

static const struct action_kind command = {
    .kind.name = "command", .is_limited = true, .counts_crashes = true};
static const struct action_kind feed = {.kind.name = "feed", .must_be_recalled = true};

static struct settings settings;
static struct queue queue;
static struct journal_turn turn;
static int64_t handle; /* of the next delivery */

static void load(const struct journal_due *due, size_t count);

/* Every second route has a command, or all of them. */
static void begin(size_t routes, bool mixed)
{
    static struct action_settings commands = {.name = "1", .handler.kind = &command.kind};
    static struct action_settings feeds = {.name = "1", .handler.kind = &feed.kind};
    struct error err = {""};
    handle = 1;
    settings = (struct settings){.server.commands = SLOTS, .route_count = routes};
    settings.routes = calloc(routes, sizeof *settings.routes);
    for (size_t i = 0; i < routes; i++) {
        char *name = malloc(32);
        snprintf(name, 32, "route-%zu", i);
        settings.routes[i] = (struct route){.index = i,
                                            .name = name,
                                            .actions = mixed && i % 2 ? &feeds : &commands,
                                            .action_count = 1};
    }
    ck_assert_msg(queue_init(&queue, &settings, &err), "%s", err.text);
    struct journal_action *actions = calloc(routes, sizeof *actions);
    queue_list_actions(&queue, actions);
    for (size_t i = 0; i < routes; i++) {
        ck_assert_str_eq(actions[i].route, settings.routes[i].name);
        ck_assert(actions[i].counts_crashes == !(mixed && i % 2));
        actions[i].number = (int64_t)i + 1;
    }
    queue_number(&queue, actions);
    free(actions);
    ck_assert(journal_turn_init(&turn, QUEUE_DUE));
    ck_assert(queue_is_short(&queue));
    load(NULL, 0);
}

static void end(void)
{
    queue_finish(&queue);
    journal_turn_finish(&turn);
    for (size_t i = 0; i < settings.route_count; i++)
        free((char *)settings.routes[i].name);
    free(settings.routes);
}

/* A turn of a journal in which these deliveries are pending; in the order of action and handle. */
static void load(const struct journal_due *due, size_t count)
{
    queue_ask(&queue, &turn);
    turn.open.count = turn.due_count = 0;
    for (size_t i = 0; i < turn.look_count; i++) {
        struct journal_look *look = &turn.looks[i];
        look->count = 0;
        for (size_t j = 0; j < count; j++)
            if (due[j].action == look->action && due[j].handle > look->after &&
                look->count < look->room) {
                turn.due[turn.due_count++] = due[j];
                look->count++;
            }
    }
    for (size_t j = 0; j < count && turn.reads_open; j++)
        if (j == 0 || due[j].action != due[j - 1].action)
            ck_assert(engine_add_number(&turn.open, due[j].action));
    queue_load(&queue, &turn);
}

static void push(struct action_queue *action, size_t index, uint32_t bytes)
{
    const struct queue_pushed pushed = {.index = index, .bytes = bytes};
    queue_push(&queue, action, &pushed);
}

static void settle(struct action_queue *action, int64_t admitted, uint32_t bytes)
{
    const struct queue_pushed pushed = {.bytes = bytes};
    queue_settle(&queue, action, &pushed, admitted);
}

/* One that has been admitted. */
static void add(size_t route)
{
    struct action_queue *action = &queue.routes[route].actions[0];
    push(action, 0, 10);
    settle(action, handle++, 10);
}

static struct action_queue *take(void)
{
    uint32_t bytes;
    struct action_queue *action = queue_next(&queue);
    if (!action)
        return NULL;
    queue_take(&queue, action, &bytes);
    ck_assert_uint_eq(bytes, 10);
    return action;
}

START_TEST(every_route_has_its_turn)
{
    enum { ROUTES = 10, EACH = 5 };
    unsigned turns[ROUTES] = {0};
    begin(ROUTES, true);
    for (size_t i = 0; i < ROUTES * EACH; i++)
        add(i / EACH);
    for (size_t i = 0; i < ROUTES * EACH; i++) {
        struct action_queue *action = take();
        ck_assert_ptr_nonnull(action);
        ck_assert_uint_eq(turns[action->route->index]++, i / ROUTES);
        queue_give(&queue, action, 0, 10);
    }
    ck_assert_ptr_null(queue_next(&queue));
    end();
}
END_TEST

START_TEST(what_may_not_run_holds_up_nothing)
{
    begin(6, true);
    for (int i = 0; i < 2 * QUEUE_FEED; i++)
        for (size_t route = 0; route < 5; route++)
            add(route);
    size_t taken = 0;
    while (take())
        taken++;
    /* all slots of the three routes with commands, and what two feeds may have */
    ck_assert_uint_eq(taken, SLOTS + 2 * QUEUE_FEED);
    add(5);
    ck_assert_uint_eq(take()->route->index, 5);
    ck_assert_ptr_null(queue_next(&queue));
    queue_give(&queue, &queue.routes[3].actions[0], 0, 10);
    ck_assert_uint_eq(take()->route->index, 3);
    queue_give(&queue, &queue.routes[2].actions[0], 0, 10);
    ck_assert(take()->kind->is_limited);
    ck_assert_ptr_null(queue_next(&queue));
    end();
}
END_TEST

START_TEST(what_others_journal_is_found_by_the_route_that_has_it)
{
    begin(100, true);
    const struct journal_due others[] = {{71, 300, 10}};
    load(others, 0);
    ck_assert(!queue_is_short(&queue) && !queue_next(&queue));
    queue_refresh(&queue);
    handle = 301;
    add(71); /* others may stand before it */
    ck_assert_ptr_null(queue_next(&queue));
    load(others, 1);
    ck_assert(queue_is_short(&queue));
    load(others, 1);
    ck_assert(!queue_is_short(&queue)); /* that was all */
    ck_assert_uint_eq(queue_next(&queue)->route->index, 70);
    for (int again = 0; again < 2; again++) {
        queue_reset(&queue);
        ck_assert_ptr_null(queue_next(&queue));
        load(others, 1);
        load(others, 1);
        ck_assert_uint_eq(queue_next(&queue)->count, 1);
    }
    for (size_t i = 0; i < 100; i++)
        ck_assert_ptr_eq(queue_find(&queue, (int64_t)i + 1), &queue.routes[i].actions[0]);
    ck_assert_ptr_null(queue_find(&queue, 101));
    end();
}
END_TEST

/* What is put into a turn can be chosen in it; the rest gets its handle in order, or goes. */
START_TEST(what_a_turn_admits_is_queued_behind_the_rest)
{
    uint32_t bytes;
    size_t index;
    begin(1, false);
    struct action_queue *action = &queue.routes[0].actions[0];
    add(0);
    for (size_t i = 0; i < 5; i++)
        push(action, i, 10 + (uint32_t)i);
    ck_assert(!queue_is_pushed(queue_take(&queue, action, &bytes), &index));
    for (size_t i = 0; i < 2; i++) {
        ck_assert(queue_is_pushed(queue_take(&queue, action, &bytes), &index));
        ck_assert(index == i && bytes == 10 + i);
    }
    settle(action, 0, 12); /* a copy */
    ck_assert(!action->more);
    settle(action, 40, 13);
    settle(action, 41, 14);
    settle(action, 42, 15); /* was never queued */
    ck_assert_uint_eq(action->count, 2);
    for (int64_t i = 0; i < 2; i++)
        ck_assert(queue_take(&queue, action, &bytes) == 40 + i && bytes == 13 + i);
    push(action, 0, 10);
    queue_refresh(&queue); /* others have written in the same turn: it is read with theirs */
    settle(action, 60, 10);
    ck_assert_ptr_null(queue_next(&queue));
    const struct journal_due all[] = {{1, 50, 7}, {1, 60, 10}};
    load(all, 2);
    ck_assert(queue_take(&queue, action, &bytes) == 50 && bytes == 7);
    end();
}
END_TEST

START_TEST(what_runs_again_takes_its_old_place)
{
    enum { MORE = QUEUE_RING + 300 };
    struct journal_due *all = calloc(MORE, sizeof *all), again;
    uint32_t bytes;
    begin(1, false);
    struct action_queue *action = &queue.routes[0].actions[0];
    for (size_t i = 0; i < MORE; i++)
        all[i] = (struct journal_due){1, 10 * (int64_t)(i + 1), 10};
    queue_refresh(&queue);
    load(all, MORE);
    load(all, MORE);
    ck_assert(action->count == QUEUE_RING && action->more);
    again = (struct journal_due){1, 45, 10};
    queue_insert(&queue, action, &again);
    again.handle = 10 * MORE + 5; /* behind what is loaded: it is read with that */
    queue_insert(&queue, action, &again);
    ck_assert_uint_eq(action->count, QUEUE_RING);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(queue_take(&queue, action, &bytes), i < 4 ? 10 * (i + 1) : 45);
    while (action->count >= QUEUE_LOW)
        queue_take(&queue, action, &bytes);
    load(all, MORE); /* with the one that had to go */
    int64_t last = queue_first(action);
    while (action->count > 0) {
        int64_t next = queue_take(&queue, action, &bytes);
        ck_assert(next == last || next == last + 10);
        last = next;
    }
    ck_assert_int_eq(last, 10 * MORE);
    free(all);
    end();
}
END_TEST

/* What a turn was asked for and has told after the queue was forgotten does not hide anything. */
START_TEST(what_is_forgotten_while_a_turn_is_under_way_is_read_again)
{
    begin(2, false);
    struct action_queue *action = &queue.routes[0].actions[0];
    queue_refresh(&queue);
    queue_ask(&queue, &turn);
    turn.open.count = 0;
    queue_refresh(&queue);
    queue_load(&queue, &turn);
    ck_assert(queue_is_short(&queue));
    load(NULL, 0);
    ck_assert(!queue_is_short(&queue));
    push(action, 0, 10);
    queue_reset(&queue);
    settle(action, 7, 10);
    ck_assert_uint_eq(action->count, 0);
    ck_assert(queue_is_short(&queue));
    end();
}
END_TEST

/* What a turn admits is not in what the same turn was asked for. */
START_TEST(what_comes_while_more_is_asked_for_is_not_missed)
{
    uint32_t bytes;
    begin(1, false);
    struct action_queue *action = &queue.routes[0].actions[0];
    const struct journal_due others[] = {{1, 5, 10}, {1, 9, 10}};
    queue_refresh(&queue);
    load(others, 1); /* there is one */
    queue_ask(&queue, &turn);
    ck_assert_uint_eq(turn.look_count, 1);
    push(action, 0, 10);
    turn.open.count = 0;
    turn.due[0] = others[0];
    turn.looks[0].count = 1;
    queue_load(&queue, &turn);
    settle(action, 9, 10);
    load(others, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(queue_take(&queue, action, &bytes), others[i].handle);
    end();
}
END_TEST

/* And what came meanwhile is there when it is not held any more. */
START_TEST(what_is_held_holds_up_nothing)
{
    begin(4, true); /* commands and feeds */
    for (size_t route = 0; route < 2; route++)
        queue_suspend(&queue, &queue.routes[route].actions[0], true);
    for (size_t i = 0; i < 12; i++)
        add(i % 4);
    for (size_t i = 0; i < 6; i++) {
        struct action_queue *action = take();
        ck_assert(action && action->route->index >= 2);
        queue_give(&queue, action, 0, 10);
    }
    ck_assert_ptr_null(queue_next(&queue));
    ck_assert(!queue_is_waited_for(&queue, &queue.routes[0].actions[0], 0));
    ck_assert(!queue_is_waited_for(&queue, &queue.routes[1].actions[0], 0));
    for (size_t route = 0; route < 2; route++) {
        queue_suspend(&queue, &queue.routes[route].actions[0], true); /* twice is once */
        queue_suspend(&queue, &queue.routes[route].actions[0], false);
    }
    for (size_t i = 0; i < 6; i++) {
        struct action_queue *action = take();
        ck_assert(action && action->route->index < 2);
        queue_give(&queue, action, 0, 10);
    }
    ck_assert_ptr_null(queue_next(&queue));
    end();
}
END_TEST

/* The bodies of what runs are limited, of all routes and of one; one may always be there. */
START_TEST(bodies_are_limited_and_one_may_always_be_there)
{
    uint32_t bytes;
    begin(3, false);
    for (size_t route = 0; route < 3; route++)
        for (int i = 0; i < 4; i++) {
            push(&queue.routes[route].actions[0], 0, QUEUE_BYTES / 4 * 3);
            settle(&queue.routes[route].actions[0], handle++, QUEUE_BYTES / 4 * 3);
        }
    unsigned taken[3] = {0};
    struct action_queue *action;
    while ((action = queue_next(&queue))) {
        queue_take(&queue, action, &bytes);
        taken[action->route->index]++;
    }
    ck_assert(taken[0] == 1 && taken[1] == 1 && taken[2] == 1);
    end();
}
END_TEST

static void add_bytes(size_t route, uint32_t bytes)
{
    struct action_queue *action = &queue.routes[route].actions[0];
    push(action, 0, bytes);
    settle(action, handle++, bytes);
}

static unsigned take_all(void)
{
    uint32_t bytes;
    unsigned taken = 0;
    struct action_queue *action;
    while ((action = queue_next(&queue))) {
        queue_take(&queue, action, &bytes);
        taken++;
    }
    return taken;
}

/* Of commands: one route beside others leaves a quarter of the bytes, one alone may have all. */
START_TEST(bodies_of_one_route_leave_room_for_the_others)
{
    enum { PART = QUEUE_BYTES / 8 };
    for (size_t routes = 1; routes <= 3; routes += 2) {
        unsigned most = routes == 1 ? 8 : 6;
        begin(routes, false);
        for (int i = 0; i < 12; i++)
            add_bytes(0, PART);
        ck_assert_uint_eq(take_all(), most);
        queue_give(&queue, &queue.routes[0].actions[0], 0, PART);
        ck_assert_uint_eq(take_all(), 1);
        if (routes > 1) {
            for (int i = 0; i < 3; i++)
                add_bytes(1, PART);
            ck_assert_uint_eq(take_all(), 2); /* and that is all there is */
            ck_assert_uint_eq(queue.routes[1].actions[0].running, 2);
        }
        end();
    }
}
END_TEST

/* Of pipes: sixteen MiB each, and less where so many would be too much together. */
START_TEST(bodies_of_pipes_are_limited_each)
{
    static const struct {
        size_t routes;
        uint32_t bytes;
        unsigned most;
    } cases[] = {{2, QUEUE_FEED_BYTES, 1},      {2, QUEUE_FEED_BYTES - 1, 2},
                 {2, QUEUE_FEED_BYTES / 2, 2},  {2, 1, QUEUE_FEED},
                 {64, QUEUE_BYTES / 32, 1},     {64, QUEUE_BYTES / 32 - 1, 2},
                 {20, QUEUE_FEED_BYTES - 1, 2}, {2, QUEUE_BYTES, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(cases[i].routes, true);
        for (int j = 0; j < QUEUE_FEED + 2; j++)
            add_bytes(1, cases[i].bytes);
        ck_assert_uint_eq(take_all(), cases[i].most);
        queue_give(&queue, &queue.routes[1].actions[0], 0, cases[i].bytes);
        ck_assert_uint_eq(take_all(), 1);
        end();
    }
}
END_TEST

static int64_t window_of_three(const void *given)
{
    (void)given;
    return 3;
}

START_TEST(a_kind_may_say_how_many_it_has_at_once)
{
    static const struct action_kind few = {.kind.name = "few", .window = window_of_three};
    struct action_settings action = {.name = "1", .handler.kind = &few.kind};
    struct route route = {.name = "few", .actions = &action, .action_count = 1};
    struct journal_action number = {.number = 1};
    struct error err = {""};
    settings = (struct settings){.server.commands = 4, .route_count = 1, .routes = &route};
    ck_assert(queue_init(&queue, &settings, &err));
    queue_number(&queue, &number);
    ck_assert(journal_turn_init(&turn, QUEUE_DUE));
    load(NULL, 0);
    for (handle = 1; handle < 10;)
        add_bytes(0, 1);
    ck_assert_uint_eq(take_all(), 3);
    queue_give(&queue, &queue.routes[0].actions[0], 0, 1);
    ck_assert_uint_eq(take_all(), 1);
    queue_finish(&queue);
    journal_turn_finish(&turn);
}
END_TEST

/* Commands that hang: what one route gets of the slots, and what is left to the others. */
START_TEST(slots_are_left_to_other_routes)
{
    begin(6, false); /* sixteen slots */
    for (int i = 0; i < 2 * SLOTS; i++)
        add(0);
    ck_assert_uint_eq(take_all(),
                      11); /* one for each of the other five, which is more than a quarter */
    for (int i = 0; i < 2 * SLOTS; i++)
        add(1);
    ck_assert_uint_eq(take_all(), 1);
    add(2);
    ck_assert_ptr_eq(queue_next(&queue)->route, &settings.routes[2]);
    for (int i = 0; i < 11; i++)
        queue_give(&queue, &queue.routes[0].actions[0], 0, 10);
    queue_give(&queue, &queue.routes[1].actions[0], 0, 10);
    ck_assert_uint_eq(queue.routes_running, 0);
    end();
    begin(2, false);
    for (int i = 0; i < 2 * SLOTS; i++)
        add(0);
    ck_assert_uint_eq(take_all(), 12); /* a quarter is left */
    for (int i = 0; i < 2 * SLOTS; i++)
        add(1);
    ck_assert_uint_eq(take_all(), 4);
    for (int i = 0; i < 6; i++)
        queue_give(&queue, &queue.routes[0].actions[0], 0, 10);
    ck_assert_uint_eq(take_all(), 6);
    ck_assert_uint_eq(queue.routes[0].slots_used, 8); /* half as soon as another waits */
    ck_assert_uint_eq(queue.routes[1].slots_used, 8);
    end();
    begin(1, false);
    for (int i = 0; i < 2 * SLOTS; i++)
        add(0);
    ck_assert_uint_eq(take_all(), SLOTS);
    end();
}
END_TEST

START_TEST(few_slots_are_shared_too)
{
    static const unsigned most[] = {0, 1, 1, 2, 3, 4}; /* of one route of two, by slots */
    for (unsigned slots = 1; slots <= 5; slots++) {
        begin(2, false);
        queue.slots = slots;
        for (int i = 0; i < 8; i++)
            add(0);
        ck_assert_uint_eq(take_all(), most[slots]);
        end();
    }
}
END_TEST

/* A command is waited for by all that have commands queued, a pipe by its own. */
START_TEST(who_waits_for_room)
{
    size_t index = 9;
    begin(4, true);
    const struct action_queue *limited = &queue.routes[0].actions[0];
    struct action_queue *pipe = &queue.routes[1].actions[0];
    ck_assert(!queue_is_waited_for(&queue, limited, 0) && !queue_is_waited_for(&queue, pipe, 0));
    add(2);
    ck_assert(queue_is_waited_for(&queue, limited, 0) && !queue_is_waited_for(&queue, pipe, 0));
    ck_assert_ptr_nonnull(take());
    ck_assert(!queue_is_waited_for(&queue, limited, 0));
    add(1);
    ck_assert(!queue_is_waited_for(&queue, limited, 0) && queue_is_waited_for(&queue, pipe, 0));
    ck_assert_ptr_nonnull(take());
    ck_assert(!queue_is_waited_for(&queue, pipe, 0));
    pipe->more = true;
    ck_assert(queue_is_waited_for(&queue, pipe, 0));
    ck_assert(!queue_is_pushed(5, &index) && index == 0);
    end();
}
END_TEST

/* Of processor time: an event of one route comes and is carried out, while `blocked` others have
 * each a feed that waits for its reader. */
static double seconds_of_events(size_t routes, size_t blocked)
{
    enum { ROUNDS = 5, EVENTS = 4000 };
    double best = 1e9;
    begin(routes, routes > 1);
    for (size_t i = 0; i < blocked; i++) {
        uint32_t bytes;
        struct action_queue *action = &queue.routes[2 * i + 1].actions[0];
        push(action, 0, QUEUE_FEED_BYTES);
        settle(action, handle++, QUEUE_FEED_BYTES);
        add(2 * i + 1);
        ck_assert_ptr_eq(queue_next(&queue), action);
        queue_take(&queue, action, &bytes);
    }
    for (int round = 0; round < ROUNDS; round++) {
        clock_t started = clock();
        for (int i = 0; i < EVENTS; i++) {
            add(routes / 4 * 2);
            ck_assert(!queue_is_short(&queue));
            struct action_queue *action = take();
            ck_assert_uint_eq(action->route->index, routes / 4 * 2);
            ck_assert_ptr_null(queue_next(&queue));
            queue_give(&queue, action, 0, 10);
        }
        double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;
        best = seconds < best ? seconds : best;
    }
    end();
    return best;
}

START_TEST(what_must_be_alone_waits_for_all_and_all_wait_for_it)
{
    begin(4, true); /* 0 and 2 have commands, 1 and 3 feeds */
    for (size_t route = 0; route < 4; route++)
        add(route);
    struct action_queue *lone = &queue.routes[0].actions[0], *other = &queue.routes[2].actions[0];
    add(2);
    queue_set_lone(&queue, lone);
    queue_set_lone(&queue, other); /* one after the other */
    unsigned slots = 0;
    for (int i = 0; i < 3; i++) { /* feeds go on */
        struct action_queue *taken = take();
        ck_assert(taken && queue_is_lone(&queue, taken) == (taken == lone));
        slots += taken->kind->is_limited;
    }
    ck_assert_uint_eq(slots, 1);
    ck_assert_ptr_null(queue_next(&queue));
    queue_give(&queue, lone, 0, 10);
    ck_assert_ptr_eq(take(), other);
    ck_assert(!queue_is_lone(&queue, other));
    add(0);
    queue_set_lone(&queue, lone);
    ck_assert_ptr_null(queue_next(&queue)); /* though slots are free */
    queue_give(&queue, other, 0, 10);
    ck_assert_ptr_eq(take(), lone);
    queue_give(&queue, lone, 0, 10);
    ck_assert_ptr_eq(take(), other);
    end();
}
END_TEST

START_TEST(one_that_is_gone_holds_up_nobody)
{
    begin(3, false);
    add(0);
    add(1);
    struct action_queue *lone = &queue.routes[0].actions[0];
    queue_set_lone(&queue, lone);
    queue_reset(&queue);
    load(NULL, 0);
    add(1);
    add(2);
    ck_assert_uint_eq(take()->route->index, 1);
    queue_set_lone(&queue, &queue.routes[2].actions[0]);
    ck_assert_ptr_null(queue_next(&queue));
    queue_give(&queue, &queue.routes[1].actions[0], 0, 10);
    ck_assert_uint_eq(take()->route->index, 2);
    end();
}
END_TEST

/* An older one of the same action, whose time has come, is first then, and alone in its place. */
START_TEST(another_that_is_woken_before_it_runs_alone)
{
    begin(3, false);
    const struct journal_due due[] = {{1, 10, 10}, {1, 20, 10}, {2, 30, 10}};
    struct action_queue *lone = &queue.routes[0].actions[0];
    queue_refresh(&queue);
    load(&due[1], 2);
    load(&due[1], 2);
    ck_assert_ptr_eq(take(), lone);
    queue_give(&queue, lone, 0, 10);
    queue_set_lone(&queue, lone);
    queue_reset(&queue);
    load(due, 3);
    load(due, 3);
    ck_assert_int_eq(queue_first(lone), 10);
    ck_assert_ptr_eq(take(), lone);
    ck_assert(queue_is_lone(&queue, lone));
    ck_assert_ptr_null(queue_next(&queue));
    queue_give(&queue, lone, 0, 10);
    ck_assert_ptr_eq(take(), &queue.routes[1].actions[0]);
    ck_assert_ptr_eq(take(), lone);
    ck_assert(!queue_is_lone(&queue, lone));
    end();
}
END_TEST

/* Its limit is used up elsewhere, maybe for hours. */
START_TEST(one_that_its_limit_holds_holds_up_nobody)
{
    const struct concurrency_settings two = {.max = 2};
    begin(3, true);
    struct action_queue *lone = &queue.routes[0].actions[0];
    queue.limits = run_limit_create(&two, 1);
    ck_assert_ptr_nonnull(queue.limits);
    run_limit_add(queue.limits, lone);
    for (size_t i = 0; i < 3; i++)
        add(i);
    queue_set_lone(&queue, lone);
    ck_assert(queue_hold(&queue, lone, 0) && queue_hold(&queue, lone, 0));
    for (size_t i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(take());
    ck_assert_ptr_null(take());
    queue_release(&queue, lone, 0);
    ck_assert_ptr_null(take()); /* the command of the third route runs */
    queue_give(&queue, &queue.routes[2].actions[0], 0, 10);
    ck_assert_ptr_eq(take(), lone);
    ck_assert(queue_is_lone(&queue, lone));
    end();
}
END_TEST

START_TEST(what_a_look_has_found_is_not_inserted_twice)
{
    begin(1, false);
    const struct journal_due due[] = {{1, 10, 10}, {1, 20, 10}, {1, 30, 10}};
    queue_refresh(&queue);
    load(due, 3);
    load(due, 3);
    struct action_queue *action = &queue.routes[0].actions[0];
    ck_assert_uint_eq(action->count, 3);
    for (int i = 0; i < 3; i++)
        queue_insert(&queue, action, &due[i]);
    const struct journal_due between = {1, 15, 10};
    queue_insert(&queue, action, &between);
    ck_assert_uint_eq(action->count, 4);
    static const int64_t wanted[] = {10, 15, 20, 30};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(queue_first(action), wanted[i]);
        take();
    }
    end();
}
END_TEST

START_TEST(many_routes_cost_no_more_than_one)
{
    double one = seconds_of_events(1, 0);
    double many = seconds_of_events(MANY, 0), blocked = seconds_of_events(MANY, MANY / 2);
    ck_assert_msg(many < 5 * one && blocked < 5 * one, "%.6f s, of %d routes %.6f and %.6f s", one,
                  MANY, many, blocked);
}
END_TEST

/* What runs again took the room meanwhile; the rest is asked for again. */
START_TEST(what_a_ring_cannot_take_is_read_again)
{
    enum { AGAIN = 4, TOLD = QUEUE_RING - 2 };
    begin(1, false);
    struct action_queue *action = &queue.routes[0].actions[0];
    queue_refresh(&queue);
    load(&(struct journal_due){1, 100, 10}, 1);
    load(&(struct journal_due){1, 100, 10}, 1);
    ck_assert(take() == action && action->loaded_to == 100 && !action->more);
    queue_insert(&queue, action, &(struct journal_due){1, 5000, 10});
    queue_ask(&queue, &turn);
    ck_assert_uint_eq(turn.looks[0].room, QUEUE_RING);
    for (int64_t i = 0; i < AGAIN; i++)
        queue_insert(&queue, action, &(struct journal_due){1, 10 + i, 10});
    turn.open.count = 0;
    turn.looks[0].count = TOLD;
    for (int64_t i = 0; i < TOLD; i++)
        turn.due[i] = (struct journal_due){1, 101 + i, 10};
    queue_load(&queue, &turn);
    ck_assert_uint_eq(action->count, QUEUE_RING);
    ck_assert_int_eq(action->loaded_to, 100 + QUEUE_RING - AGAIN);
    ck_assert(action->more);
    end();
}
END_TEST

/* A command and a pipe in one route, in either order. */
START_TEST(a_route_takes_slots_if_one_of_its_actions_does)
{
    struct action_settings actions[2] = {{.name = "1", .handler.kind = &command.kind},
                                         {.name = "2", .handler.kind = &feed.kind}};
    struct route route = {.name = "both", .actions = actions, .action_count = 2};
    struct error err = {""};
    settings = (struct settings){.server.commands = 4, .route_count = 1, .routes = &route};
    for (int i = 0; i < 3; i++) {
        ck_assert(queue_init(&queue, &settings, &err));
        ck_assert(queue.routes[0].takes_slots == (i < 2));
        ck_assert_uint_eq(queue.routes_with_slots, i < 2);
        ck_assert_uint_eq(queue.feed_bytes, QUEUE_FEED_BYTES);
        queue_finish(&queue);
        actions[0].handler.kind = &feed.kind;
        actions[1].handler.kind = i == 0 ? &command.kind : &feed.kind;
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *all = tcase_create("all");
    tcase_add_test(all, every_route_has_its_turn);
    tcase_add_test(all, what_may_not_run_holds_up_nothing);
    tcase_add_test(all, what_others_journal_is_found_by_the_route_that_has_it);
    tcase_add_test(all, what_a_turn_admits_is_queued_behind_the_rest);
    tcase_add_test(all, what_runs_again_takes_its_old_place);
    tcase_add_test(all, what_is_forgotten_while_a_turn_is_under_way_is_read_again);
    tcase_add_test(all, what_comes_while_more_is_asked_for_is_not_missed);
    tcase_add_test(all, what_is_held_holds_up_nothing);
    tcase_add_test(all, bodies_are_limited_and_one_may_always_be_there);
    tcase_add_test(all, bodies_of_one_route_leave_room_for_the_others);
    tcase_add_test(all, bodies_of_pipes_are_limited_each);
    tcase_add_test(all, a_kind_may_say_how_many_it_has_at_once);
    tcase_add_test(all, slots_are_left_to_other_routes);
    tcase_add_test(all, few_slots_are_shared_too);
    tcase_add_test(all, who_waits_for_room);
    tcase_add_test(all, what_must_be_alone_waits_for_all_and_all_wait_for_it);
    tcase_add_test(all, one_that_its_limit_holds_holds_up_nobody);
    tcase_add_test(all, one_that_is_gone_holds_up_nobody);
    tcase_add_test(all, another_that_is_woken_before_it_runs_alone);
    tcase_add_test(all, what_a_look_has_found_is_not_inserted_twice);
    tcase_add_test(all, many_routes_cost_no_more_than_one);
    tcase_add_test(all, what_a_ring_cannot_take_is_read_again);
    tcase_add_test(all, a_route_takes_slots_if_one_of_its_actions_does);
    suite_add_tcase(suite, all);
    return suite;
}

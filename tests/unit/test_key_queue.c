/* Limits with keys: a model journal, random turns, and after each claim the question whether it was
 * right: never more of a key than its limit, and with one at a time in the journal's order. Nothing
 * is forgotten, and when all is done nothing is asked any more. */
#include "journal_fixture.h"
#include "route_settings.h"
#include "tests/unit/suite.h"

#include "server/runner/key_queue.h"
#include "server/runner/queue.h"

enum { ROWS = 60000, ACTIONS = 3, SLOTS = 64, RETRY_TURNS = 5 };

static const struct action_kind command = {.kind.name = "command", .is_limited = true};

enum row_state { WAITS, RUNS, DONE };

/* A delivery; its place, from 1, is its handle. */
struct delivery_row {
    int64_t key;
    size_t action;
    enum row_state state;
    uint64_t due, since; /* turns: when it may run, and since when it waits */
};

static struct {
    struct settings settings;
    struct route route;
    struct route_settings parts;
    struct action_settings actions[ACTIONS];
    struct queue queue;
    struct journal_turn turn;
    struct delivery_row rows[ROWS];
    size_t count, done, read; /* rows up to `read` are known by the queue to be there */
    size_t running[SLOTS], running_count;
    uint64_t now, random;
    bool changed;
} rig;

static uint64_t pick(uint64_t below)
{
    rig.random = rig.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (rig.random >> 33) % below;
}

static void begin(int64_t max, bool has_keys, size_t actions, uint64_t seed)
{
    struct error err = {""};
    struct journal_action numbers[ACTIONS];
    memset(&rig, 0, sizeof rig);
    rig.random = seed;
    rig.route = (struct route){.name = "r", .actions = rig.actions, .action_count = actions};
    rig.route.parts = route_settings_clear(&rig.parts);
    rig.parts.concurrency.max = max;
    rig.parts.concurrency.per.text = has_keys ? "payload.key" : NULL;
    for (size_t i = 0; i < actions; i++)
        rig.actions[i] = (struct action_settings){.name = "a", .handler.kind = &command.kind};
    rig.settings =
        (struct settings){.server.commands = SLOTS, .routes = &rig.route, .route_count = 1};
    ck_assert_msg(queue_init(&rig.queue, &rig.settings, &err), "%s", err.text);
    for (size_t i = 0; i < actions; i++)
        numbers[i].number = (int64_t)i + 1;
    queue_number(&rig.queue, numbers);
    ck_assert(journal_turn_init(&rig.turn, QUEUE_DUE));
}

static void end(void)
{
    queue_finish(&rig.queue);
    journal_turn_finish(&rig.turn);
}

static struct action_queue *action_of(const struct delivery_row *row)
{
    return &rig.queue.routes[0].actions[row->action];
}

/* ---- the journal ---- */

static void add_row(int64_t key)
{
    ck_assert_uint_lt(rig.count, ROWS);
    rig.rows[rig.count++] =
        (struct delivery_row){.key = key, .action = pick(rig.route.action_count), .since = rig.now};
}

static bool has_action(const struct journal_key_look *look, const struct delivery_row *row)
{
    for (size_t i = 0; i < look->action_count; i++)
        if (look->actions[i] == (int64_t)row->action + 1)
            return true;
    return false;
}

static bool find_head(const struct journal_key_look *look, int64_t key, struct journal_head *head)
{
    *head = (struct journal_head){.key = key};
    for (size_t i = 0; i < rig.count && !head->more; i++) {
        const struct delivery_row *row = &rig.rows[i];
        bool has_key = look->scope == KEYS_ANY || row->key == key;
        if (row->state != WAITS || !has_key || !has_action(look, row) ||
            (look->only_due && row->due > rig.now) ||
            (look->scope == KEYS_NONE && (int64_t)i + 1 <= look->after))
            continue;
        head->more = head->handle != 0;
        if (head->more)
            break;
        head->handle = (int64_t)i + 1;
        head->action = (int64_t)row->action + 1;
        head->due_ms = (int64_t)row->due;
    }
    return head->handle != 0;
}

static void answer_key_look(struct journal_key_look *look)
{
    look->count = 0;
    look->goes_on = false;
    if (look->scope != KEYS_AFTER) {
        look->count = find_head(look, look->key, look->heads);
        look->goes_on = look->scope == KEYS_NONE && look->count > 0;
        look->reached = look->count ? look->heads->handle - 1 : INT64_MAX;
        return;
    }
    look->reached = look->key;
    look->goes_on = true;
    while (look->goes_on && look->count < look->room) {
        int64_t next = INT64_MAX;
        for (size_t i = 0; i < rig.count; i++)
            if (rig.rows[i].state != DONE && rig.rows[i].key > look->reached &&
                rig.rows[i].key < next)
                next = rig.rows[i].key;
        look->goes_on = next < INT64_MAX;
        if (!look->goes_on)
            break;
        look->count += find_head(look, next, &look->heads[look->count]);
        look->reached = next;
    }
}

static void answer_looks(void)
{
    struct journal_turn *turn = &rig.turn;
    turn->due_count = turn->open.count = 0;
    for (size_t i = 0; i < turn->look_count; i++) {
        struct journal_look *look = &turn->looks[i];
        look->count = 0;
        for (size_t j = (size_t)look->after; j < rig.count && look->count < look->room; j++)
            if (rig.rows[j].state == WAITS && rig.rows[j].due <= rig.now &&
                (int64_t)rig.rows[j].action + 1 == look->action) {
                turn->due[turn->due_count++] =
                    (struct journal_due){.action = look->action, .handle = (int64_t)j + 1};
                look->count++;
            }
    }
    for (size_t i = 0; i < turn->key_look_count; i++)
        answer_key_look(&turn->key_looks[i]);
    for (size_t i = 0; turn->reads_open && i < rig.route.action_count; i++)
        ck_assert(engine_add_number(&turn->open, (int64_t)i + 1));
}

static void check_claim(size_t index)
{
    const struct delivery_row *claimed = &rig.rows[index];
    const struct concurrency_settings *limit = &rig.parts.concurrency;
    int64_t running = 0;
    ck_assert(claimed->state == WAITS && claimed->due <= rig.now);
    for (size_t i = 0; i < rig.count; i++) {
        const struct delivery_row *row = &rig.rows[i];
        if (limit->per.text && row->key != claimed->key)
            continue;
        running += row->state == RUNS;
        if (limit->max == 1 && i < index && row->state == WAITS)
            ck_assert_msg(row->since == rig.now, "%zu runs before %zu", index + 1, i + 1);
    }
    ck_assert_int_lt(running, limit->max);
}

/* ---- a turn of the runner ---- */

struct taken {
    struct action_queue *action;
    int64_t key, handle;
};

/* What has ended: most is done, some waits for a retry, some is pending again at once. */
static void end_some(size_t percent, bool all_done)
{
    for (size_t i = 0; i < rig.running_count;) {
        struct delivery_row *row = &rig.rows[rig.running[i]];
        if (pick(100) >= percent) {
            i++;
            continue;
        }
        uint64_t how = all_done ? 9 : pick(10);
        row->state = how > 1 ? DONE : WAITS;
        row->since = rig.now;
        row->due = how == 1 ? rig.now + 1 + pick(RETRY_TURNS) : 0;
        rig.done += row->state == DONE;
        queue_give(&rig.queue, action_of(row), row->key, 0);
        if (row->state == WAITS)
            queue_look_again(&rig.queue, action_of(row), row->key);
        rig.running[i] = rig.running[--rig.running_count];
    }
}

static size_t take_all(struct taken taken[SLOTS])
{
    struct action_queue *action;
    size_t count = 0;
    uint32_t bytes;
    while ((action = queue_next(&rig.queue))) {
        taken[count] = (struct taken){.action = action, .key = queue_first_key(action)};
        taken[count++].handle = queue_take(&rig.queue, action, &bytes);
    }
    return count;
}

/* What was pushed is a copy, now and then; when others have written nothing is born running. */
static void settle(const struct taken *taken, size_t taken_count, size_t first, size_t admitted)
{
    for (size_t i = 0; i < admitted; i++) {
        struct delivery_row *row = &rig.rows[first + i];
        const struct queue_pushed pushed = {.key = row->key, .index = i};
        bool is_taken = false;
        for (size_t j = 0; j < taken_count; j++)
            is_taken |= taken[j].handle == JOURNAL_HANDLE_END + (int64_t)i;
        if (!is_taken)
            queue_settle(&rig.queue, action_of(row), &pushed, (int64_t)(first + i + 1));
    }
}

static void claim(const struct taken *taken, size_t count, size_t first)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = 0;
        bool pushed = queue_is_pushed(taken[i].handle, &index);
        index = pushed ? first + index : (size_t)taken[i].handle - 1;
        struct delivery_row *row = &rig.rows[index];
        if (row->state == WAITS && !(pushed && rig.changed)) {
            check_claim(index);
            row->state = RUNS;
            rig.running[rig.running_count++] = index;
            continue;
        }
        queue_give(&rig.queue, taken[i].action, taken[i].key, 0);
        queue_look_again(&rig.queue, taken[i].action, taken[i].key);
    }
}

static void wake(void)
{
    for (size_t i = 0; i < rig.count; i++)
        if (rig.rows[i].state == WAITS && rig.rows[i].due == rig.now && rig.now > 0) {
            const struct journal_due due = {.action = (int64_t)rig.rows[i].action + 1,
                                            .handle = (int64_t)i + 1,
                                            .key = rig.rows[i].key};
            queue_insert(&rig.queue, action_of(&rig.rows[i]), &due);
        }
}

/* `admits` events of our own and `others` of somebody else's, of `keys` keys, come in it. */
static void turn(size_t admits, size_t others, size_t keys, size_t end_percent, bool all_done)
{
    struct taken taken[SLOTS];
    rig.now++;
    rig.turn.due_ms = (int64_t)rig.now;
    queue_ask(&rig.queue, &rig.turn);
    rig.changed = others > 0;
    for (size_t i = 0; i < others; i++)
        add_row((int64_t)pick(keys));
    size_t first = rig.count;
    answer_looks();
    for (size_t i = 0; i < admits; i++) {
        add_row((int64_t)pick(keys));
        const struct delivery_row *row = &rig.rows[first + i];
        const struct queue_pushed pushed = {.key = row->key, .index = i};
        queue_push(&rig.queue, action_of(row), &pushed);
    }
    size_t count = take_all(taken);
    claim(taken, count, first);
    end_some(end_percent, all_done);
    queue_load(&rig.queue, &rig.turn);
    if (rig.changed)
        queue_refresh(&rig.queue);
    settle(taken, count, first, admits);
    wake();
    if (pick(50) == 0)
        queue_reset(&rig.queue);
}

static void quiet_turn(void)
{
    rig.random = 1; /* resets nothing */
    turn(0, 0, 1, 0, true);
}

static void drain(size_t turns)
{
    for (size_t i = 0; i < turns && rig.done < rig.count; i++)
        turn(0, 0, 1, 60, true);
    ck_assert_uint_eq(rig.done, rig.count);
    for (size_t i = 0; i < 200 && queue_is_short(&rig.queue); i++)
        quiet_turn();
    ck_assert(!queue_is_short(&rig.queue) && !queue_next(&rig.queue));
}

static const struct {
    int64_t max;
    bool has_keys;
    size_t actions, keys;
} cases[] = {{1, true, 1, 5},  {1, true, 3, 5},   {1, false, 1, 5},
             {1, false, 3, 1}, {3, true, 1, 5},   {3, true, 3, 5},
             {4, false, 2, 5}, {1, true, 2, 400}, {2, true, 1, 300}};

START_TEST(no_limit_is_passed_and_nothing_is_forgotten)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        begin(cases[_i].max, cases[_i].has_keys, cases[_i].actions, seed);
        for (int i = 0; i < 300; i++)
            turn(pick(3), pick(12) ? 0 : pick(6), cases[_i].keys, 30, false);
        drain(3000);
        end();
    }
}
END_TEST

/* Ten keys of which one is stuck, with more behind it than any table holds. */
START_TEST(a_stuck_key_hides_no_other)
{
    enum { BEHIND = 5000 };
    begin(1, true, 1, 1);
    for (size_t i = 0; i < BEHIND; i++)
        add_row(7);
    for (size_t i = 0; i < 90; i++)
        add_row(11 + (int64_t)i % 9);
    turn(0, 0, 1, 0, true);
    turn(0, 0, 1, 0, true);
    ck_assert_uint_eq(rig.running_count, 10);
    for (size_t i = 0; i < rig.running_count; i++)
        if (rig.rows[rig.running[i]].key == 7) /* never ends */
            rig.running[i] = rig.running[--rig.running_count];
    for (size_t i = 0; i < 100 && rig.done < 90; i++)
        turn(0, 0, 1, 100, true);
    ck_assert_uint_eq(rig.done, 90);
    ck_assert_uint_le(rig.queue.limits->slot_count, 10);
    end();
}
END_TEST

/* More keys than are held at once: all have their turn. */
START_TEST(many_keys_are_held_a_part_at_a_time)
{
    begin(1, true, 1, 1);
    for (size_t i = 0; i < KEYS_MAX + 2000; i++)
        add_row(1 + (int64_t)i);
    for (size_t i = 0; i < 400 && rig.done < rig.count; i++) {
        turn(0, 0, 1, 100, true);
        ck_assert_uint_le(rig.queue.limits->slot_count, KEYS_MAX + SLOTS);
    }
    drain(100);
    end();
}
END_TEST

/* Everything fails and waits for its retry, with more keys than are held: others have their turn.
 */
START_TEST(keys_that_wait_for_retries_hide_no_other)
{
    enum { FAILING = KEYS_MAX + 1000 };
    begin(1, true, 1, 1);
    for (size_t i = 0; i < FAILING; i++)
        add_row(1 + (int64_t)i);
    for (size_t failed = 0, i = 0; i < 400 && failed < FAILING; i++) {
        quiet_turn();
        for (; rig.running_count > 0; rig.running_count--, failed++) {
            struct delivery_row *row = &rig.rows[rig.running[rig.running_count - 1]];
            row->state = WAITS;
            row->due = 100000;
            queue_give(&rig.queue, action_of(row), row->key, 0);
            queue_look_again(&rig.queue, action_of(row), row->key);
        }
        ck_assert(i < 399);
    }
    for (size_t i = 0; i < 5; i++)
        quiet_turn();
    size_t first = rig.count;
    add_row(FAILING + 1); /* another key, and one behind a delivery that waits */
    add_row(5);
    const struct queue_pushed pushed = {.key = FAILING + 1}, behind = {.key = 5, .index = 1};
    queue_push(&rig.queue, action_of(&rig.rows[first]), &pushed);
    queue_push(&rig.queue, action_of(&rig.rows[first]), &behind);
    queue_settle(&rig.queue, action_of(&rig.rows[first]), &pushed, (int64_t)first + 1);
    queue_settle(&rig.queue, action_of(&rig.rows[first]), &behind, (int64_t)first + 2);
    for (size_t i = 0; i < 5; i++)
        quiet_turn();
    ck_assert(rig.running_count == 1 && rig.running[0] == first);
    ck_assert(!queue_is_short(&rig.queue));
    end();
}
END_TEST

/* What an older runner has under way counts. */
START_TEST(what_runs_elsewhere_is_counted)
{
    begin(2, true, 1, 1);
    struct action_queue *action = &rig.queue.routes[0].actions[0];
    ck_assert(queue_hold(&rig.queue, action, 5) && queue_hold(&rig.queue, action, 5));
    for (size_t i = 0; i < 4; i++)
        add_row(5 + (int64_t)(i == 3));
    for (size_t i = 0; i < 6; i++)
        turn(0, 0, 1, 0, true);
    ck_assert_uint_eq(rig.running_count, 1);
    ck_assert_int_eq(rig.rows[rig.running[0]].key, 6);
    queue_release(&rig.queue, action, 5);
    for (size_t i = 0; i < 6; i++)
        turn(0, 0, 1, 0, true);
    ck_assert_uint_eq(rig.running_count, 2);
    queue_release(&rig.queue, action, 5);
    drain(100);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("key_queue");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, no_limit_is_passed_and_nothing_is_forgotten, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(all, a_stuck_key_hides_no_other);
    tcase_add_test(all, many_keys_are_held_a_part_at_a_time);
    tcase_add_test(all, keys_that_wait_for_retries_hide_no_other);
    tcase_add_test(all, what_runs_elsewhere_is_counted);
    suite_add_tcase(suite, all);
    return suite;
}

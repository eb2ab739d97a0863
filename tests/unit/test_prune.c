/* What pruning lets go of, in steps; and what it notes of what it has removed. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "tests/unit/suite.h"

static int64_t add(struct sqlite_journal *journal, const char *key, struct bytes body)
{
    int64_t seq = fixture_add_event(journal, key, body);
    ck_assert_int_gt(seq, 0);
    return seq;
}

static bool take(void *context, int64_t action, const struct journal_delivery *delivery)
{
    (void)context;
    (void)action;
    return delivery->attempt == 1;
}

static void claim(struct sqlite_journal *journal, int64_t delivery, uint64_t runner_id)
{
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    const struct claim what = {
        .delivery = delivery, .runner_id = runner_id, .now_ms = clock_unix_ms()};
    ck_assert(deliveries_claim(journal, &what, take, NULL, NULL));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

static void finish(struct sqlite_journal *journal, int64_t delivery, uint64_t runner_id,
                   enum outcome_kind kind)
{
    struct outcome outcome = {.kind = kind,
                              .exit_status = kind == OUTCOME_DONE ? 0 : 7,
                              .reason = "it ended with 7",
                              .output = bytes_of_text("out")};
    bool applied;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    const struct ended_attempt ended = {.delivery = delivery,
                                        .runner_id = runner_id,
                                        .attempt = 1,
                                        .outcome = &outcome,
                                        .ended_ms = clock_unix_ms()};
    ck_assert(deliveries_finish(journal, &ended, &applied));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

static int64_t count_rows(const char *sql)
{
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 100, NULL, &err));
    ck_assert(sqlite_read_number(&db, sql, &number));
    sqlite_close(&db);
    return number;
}

static size_t prune_bodies(struct sqlite_journal *journal, const struct prune_keep *keep,
                           size_t *bodies)
{
    struct prune_keep whole = *keep;
    struct pruned pruned;
    size_t all = 0;
    int64_t position = 0;
    whole.until_ms = INT64_MAX;
    whole.budget_ns = INT64_MAX;
    *bodies = 0;
    do {
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(prune_step(&journal->db, &whole, &position, &pruned));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        all += pruned.events;
        *bodies += pruned.bodies;
    } while (!pruned.ended);
    return all;
}

static size_t prune(struct sqlite_journal *journal, const struct prune_keep *keep)
{
    size_t bodies, all = prune_bodies(journal, keep, &bodies);
    ck_assert_uint_eq(bodies, 0);
    return all;
}

/* Events in order: done, dead, running, pending, done, and the newest, done too. */
static void add_one_of_each(struct sqlite_journal *journal)
{
    static const enum outcome_kind ends[] = {OUTCOME_DONE, OUTCOME_FAILED};
    for (int i = 0; i < 6; i++) {
        int64_t delivery = delivery_seq(fixture_add_committed(journal, "k"), 0);
        if (i == 3)
            continue;
        claim(journal, delivery, 1);
        if (i != 2)
            finish(journal, delivery, 1, ends[i == 1]);
    }
}

START_TEST(pruning_takes_only_what_is_over_and_old)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t old = 1700000000000 + 1;
    add_one_of_each(journal);
    struct prune_keep keep = {.done_before_ms = old - 100};
    ck_assert_uint_eq(prune(journal, &keep), 0);
    keep = (struct prune_keep){.done_before_ms = old, .dedupe_before_ms = old};
    ck_assert_uint_eq(prune(journal, &keep), 2); /* the newest event always stays */
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 4);
    keep.dead_before_ms = old;
    ck_assert_uint_eq(prune(journal, &keep), 1);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM delivery"), 3);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM body"), 3);
    writer_close(journal);
}
END_TEST

START_TEST(pruning_for_space_keeps_the_keys)
{
    struct sqlite_journal *journal = fixture_open();
    add_one_of_each(journal);
    struct prune_keep keep = {.oldest_done = true, .dedupe_before_ms = 0};
    ck_assert_uint_eq(prune(journal, &keep), 2);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 6);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM body"), 4);
    ck_assert_uint_eq(prune(journal, &keep), 0);
    keep.dedupe_before_ms = INT64_MAX;
    ck_assert_uint_eq(prune(journal, &keep), 2);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 4);
    writer_close(journal);
}
END_TEST

/* A walk ends where all that follows is too young; a step when its time is over, but not before it
 * has looked at one event. */
START_TEST(a_step_is_bounded)
{
    enum { EVENTS = 250 };
    static const struct {
        int64_t until_ms, budget_ns, position;
        bool ended;
    } cases[] = {{1700000000001, INT64_MAX, EVENTS - 1, true}, /* all but the newest */
                 {1700000000000, INT64_MAX, 0, true},
                 {1700000000001, 0, 1, false}};
    struct sqlite_journal *journal = fixture_open();
    struct pruned pruned;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < EVENTS; i++)
        add(journal, "", bytes_of_text("{}")); /* pending */
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct prune_keep keep = {.until_ms = cases[i].until_ms,
                                        .budget_ns = cases[i].budget_ns};
        int64_t position = 0;
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(prune_step(&journal->db, &keep, &position, &pruned));
        ck_assert_int_eq(position, cases[i].position);
        ck_assert(pruned.ended == cases[i].ended && pruned.events == 0);
        ck_assert_int_eq(pruned.reached_ms, position ? 1700000000000 : 0);
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    }
    writer_close(journal);
}
END_TEST

/* What belongs to one event may be long: it goes in parts, and the event itself last. */
START_TEST(one_event_is_removed_in_parts)
{
    struct sqlite_journal *journal = fixture_open();
    const struct prune_keep keep = {.oldest_done = true, .until_ms = INT64_MAX};
    struct pruned pruned;
    int64_t position = 0, delivery = delivery_seq(fixture_add_committed(journal, ""), 0);
    claim(journal, delivery, 1);
    finish(journal, delivery, 1, OUTCOME_DONE);
    fixture_add_committed(journal, "");
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(sqlite_run(&journal->db,
                         "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
                         " WHERE i < 10) INSERT INTO attempt (delivery, number) SELECT 256, i"
                         " FROM n"));
    for (int left = 6; left > 0; left -= 4) {
        ck_assert(prune_step(&journal->db, &keep, &position, &pruned));
        ck_assert(position == 0 && pruned.events == 0 && !pruned.ended);
    }
    ck_assert(prune_step(&journal->db, &keep, &position, &pruned));
    ck_assert(position == 1 && pruned.events == 1 && pruned.gone == 1);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM attempt"), 0);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(large_things_go_before_their_events)
{
    struct sqlite_journal *journal = fixture_open();
    struct prune_keep keep = {.body_before_ms = 1700000000001};
    add_one_of_each(journal);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(sqlite_run(&journal->db, "INSERT INTO attempt (delivery, number) VALUES (256, 1),"
                                       " (512, 1), (768, 1)"));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert_uint_eq(prune(journal, &keep), 3);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 6);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM delivery"), 6);
    ck_assert_int_eq(count_rows("SELECT sum(event) FROM body"), 3 + 4 + 6); /* open, and newest */
    ck_assert_int_eq(count_rows("SELECT sum(delivery) FROM attempt"), 768);
    ck_assert_uint_eq(prune(journal, &keep), 0);
    writer_close(journal);
}
END_TEST

START_TEST(keys_go_last)
{
    struct sqlite_journal *journal = fixture_open();
    struct prune_keep keep = {.oldest_done = true, .dead_before_ms = INT64_MAX};
    size_t bodies;
    add_one_of_each(journal);
    ck_assert_uint_eq(prune_bodies(journal, &keep, &bodies), 3);
    ck_assert_uint_eq(prune_bodies(journal, &keep, &bodies), 0);
    keep.drops_keys = true;
    ck_assert_uint_eq(prune_bodies(journal, &keep, &bodies), 3);
    ck_assert_int_eq(count_rows("SELECT sum(seq) FROM event"), 3 + 4 + 6);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM delivery"), 3);
    writer_close(journal);
}
END_TEST

/* Only events of that route, and with only_counts none. */
START_TEST(events_of_one_route_are_counted_and_removed)
{
    struct sqlite_journal *journal = fixture_open();
    struct prune_keep keep = {
        .oldest_done = true, .dedupe_before_ms = INT64_MAX, .only_counts = true, .route = "other"};
    add_one_of_each(journal);
    ck_assert_uint_eq(prune(journal, &keep), 0);
    keep.route = "alpha";
    ck_assert_uint_eq(prune(journal, &keep), 2);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM body"), 6);
    keep.only_counts = false;
    ck_assert_uint_eq(prune(journal, &keep), 2);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM body"), 4);
    writer_close(journal);
}
END_TEST

static void remove_numbers(struct sqlite *db, const int64_t *numbers, size_t count)
{
    struct removed_range range = {0};
    ck_assert(sqlite_begin(db));
    for (size_t i = 0; i < count; i++)
        ck_assert(removed_add(db, &range, numbers[i]));
    ck_assert(removed_end(db, &range) && sqlite_commit(db));
}

START_TEST(removed_numbers_are_ranges)
{
    static const int64_t orders[][8] = {{1, 2, 3, 5, 7, 8}, {4, 6}, {20, 30}, {19, 21, 29, 31}};
    static const struct {
        size_t count;
        const char *sum; /* of what is there then */
    } steps[] = {{6, "1-3,5-5,7-8"}, {2, "1-8"}, {2, "1-8,20-20,30-30"}, {4, "1-8,19-21,29-31"}};
    struct sqlite_journal *journal = fixture_open();
    char found[128];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        remove_numbers(&journal->db, orders[i], steps[i].count);
        ck_assert(sqlite_read_text(&journal->db,
                                   "SELECT group_concat(first || '-' || last) FROM"
                                   " (SELECT * FROM removed ORDER BY first)",
                                   found, sizeof found));
        ck_assert_str_eq(found, steps[i].sum);
    }
    writer_close(journal);
}
END_TEST

START_TEST(what_was_removed_is_noted)
{
    struct sqlite_journal *journal = fixture_open();
    struct prune_keep keep = {
        .oldest_done = true, .dead_before_ms = INT64_MAX, .dedupe_before_ms = INT64_MAX};
    add_one_of_each(journal);
    ck_assert_uint_eq(prune(journal, &keep), 3);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM removed"), 2);
    ck_assert_int_eq(count_rows("SELECT last FROM removed WHERE first = 1"), 2);
    ck_assert_int_eq(count_rows("SELECT last FROM removed WHERE first = 5"), 5);
    writer_close(journal);
}
END_TEST

START_TEST(what_is_free_is_measured_and_given_back)
{
    static uint8_t body[40000];
    int64_t used, free_pages, before, page = 4096;
    struct sqlite_journal *journal = fixture_open();
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < 4; i++)
        add(journal, "", bytes_of(body, sizeof body));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(prune_measure(&journal->db, &before, &free_pages) && free_pages == 0);
    ck_assert_int_ge(before, 4 * (int64_t)sizeof body);
    for (int64_t i = 1; i <= 2; i++) {
        claim(journal, delivery_seq(i, 0), 1);
        finish(journal, delivery_seq(i, 0), 1, OUTCOME_DONE);
    }
    struct prune_keep keep = {.oldest_done = true};
    ck_assert_uint_eq(prune(journal, &keep), 2);
    ck_assert(prune_measure(&journal->db, &used, &free_pages));
    ck_assert_int_ge(free_pages, 18);
    ck_assert_int_le(used, before - 2 * (int64_t)sizeof body + 4 * page);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(prune_shrink(&journal->db));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    before = used;
    ck_assert(prune_measure(&journal->db, &used, &free_pages));
    ck_assert(free_pages == 0 && used <= before);
    writer_close(journal);
}
END_TEST

/* A copy of it is an event of its own then, which is known by the dead delivery. */
START_TEST(that_an_event_failed_is_kept_as_long_as_its_key)
{
    struct sqlite_journal *journal = fixture_open();
    struct journal_known known;
    struct prune_keep keep = {.dead_before_ms = INT64_MAX};
    add_one_of_each(journal);
    ck_assert_uint_eq(prune(journal, &keep), 1);
    ck_assert_uint_eq(prune(journal, &keep), 0);
    ck_assert(events_read_known(journal, 2, &known));
    ck_assert(!known.has_body && known.dead_count == 1 && !known.dead[0].given_up);
    ck_assert_int_eq(known.dead[0].handle, delivery_seq(2, 0));
    ck_assert_int_eq(count_rows("SELECT count(*) FROM output WHERE delivery >> 8 = 2"), 0);
    keep.dedupe_before_ms = INT64_MAX;
    ck_assert_uint_eq(prune(journal, &keep), 1);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event WHERE seq = 2"), 0);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM delivery WHERE seq >> 8 = 2"), 0);
    writer_close(journal);
}
END_TEST

/* One route that fails must not fill the disk: bodies go, the events stay to be seen. */
START_TEST(bodies_of_the_dead_go_oldest_first_and_no_more_than_needed)
{
    struct sqlite_journal *journal = fixture_open();
    size_t bodies;
    static uint8_t body[1000];
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        int64_t seq = add(journal, "k", bytes_of(body, sizeof body));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        if (i == 3 || i == 11)
            continue; /* pending */
        claim(journal, delivery_seq(seq, 0), 1);
        finish(journal, delivery_seq(seq, 0), 1, OUTCOME_FAILED);
    }
    struct prune_keep keep = {.oldest_done = true, .dead_bytes = 3500};
    ck_assert_uint_eq(prune_bodies(journal, &keep, &bodies), 0);
    ck_assert_uint_eq(bodies, 4);
    ck_assert_int_eq(count_rows("SELECT sum(event * (event NOT IN (SELECT event FROM body))) FROM"
                                " (SELECT seq AS event FROM event)"),
                     1 + 2 + 3 + 5);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM output"), 6);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM delivery WHERE reason IS NOT NULL"), 10);
    keep.dead_bytes = INT64_MAX;
    prune_bodies(journal, &keep, &bodies);
    ck_assert_uint_eq(bodies, 6);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM body"), 2);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event"), 12);
    writer_close(journal);
}
END_TEST

START_TEST(the_horizon_is_kept)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t horizon = -1, newest = -1;
    ck_assert(prune_read_horizon(&journal->db, &horizon, &newest));
    ck_assert(horizon == 0 && newest == 0);
    fixture_add_committed(journal, "k1");
    for (int64_t now = 5; now < 7; now++) {
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(prune_put_horizon(&journal->db, now));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        ck_assert(prune_read_horizon(&journal->db, &horizon, &newest));
        ck_assert(horizon == now && newest == 1700000000000);
    }
    writer_close(journal);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("prune");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, pruning_takes_only_what_is_over_and_old);
    tcase_add_test(all, pruning_for_space_keeps_the_keys);
    tcase_add_test(all, a_step_is_bounded);
    tcase_add_test(all, one_event_is_removed_in_parts);
    tcase_add_test(all, large_things_go_before_their_events);
    tcase_add_test(all, keys_go_last);
    tcase_add_test(all, events_of_one_route_are_counted_and_removed);
    tcase_add_test(all, removed_numbers_are_ranges);
    tcase_add_test(all, what_was_removed_is_noted);
    tcase_add_test(all, what_is_free_is_measured_and_given_back);
    tcase_add_test(all, that_an_event_failed_is_kept_as_long_as_its_key);
    tcase_add_test(all, bodies_of_the_dead_go_oldest_first_and_no_more_than_needed);
    tcase_add_test(all, the_horizon_is_kept);
    suite_add_tcase(suite, all);
    return suite;
}

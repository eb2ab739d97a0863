/* A walk finds what the filter wants, each event once and in order, whatever its steps are. */
#include "server/journal/walk.h"

#include "base/id.h"
#include "journal_fixture.h"
#include "tests/unit/suite.h"

enum { EVENTS = 700, MINUTE_MS = 60000 };
#define FIRST_MS INT64_C(1700000000000)

/* One event a minute; every tenth is of another type, with a body of its own. */
static void fill(void)
{
    struct sqlite_journal *journal = fixture_open();
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < EVENTS; i++) {
        char id[ID_TEXT_SIZE];
        bool is_tenth = i % 10 == 9;
        struct event event =
            fixture_event("key", bytes_of_text(is_tenth ? "{\"tenth\":true}" : "{}"));
        event.received_ms = FIRST_MS + (int64_t)i * MINUTE_MS;
        event.type = bytes_of_text(is_tenth ? "tenth[1]" : "other");
        id_create(event.received_ms, id);
        ck_assert_int_eq(fixture_add(journal, &event, id), i + 1);
    }
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
}

struct found {
    int64_t seqs[EVENTS];
    size_t count;
};

static void note(void *context, const struct event_view *event)
{
    struct found *found = context;
    ck_assert_uint_lt(found->count, EVENTS);
    found->seqs[found->count++] = event->seq;
}

static struct found walk(const struct event_filter *filter, int64_t most)
{
    struct error err = {""};
    struct journal_walk walk;
    struct found found = {.count = 0};
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    ck_assert(journal_walk_begin(&walk, reader, filter));
    while (!journal_walk_is_over(&walk)) {
        size_t before = found.count;
        ck_assert(journal_walk_step(&walk, reader, most, note, &found));
        ck_assert_int_le(found.count - before, most);
    }
    journal_reader_close(reader);
    return found;
}

/* From `first` on, in steps of `by`. */
static void check(const struct event_filter *filter, size_t count, int64_t first, int64_t by)
{
    static const int64_t mosts[] = {1, 7, 256};
    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
        struct found found = walk(filter, mosts[i]);
        ck_assert_uint_eq(found.count, count);
        for (size_t j = 0; j < count; j++)
            ck_assert_int_eq(found.seqs[j], first + (int64_t)j * by);
    }
}

START_TEST(each_event_comes_once_and_in_order)
{
    fill();
    check(&(struct event_filter){.limit = 0}, EVENTS, EVENTS, -1);
    check(&(struct event_filter){.oldest_first = true}, EVENTS, 1, 1);
    check(&(struct event_filter){.after = 10, .before = 20}, 9, 19, -1);
    check(&(struct event_filter){.after = EVENTS}, 0, 0, 0);
    check(&(struct event_filter){.before = 1}, 0, 0, 0);
}
END_TEST

START_TEST(filters_hold_in_every_step)
{
    fill();
    check(&(struct event_filter){.type = "tenth[1]"}, EVENTS / 10, EVENTS, -10);
    check(&(struct event_filter){.type = "*[1]", .oldest_first = true}, EVENTS / 10, 10, 10);
    check(&(struct event_filter){.type = "tenth?1?"}, 0, 0, 0);
    check(&(struct event_filter){.type = "tenth[0-9]"}, 0, 0, 0);
    check(&(struct event_filter){.text = bytes_of_text("th\":t")}, EVENTS / 10, EVENTS, -10);
    check(&(struct event_filter){.text = bytes_of_text("%")}, 0, 0, 0);
    check(&(struct event_filter){.route = "beta"}, 0, 0, 0);
}
END_TEST

/* Ids narrow the walk by time; what is found is decided by the event. */
START_TEST(times_are_exact)
{
    const int64_t since = FIRST_MS + 100 * MINUTE_MS, until = FIRST_MS + 200 * MINUTE_MS;
    fill();
    check(&(struct event_filter){.since_ms = since, .oldest_first = true}, 600, 101, 1);
    check(&(struct event_filter){.since_ms = since + 1, .oldest_first = true}, 599, 102, 1);
    check(&(struct event_filter){.until_ms = until}, 200, 200, -1);
    check(&(struct event_filter){.since_ms = since, .until_ms = until}, 100, 200, -1);
    check(&(struct event_filter){.since_ms = FIRST_MS * 2}, 0, 0, 0);
    check(&(struct event_filter){.until_ms = 1}, 0, 0, 0);
}
END_TEST

START_TEST(an_empty_journal_has_none)
{
    writer_close(fixture_open());
    check(&(struct event_filter){.limit = 0}, 0, 0, 0);
    check(&(struct event_filter){.since_ms = 1, .oldest_first = true}, 0, 0, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_walk");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, each_event_comes_once_and_in_order);
    tcase_add_test(all, filters_hold_in_every_step);
    tcase_add_test(all, times_are_exact);
    tcase_add_test(all, an_empty_journal_has_none);
    suite_add_tcase(suite, all);
    return suite;
}

/* A field that is added to the table of server/event.h, here in a copy (add_fields.py), arrives in
 * the frame, in the journal's row, in the view of it, in what an action is given and in the JSON of
 * `tenterhook events`. Only the migration of the journal is made by hand, as it would be. */
#include "base/arena.h"
#include "handlers/action/envelope.h"
#include "handlers/action/environment.h"
#include "server/cli/events_json.h"
#include "server/ipc/frame.h"
#include "server/runner/attempt.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

static const char migration[] = "ALTER TABLE event ADD COLUMN note TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE event ADD COLUMN weight INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE event ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE event ADD COLUMN labels TEXT;"
                                "ALTER TABLE event ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;";

static struct event sample(void)
{
    struct event event = fixture_event("key", bytes_of_text("{\"a\":1}"));
    event.note = bytes_of_text("a \"note\"");
    event.weight = 7;
    event.urgent = true;
    event.labels = bytes_of_text("[\"x\"]");
    event.due_ms = 1700000000123;
    return event;
}

static void check_is_sample(const struct event *event)
{
    ck_assert(bytes_equal_text(event->note, "a \"note\""));
    ck_assert_int_eq(event->weight, 7);
    ck_assert(event->urgent);
    ck_assert(bytes_equal_text(event->labels, "[\"x\"]"));
    ck_assert_int_eq(event->due_ms, 1700000000123);
}

START_TEST(the_frame_carries_it)
{
    const struct event_frame sent = {.tag = 1, .event = sample()};
    struct event_frame got;
    struct buffer out;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    check_is_sample(&got.event);
    buffer_finish(&out);
}
END_TEST

START_TEST(the_runner_bounds_it)
{
    static uint8_t large[EVENT_SMALL + 1];
    struct event event = sample();
    event.note = bytes_of(large, EVENT_SMALL);
    ck_assert(event_is_bounded(&event));
    event.note = bytes_of(large, sizeof large);
    ck_assert(!event_is_bounded(&event));
}
END_TEST

static void check_given(const struct journal_delivery *found)
{
    static struct action_settings action = {.name = "run"};
    static const struct route route = {.path = "/hook"};
    static struct action_queue queue = {.action = &action, .route = &route};
    const struct command_settings settings = {0};
    struct error err = {""};
    struct arena arena;
    struct buffer out;
    struct attempt *attempt = attempt_create(NULL, &queue, 1, found);
    ck_assert_ptr_nonnull(attempt);
    arena_init(&arena, 10000);
    buffer_init(&out, 10000);
    ck_assert(envelope_append(&out, &attempt->given) && buffer_append(&out, "", 1));
    ck_assert_ptr_nonnull(strstr((char *)out.data,
                                 ",\"note\":\"a \\\"note\\\"\",\"weight\":7,\"urgent\":true,"
                                 "\"labels\":[\"x\"],\"due_ms\":\"2023-11-14T22:13:20.123Z\","
                                 "\"headers\":{},\"payload\":{\"a\":1}}"));
    const char *const *variables =
        environment_build(&arena, &settings, NULL, &attempt->given, NULL, NULL, &err);
    ck_assert_str_eq(environment_find(variables, "TENTERHOOK_NOTE"), "a \"note\"");
    ck_assert_str_eq(environment_find(variables, "TENTERHOOK_WEIGHT"), "7");
    ck_assert_str_eq(environment_find(variables, "TENTERHOOK_URGENT"), "true");
    ck_assert_str_eq(environment_find(variables, "TENTERHOOK_LABELS"), "[\"x\"]");
    ck_assert_str_eq(environment_find(variables, "TENTERHOOK_DUE_MS"), "2023-11-14T22:13:20.123Z");
    buffer_finish(&out);
    arena_finish(&arena);
    attempt_destroy(attempt);
}

static bool check_claimed(void *context, int64_t action, const struct journal_delivery *found)
{
    ck_assert_int_eq(action, 1);
    check_is_sample(&found->event);
    check_given(found);
    *(bool *)context = true;
    return true;
}

static void check_view(void *context, const struct event_view *view)
{
    check_is_sample(&view->event);
    events_json_row(context, view);
}

START_TEST(the_journal_keeps_it_and_actions_and_events_show_it)
{
    static const char members[] = ",\"note\":\"a \\\"note\\\"\",\"weight\":7,\"urgent\":true,"
                                  "\"labels\":[\"x\"],\"due_ms\":\"2023-11-14T22:13:20.123Z\","
                                  "\"states\":[\"running\"]}\n";
    struct error err = {""};
    struct sqlite db;
    struct event event = sample();
    int64_t action;
    bool claimed = false;
    char *text = NULL;
    size_t size;
    struct sqlite_journal *journal = fixture_open();
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_WRITE, 1000, NULL, &err));
    ck_assert(sqlite_run(&db, migration));
    sqlite_close(&db);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(events_find_action(journal, "alpha", "run", &action));
    int64_t seq = fixture_add(journal, &event, "01a219fb-3308-72aa-9a5e-3064e1adac04");
    int64_t delivery = delivery_seq(seq, 0);
    ck_assert(seq != 0 && events_add_delivery(journal, seq, 0, action, 0));
    const struct claim claim = {.delivery = delivery, .runner_id = 1, .now_ms = 1};
    ck_assert(deliveries_claim(journal, &claim, check_claimed, NULL, &claimed) && claimed);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    FILE *out = open_memstream(&text, &size);
    ck_assert(reader && journal_reader_event(reader, seq, check_view, out));
    fclose(out);
    ck_assert_msg(strstr(text, members) != NULL, "%s", text);
    free(text);
    journal_reader_close(reader);
    writer_close(journal);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("event_field");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, the_frame_carries_it);
    tcase_add_test(all, the_runner_bounds_it);
    tcase_add_test(all, the_journal_keeps_it_and_actions_and_events_show_it);
    suite_add_tcase(suite, all);
    return suite;
}

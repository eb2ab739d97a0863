/* What `events` shows is what the journal holds, and no terminal obeys it. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/cli/events_json.h"
#include "server/cli/events_table.h"
#include "server/cli/events_text.h"
#include "server/terminal/terminal.h"
#include "tests/unit/suite.h"

static const char loud[] = "red \033[31m \xe2\x80\xae \xc2\x9b \xff\n";

static bool note_nothing(void *context, int64_t action, const struct journal_delivery *delivery)
{
    (void)action;
    (void)context, (void)delivery;
    return true;
}

/* One event for each key; the first has failed, the second is done, the third waits. */
static void fill(void)
{
    static const char *const keys[] = {"one", "two", loud};
    struct sqlite_journal *journal = fixture_open();
    char id[ID_TEXT_SIZE];
    int64_t seq, action;
    bool applied;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < 3; i++) {
        struct event event = fixture_event(keys[i], bytes_of_text("{\"a\":1}"));
        struct outcome outcome = {.kind = i == 0 ? OUTCOME_FAILED : OUTCOME_DONE,
                                  .exit_status = i == 0 ? 9 : 0,
                                  .reason = "exited with status 9",
                                  .output = bytes_of_text(loud),
                                  .output_total = 1000};
        event.type = bytes_of_text(keys[i]);
        id_create(clock_unix_ms(), id);
        const char *route = i == 2 ? "beta" : "alpha";
        ck_assert(events_find_action(journal, route, "1", &action));
        event.route = bytes_of_text(route);
        seq = fixture_add(journal, &event, id);
        ck_assert(events_add_delivery(journal, seq, 0, action, 0));
        if (i == 2)
            continue;
        int64_t delivery = delivery_seq(seq, 0);
        const struct claim claim = {.delivery = delivery, .runner_id = 1, .now_ms = 1};
        ck_assert(deliveries_claim(journal, &claim, note_nothing, NULL, NULL));
        const struct ended_attempt ended = {.delivery = delivery,
                                            .runner_id = 1,
                                            .attempt = 1,
                                            .outcome = &outcome,
                                            .ended_ms = clock_unix_ms()};
        ck_assert(deliveries_finish(journal, &ended, &applied));
    }
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
}

struct printed {
    struct events_table table;
    char *text;
    size_t size;
    FILE *file;
    size_t rows;
    int64_t last;
    char id[ID_TEXT_SIZE];
};

static void row(void *context, const struct event_view *event)
{
    struct printed *printed = context;
    events_table_add(&printed->table, event);
    memcpy(printed->id, event->event.id.data, ID_TEXT_SIZE - 1);
    printed->last = event->seq;
    printed->rows++;
}

static size_t list(struct journal_reader *reader, struct event_filter filter,
                   struct printed *printed)
{
    filter.limit = filter.limit ? filter.limit : 100;
    printed->rows = 0;
    ck_assert(journal_reader_list(reader, &filter, row, printed));
    fflush(printed->file);
    return printed->rows;
}

static struct journal_reader *open_reader(void)
{
    struct error err = {""};
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    return reader;
}

START_TEST(filters_choose)
{
    struct printed printed = {.text = NULL};
    fill();
    struct journal_reader *reader = open_reader();
    printed.file = open_memstream(&printed.text, &printed.size);
    events_table_begin(&printed.table, printed.file, reader);
    ck_assert_uint_eq(list(reader, (struct event_filter){.route = NULL}, &printed), 3);
    ck_assert_int_eq(printed.last, 1); /* newest first */
    ck_assert_uint_eq(list(reader, (struct event_filter){.route = "alpha"}, &printed), 2);
    ck_assert_uint_eq(list(reader, (struct event_filter){.state = "dead"}, &printed), 1);
    ck_assert_uint_eq(list(reader, (struct event_filter){.limit = 2}, &printed), 2);
    ck_assert_uint_eq(
        list(reader, (struct event_filter){.after = 1, .oldest_first = true}, &printed), 2);
    ck_assert_int_eq(printed.last, 3);
    ck_assert_ptr_null(strchr(printed.text, '\033'));
    ck_assert_ptr_nonnull(strstr(printed.text, "\\x1b[31m \\xe2\\x80\\xae \\xc2\\x9b \\xff\\x0a"));
    fclose(printed.file);
    free(printed.text);
    journal_reader_close(reader);
}
END_TEST

START_TEST(a_prefix_finds_what_is_unique)
{
    struct printed printed = {.text = NULL};
    int64_t seq = 0;
    size_t count;
    fill();
    struct journal_reader *reader = open_reader();
    printed.file = open_memstream(&printed.text, &printed.size);
    events_table_begin(&printed.table, printed.file, reader);
    list(reader, (struct event_filter){.state = "dead"}, &printed);
    ck_assert(journal_reader_find(reader, printed.id, &seq, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(seq, 1);
    printed.id[8] = '\0';
    ck_assert(journal_reader_find(reader, printed.id, &seq, &count));
    ck_assert_uint_eq(count, 2); /* and more */
    ck_assert(journal_reader_find(reader, "' OR 1 --", &seq, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert(journal_reader_find(reader, "", &seq, &count)); /* of a variable that is not set */
    ck_assert_uint_eq(count, 0);
    fclose(printed.file);
    free(printed.text);
    journal_reader_close(reader);
}
END_TEST

/* Of the two forms one is printed. */
struct shown {
    bool json;
    struct events_json as_json;
    struct events_text as_text;
};

static void show_event(void *context, const struct event_view *event)
{
    struct shown *shown = context;
    if (shown->json)
        events_json_event(&shown->as_json, event);
    else
        events_text_event(&shown->as_text, event);
}

static void show_delivery(void *context, const struct delivery_view *delivery)
{
    struct shown *shown = context;
    if (shown->json)
        events_json_delivery(&shown->as_json, delivery);
    else
        events_text_delivery(&shown->as_text, delivery);
}

static void show_stored(void *context, const struct event *stored)
{
    struct shown *shown = context;
    ck_assert(bytes_equal_text(stored->body, "{\"a\":1}"));
    if (shown->json)
        events_json_stored(&shown->as_json, stored);
    else
        events_text_stored(&shown->as_text, stored);
}

static char *show(bool json)
{
    char *text = NULL;
    size_t size;
    fill();
    struct journal_reader *reader = open_reader();
    FILE *out = open_memstream(&text, &size);
    struct shown shown = {json, {.out = out, .reader = reader}, {.out = out, .reader = reader}};
    ck_assert(journal_reader_event(reader, 1, show_event, &shown));
    ck_assert(journal_reader_body(reader, 1, show_stored, &shown));
    ck_assert(journal_reader_deliveries(reader, 1, show_delivery, &shown));
    if (json)
        events_json_end(&shown.as_json);
    ck_assert(!journal_reader_event(reader, 99, show_event, &shown));
    fclose(out);
    journal_reader_close(reader);
    return text;
}

START_TEST(all_of_an_event_is_shown)
{
    char *text = show(false);
    static const char *const wanted[] = {
        "route         alpha\n",
        "body          7 bytes\n",
        "\nbody\n  {\n    \"a\": 1\n  }\n",
        "action 1: dead, 1 attempt",
        "exit 9\n",
        "reason      exited with status 9\n",
        "standard output: 1000 bytes, of which the last are:\n    | red \\x1b[31m"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(strstr(text, wanted[i]) != NULL, "%s is not in %s", wanted[i], text);
    ck_assert_ptr_null(strchr(text, '\033'));
    free(text);
}
END_TEST

/* Below half of journal.min_free outputs are counted and not stored. */
START_TEST(an_output_that_is_not_kept_is_said_to_be_so)
{
    char *text = NULL;
    size_t size;
    struct events_text shown = {.out = open_memstream(&text, &size)};
    const struct delivery_view delivery = {.action = bytes_of_text("1"),
                                           .state = bytes_of_text("dead"),
                                           .attempt = 1,
                                           .output_total = 30070};
    events_text_delivery(&shown, &delivery);
    fclose(shown.out);
    ck_assert_msg(strstr(text, "standard output: 30070 bytes, which are not kept\n") != NULL, "%s",
                  text);
    free(text);
}
END_TEST

START_TEST(reasons_name_a_place_if_they_have_one)
{
    char *text = NULL;
    size_t size;
    struct events_text shown = {.out = open_memstream(&text, &size)};
    struct event_view event = {
        .event.failures = bytes_of_text(
            "[{\"instanceLocation\":\"\",\"keywordLocation\":\"\",\"message\":\"is refused\"},"
            "{\"instanceLocation\":\"/a\",\"keywordLocation\":\"/not\",\"message\":\"too\"}]")};
    events_text_event(&shown, &event);
    fclose(shown.out);
    ck_assert_msg(strstr(text, "  the body is refused\n  /a too (/not)\n") != NULL, "%s", text);
    free(text);
}
END_TEST

START_TEST(what_is_stored_with_the_body_is_shown)
{
    static const char *const wanted[] = {
        "\nparams\n  env: prod\n\nquery\n  a: 1, 2\n",
        ",\"params\":{\"env\":\"prod\"},\"query\":{\"a\":[\"1\",\"2\"]}"};
    const struct event stored = {.params = bytes_of_text("{\"env\":\"prod\"}"),
                                 .query = bytes_of_text("{\"a\":[\"1\",\"2\"]}"),
                                 .json_field = bytes_of_text("payload")};
    for (int json = 0; json < 2; json++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        struct events_text as_text = {.out = out};
        struct events_json as_json = {.out = out};
        if (json)
            events_json_stored(&as_json, &stored);
        else
            events_text_stored(&as_text, &stored);
        fclose(out);
        ck_assert_str_eq(text, wanted[json]);
        free(text);
    }
}
END_TEST

START_TEST(json_is_json)
{
    char *text = show(true);
    ck_assert_ptr_nonnull(strstr(text, "\"states\":[\"dead\"]"));
    char *received = strstr(text, "\"route\":");
    ck_assert(strncmp(text, "{\"seq\":1,\"id\":\"0", 15) == 0 && received);
    static const char members[] =
        "\"route\":\"alpha\",\"received\":\"2023-11-14T22:13:20.000Z\",\"client\":\"192.0.2.1\","
        "\"type\":\"one\",\"delivery\":\"one\",\"content_type\":\"application/json\",\"size\":7,"
        "\"reruns\":0,\"method\":\"\",\"host\":\"\",\"path\":\"\",\"title\":\"\",\"states\":[";
    ck_assert_msg(strncmp(received, members, sizeof members - 1) == 0, "%s", received);
    ck_assert_ptr_nonnull(strstr(text, "\"headers\":{}"));
    ck_assert_ptr_nonnull(
        strstr(text, "\"output\":\"red \\u001b[31m \\u202e \\u009b \xef\xbf\xbd\\n\""));
    ck_assert_ptr_null(strchr(text, '\033'));
    free(text);
}
END_TEST

static char *printed_json(const char *json)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print_json(out, bytes_of_text(json));
    fclose(out);
    return text;
}

START_TEST(json_stays_the_same_json_and_moves_no_cursor)
{
    static const struct {
        const char *json, *shown;
    } rows[] = {
        {"{\"a\": [1,\n\t\"\\u001b\"]}", "{\"a\": [1,\n\t\"\\u001b\"]}"},
        {"\"\xc2\x85 \xc2\x9b \x7f\"", "\"\\u0085 \\u009b \\u007f\""},
        {"\"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\"", "\"\\u202e\\u2066\\u061c\""},
        {"\"\xf3\xa0\x81\x81\"", "\"\\udb40\\udc41\""},
        {"\"gr\xc3\xb6\xc3\x9f, \xe2\x80\x99 \xf0\x9f\x8e\x89\"",
         "\"gr\xc3\xb6\xc3\x9f, \xe2\x80\x99 \xf0\x9f\x8e\x89\""},
        {"\"cut \xe2\x80", "\"cut \\ufffd\\ufffd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = printed_json(rows[i].json);
        ck_assert_str_eq(text, rows[i].shown);
        free(text);
    }
}
END_TEST

START_TEST(a_commit_is_seen_by_the_reader)
{
    int64_t newest = -1;
    fill();
    struct journal_reader *reader = open_reader();
    ck_assert(journal_reader_newest(reader, &newest));
    ck_assert_int_eq(newest, 3);
    ck_assert(!journal_reader_changed(reader));
    struct sqlite_journal *journal = fixture_open();
    ck_assert_int_eq(writer_probe(journal), SQLITE_STATUS_OK);
    ck_assert(journal_reader_changed(reader));
    writer_close(journal);
    journal_reader_close(reader);
}
END_TEST

START_TEST(a_file_that_nobody_serves_can_be_read_without_writing)
{
    char copy[128], command[320];
    int64_t newest = 0;
    struct error err = {""};
    fill();
    snprintf(copy, sizeof copy, "%s/alone/journal.db", fixture_directory);
    snprintf(command, sizeof command,
             "cd %s && mkdir alone && cp journal.db alone && chmod 0444 "
             "alone/journal.db && chmod 0555 alone",
             fixture_directory);
    ck_assert_int_eq(system(command), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    struct journal_reader *reader = journal_reader_open(copy, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    ck_assert(journal_reader_newest(reader, &newest));
    ck_assert_int_eq(newest, 3);
    journal_reader_close(reader);
    ck_assert(seteuid(getuid()) == 0);
    snprintf(command, sizeof command, "chmod 0755 %s/alone", fixture_directory);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, filters_choose);
    tcase_add_test(all, a_prefix_finds_what_is_unique);
    tcase_add_test(all, all_of_an_event_is_shown);
    tcase_add_test(all, an_output_that_is_not_kept_is_said_to_be_so);
    tcase_add_test(all, reasons_name_a_place_if_they_have_one);
    tcase_add_test(all, what_is_stored_with_the_body_is_shown);
    tcase_add_test(all, json_is_json);
    tcase_add_test(all, json_stays_the_same_json_and_moves_no_cursor);
    tcase_add_test(all, a_commit_is_seen_by_the_reader);
    tcase_add_test(all, a_file_that_nobody_serves_can_be_read_without_writing);
    suite_add_tcase(suite, all);
    return suite;
}

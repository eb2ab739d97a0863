/* The keys `event` and `delivery` of a route: the first value that is there, once, and of a length.
 */
#include "handlers/admission/event_names.h"
#include "tests/unit/suite.h"

#include "handlers/content/json.h"

#include <stdlib.h>

static struct arena arena;
static struct header headers[4];
static struct request request;
static struct event_names names;

static void setup(void)
{
    arena_init(&arena, 1 << 20);
    request = (struct request){.arena = &arena, .headers = headers};
    names = (struct event_names){.event.count = 0};
}

static void teardown(void)
{
    arena_finish(&arena);
}

static struct verdict take(bool is_signed)
{
    struct value_context values;
    value_context_of_request(&values, &request);
    struct verdict verdict = event_names_take(&names, is_signed, &values, &request);
    value_context_finish(&values);
    return verdict;
}

static void add(struct reference_list *list, const char *text)
{
    static struct reference refs[2][4];
    struct error err = {""};
    list->items = list == &names.event ? refs[0] : refs[1];
    ck_assert_msg(
        reference_parse(bytes_of_text(text), &arena, &list->items[list->count++], &err, NULL), "%s",
        err.text);
}

static void has(const char *name, const char *value)
{
    headers[request.header_count++] = (struct header){bytes_of_text(name), bytes_of_text(value)};
}

START_TEST(the_first_value_that_is_there_is_taken)
{
    add(&names.event, "header.x-first");
    add(&names.event, "header.x-second");
    has("X-Second", "two");
    ck_assert_int_eq(take(false).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.event_type, "two"));
    ck_assert_uint_eq(request.message_id.length, 0);
    request.event_type = bytes_of_text("");
    has("X-First", "one");
    ck_assert_int_eq(take(false).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.event_type, "one"));
}
END_TEST

START_TEST(what_the_provider_knows_stands)
{
    add(&names.event, "header.x-event");
    add(&names.message_id, "header.x-id");
    has("X-Event", "other");
    has("X-Id", "other");
    request.event_type = bytes_of_text("push");
    request.message_id = bytes_of_text("d");
    ck_assert_int_eq(take(true).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.event_type, "push"));
    ck_assert(bytes_equal_text(request.message_id, "d"));
    ck_assert_uint_eq(request.dedupe_key.length, 0);
}
END_TEST

START_TEST(what_is_there_twice_is_refused)
{
    add(_i ? &names.message_id : &names.event, "header.x-id");
    if (_i == 0)
        add(&names.message_id, "header.x-other");
    has("X-Id", "1");
    has("X-Other", "2");
    has("X-Id", "1");
    struct verdict verdict = take(true);
    ck_assert_int_eq(verdict.reply, REPLY_UNPROCESSABLE);
    ck_assert_ptr_nonnull(strstr(verdict.reason, "more than once"));
    ck_assert_uint_eq(request.event_type.length + request.message_id.length, 0);
}
END_TEST

START_TEST(a_name_has_a_length)
{
    static char longest[257 + 1];
    memset(longest, 'x', 257);
    add(&names.message_id, "header.x-id");
    has("X-Id", longest);
    ck_assert_int_eq(take(false).reply, REPLY_NONE);
    ck_assert_uint_eq(request.message_id.length, 0);
    headers[0].value.length--;
    ck_assert_int_eq(take(false).reply, REPLY_NONE);
    ck_assert_uint_eq(request.message_id.length, 256);
    ck_assert_ptr_ne(request.message_id.data, headers[0].value.data); /* in the arena */
    request.message_id = bytes_of_text("");
    headers[0].value.length = 1;
    ck_assert_int_eq(take(false).reply, REPLY_NONE);
    ck_assert_uint_eq(request.message_id.length, 1);
}
END_TEST

/* Whether the route or the provider says where it is. */
START_TEST(a_name_with_nul_is_refused)
{
    const struct bytes cut = bytes_of("pu\0sh", 5);
    struct json_summary summary = {0};
    if (_i < 2)
        add(_i ? &names.message_id : &names.event, "payload.id");
    else if (_i == 2)
        request.event_type = cut;
    else
        request.message_id = cut;
    request.body = bytes_of_text("{\"id\":\"pu\\u0000sh\"}");
    request.payload = request.body;
    request.json = &summary;
    struct verdict verdict = take(true);
    ck_assert_int_eq(verdict.reply, REPLY_UNPROCESSABLE);
    ck_assert_ptr_nonnull(strstr(verdict.message, "U+0000"));
}
END_TEST

START_TEST(an_arena_that_is_full_refuses)
{
    struct arena full;
    add(&names.event, "header.x-id");
    has("X-Id", "1");
    arena_init(&full, 0);
    request.arena = &full;
    ck_assert_int_eq(take(false).reply, REPLY_MEMORY_FULL);
    ck_assert_uint_eq(request.event_type.length, 0);
    arena_finish(&full);
}
END_TEST

/* Only what the sender alone can have written tells that two are one. */
START_TEST(an_id_is_a_key_where_it_is_signed)
{
    static const struct {
        const char *ref, *other;
        bool is_signed, is_key;
    } rows[] = {
        {"payload.id", NULL, true, true},           {"payload.id", NULL, false, false},
        {"header.x-id", NULL, true, false},         {"payload.none", "payload.id", true, true},
        {"payload.id", "header.x-id", true, false}, {"header.x-none", "payload.id", true, false},
    };
    static const char body[] = "{\"id\":\"7\"}";
    add(&names.message_id, rows[_i].ref);
    if (rows[_i].other)
        add(&names.message_id, rows[_i].other);
    if (strcmp(rows[_i].ref, "header.x-id") == 0)
        has("X-Id", "7");
    has("Content-Type", "application/json");
    request.body = bytes_of_text(body);
    struct json_summary summary = {0};
    request.json = &summary;
    request.payload = request.body;
    ck_assert_int_eq(take(rows[_i].is_signed).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.message_id, "7"));
    ck_assert_int_eq(request.dedupe_key.length > 0, rows[_i].is_key);
}
END_TEST

START_TEST(without_an_id_there_is_no_key)
{
    add(&names.message_id, "payload.id");
    request.body = bytes_of_text("{}");
    struct json_summary summary = {0};
    request.json = &summary;
    request.payload = request.body;
    ck_assert_int_eq(take(true).reply, REPLY_NONE);
    ck_assert_uint_eq(request.message_id.length + request.dedupe_key.length, 0);
    ck_assert_ptr_null(request.dedupe_key.data);
}
END_TEST

/* The names that a CloudEvent has by its own attributes; what the file or a provider says stands.
 */
START_TEST(a_cloudevent_is_known_by_its_source_and_id)
{
    static const struct {
        const char *payload;
        bool is_signed;
        const char *given_key; /* by the provider */
    } rows[] = {
        {"{\"id\":\"1\",\"source\":\"ab\",\"type\":\"t\"}", false, ""},
        {"{\"id\":\"1\",\"source\":\"ab\",\"type\":\"t\"}", true, "digest"},
        {"{\"id\":\"1a\",\"source\":\"b\",\"type\":\"t\"}", false, ""},
        {"{\"id\":\"1\",\"source\":\"b\",\"type\":\"t\"}", true, ""},
        {"{\"id\":\"1\",\"source\":\"ab\",\"type\":\"t\"}", false, "digest"},
    };
    struct bytes keys[sizeof rows / sizeof *rows];
    struct json_summary summary = {0};
    request.json = &summary;
    ck_assert(event_names_of_cloudevents(&names, &arena, false, false));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        request.event_type = request.message_id = bytes_of(NULL, 0);
        request.payload = bytes_of_text(rows[i].payload);
        request.dedupe_key = bytes_of_text(rows[i].given_key);
        ck_assert_int_eq(take(rows[i].is_signed).reply, REPLY_NONE);
        ck_assert(bytes_equal_text(request.event_type, "t") && request.message_id.length > 0);
        keys[i] = request.dedupe_key;
    }
    ck_assert(bytes_equal(keys[0], keys[1]) && !bytes_equal(keys[0], keys[2]) &&
              !bytes_equal(keys[0], keys[3]));
    ck_assert(bytes_equal_text(keys[4], "digest"));
}
END_TEST

START_TEST(other_names_of_a_cloudevent_stand)
{
    add(&names.event, "header.x-a");
    ck_assert(event_names_of_cloudevents(&names, &arena, false, true));
    ck_assert_str_eq(names.event.items[0].text, "header.x-a");
    ck_assert_uint_eq(names.message_id.count + names.source.count, 0);
    ck_assert(event_names_of_cloudevents(&names, &arena, false, false));
    ck_assert_str_eq(names.message_id.items[0].text, "payload.id");
    ck_assert_str_eq(names.source.items[0].text, "payload.source");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("event_names");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, the_first_value_that_is_there_is_taken);
    tcase_add_test(all, what_the_provider_knows_stands);
    tcase_add_loop_test(all, what_is_there_twice_is_refused, 0, 2);
    tcase_add_test(all, a_name_has_a_length);
    tcase_add_loop_test(all, a_name_with_nul_is_refused, 0, 4);
    tcase_add_test(all, an_arena_that_is_full_refuses);
    tcase_add_loop_test(all, an_id_is_a_key_where_it_is_signed, 0, 6);
    tcase_add_test(all, without_an_id_there_is_no_key);
    tcase_add_test(all, a_cloudevent_is_known_by_its_source_and_id);
    tcase_add_test(all, other_names_of_a_cloudevent_stand);
    suite_add_tcase(suite, all);
    return suite;
}

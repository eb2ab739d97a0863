/* The JSON guard: RFC 8259 to the letter, names once, limits, and where the fault is. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/siphash.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

static bool good(struct bytes text)
{
    struct json_fault fault = {.offset = 0};
    /* a copy of exactly that size, so that a sanitizer sees any read past the end */
    uint8_t *copy = malloc(text.length ? text.length : 1);
    if (text.length)
        memcpy(copy, text.data, text.length);
    bool result = json_check(bytes_of(copy, text.length), &json_limits_default, NULL, &fault);
    ck_assert(result || (fault.reason && fault.offset <= text.length));
    free(copy);
    return result;
}

START_TEST(texts_are_judged_by_rfc_8259)
{
    static const char *const rows[] = {
        "y{}",
        "y[]",
        "y \t\r\n1 ",
        "y\"\"",
        "y-0",
        "y-0.0e-0",
        "y1e999",
        "y1E+2",
        "ytrue",
        "ynull",
        "y[1,2,{\"a\":[]}]",
        "y{\"a\":{\"a\":{\"a\":1}}}",
        "y[{\"a\":1},{\"a\":1}]",
        "y\"\\u0000 is fine in a value\"",
        "y\"\\ud83d\\ude00\"",
        "y\"\x7f\"",
        "y\"aä€😀\"",
        "y99999999999999999999",
        "y{\"\":1}",
        "y\"\\\\\"",
        "y{\"a\" : 1 , \"b\":2 }",
        "n",
        "n ",
        "n{",
        "n[",
        "n]",
        "n}",
        "n[1",
        "n[1,",
        "n[1,]",
        "n[,1]",
        "n{\"a\"",
        "n{\"a\":",
        "n{\"a\":1",
        "n{\"a\":1,",
        "n{\"a\":1,}",
        "n{,}",
        "n{a:1}",
        "n{'a':1}",
        "n{1:1}",
        "n[1}",
        "n{\"a\":1]",
        "n{\"a\" 1}",
        "n{\"a\",1}",
        "n1 2",
        "n[]x",
        "n[1 2]",
        "n01",
        "n-",
        "n-01",
        "n+1",
        "n1.",
        "n.5",
        "n1e",
        "n1e+",
        "n0x1",
        "nNaN",
        "nInfinity",
        "n-Infinity",
        "nTrue",
        "ntru",
        "ntruee",
        "nnul",
        "n\"",
        "n\"a",
        "n\"\\",
        "n\"\\u",
        "n\"\\u12",
        "n\"\\u12g4\"",
        "n\"\\x41\"",
        "n\"\\'\"",
        "n\"\n\"",
        "n\"\t\"",
        "n\"\x1f\"",
        "n\"\xff\"",
        "n\"\xc0\x80\"",
        "n\"\xed\xa0\x80\"",
        "n\"\xf4\x90\x80\x80\"",
        "n\"\xc3\"",
        "n\xef\xbb\xbf{}",
        "n\"\\ud800\"",
        "n\"\\udc00\"",
        "n\"\\ud800x\"",
        "n\"\\ud800\\n\"",
        "n\"\\ud800\\ud800\"",
        "n\"\\udc00\\ud800\"",
        "n/**/1",
        "n1//",
        "n[1]\\",
        "n\"\\ud800\\u\"",
        "n\"\\ud800\\",
        "n{\"\\u0000\":1}",
        "n{\"a\\u0000b\":1}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(good(bytes_of_text(rows[i] + 1)) == (rows[i][0] == 'y'), "%s", rows[i]);
    ck_assert(!good(bytes_of("1\0", 2)));
    ck_assert(!good(bytes_of("[\"a\0b\"]", 7)));
}
END_TEST

START_TEST(names_come_once_however_they_are_written)
{
    static const char *const rows[] = {
        "n{\"a\":1,\"a\":2}",
        "n{\"a\":1,\"\\u0061\":2}",
        "n[{\"x\":{\"b\":1,\"c\":1,\"b\":1}}]",
        "n{\"\":1,\"\":1}",
        "n{\"\\ud83d\\ude00\":1,\"😀\":1}",
        "n{\"/\":1,\"\\/\":1}",
        "n{\"\\n\":1,\"\\u000a\":1}",
        "n{\"\\u00e4\":1,\"ä\":1}",
        "n{\"\\u20AC\":1,\"€\":1}",
        "n{\"longer than eight\":1,\"longer than \\u0065ight\":1}",
        "y{\"a\":1,\"A\":2}",
        "y{\"a\":1,\"a \":2}",
        "y{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        "y{\"longer than 8 a\":1,\"longer than 8 b\":1}",
        "y{\"\\b\":1,\"\\f\":1,\"b\":1,\"f\":1}",
        "y{\"\\u0061\":{\"\\u0061\":1},\"\\u0062\":{\"\\u0062\":[]}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(good(bytes_of_text(rows[i] + 1)) == (rows[i][0] == 'y'), "%s", rows[i]);
}
END_TEST

/* Objects in objects, some small and some hashed, `repeat` at the end of one of them (-1: none). */
static void build_tree(struct buffer *out, int depth, int members, int repeat)
{
    ck_assert(buffer_append_text(out, "{"));
    for (int i = 0; i < members; i++) {
        ck_assert(buffer_printf(out, i % 3 ? "\"key%d\":" : "\"k\\u0065y%d\":", i));
        if (depth > 0 && i % 7 == 3)
            build_tree(out, depth - 1, members * 2 / 3, -1);
        else
            ck_assert(buffer_append_text(out, "0"));
        ck_assert(buffer_append_text(out, i + 1 < members || repeat >= 0 ? "," : ""));
    }
    if (repeat >= 0)
        ck_assert(buffer_printf(out, "\"key%d\":0", repeat));
    ck_assert(buffer_append_text(out, "}"));
}

START_TEST(names_of_nested_objects_do_not_meet)
{
    for (int members = 1; members < 60; members++) {
        struct buffer text;
        buffer_init(&text, 1 << 24);
        build_tree(&text, 3, members, -1);
        ck_assert_msg(good(buffer_bytes(&text)), "%d", members);
        buffer_consume(&text, text.length);
        build_tree(&text, 2, members, members * 2 / 3);
        ck_assert_msg(!good(buffer_bytes(&text)), "%d", members);
        buffer_finish(&text);
    }
}
END_TEST

START_TEST(a_hundred_thousand_names_take_no_time)
{
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    struct json_summary summary;
    struct buffer text;
    limits.nodes = 200000;
    buffer_init(&text, 1 << 24);
    ck_assert(buffer_append_text(&text, "{"));
    for (int i = 0; i < 100000; i++)
        ck_assert(buffer_printf(&text, "\"%d\":0,", i * 4096));
    size_t length = text.length;
    ck_assert(buffer_append_text(&text, "\"last\":0}"));
    int64_t from = clock_monotonic_ns();
    ck_assert(json_check(buffer_bytes(&text), &limits, &summary, &fault));
    ck_assert_int_lt(clock_monotonic_ns() - from, 1000 * NS_PER_MS);
    ck_assert_uint_eq(summary.members, 100001);
    ck_assert_uint_eq(summary.nodes, 100002);
    ck_assert_uint_eq(summary.objects, 1);
    text.length = length;
    ck_assert(buffer_append_text(&text, "\"\\u0034096\":0}"));
    ck_assert(!json_check(buffer_bytes(&text), &limits, &summary, &fault));
    ck_assert_uint_eq(fault.offset, length);
    ck_assert_str_eq(fault.reason, "a repeated name");
    ck_assert(!json_check(buffer_bytes(&text), &json_limits_default, NULL, &fault));
    ck_assert_str_eq(fault.reason, "too many values");
    buffer_finish(&text);
}
END_TEST

static bool nested(size_t depth)
{
    static char text[200001];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return good(bytes_of(text, 2 * depth));
}

START_TEST(limits_hold)
{
    ck_assert(nested(32));
    ck_assert(!nested(33));
    ck_assert(!nested(100000));
    char number[1200];
    memset(number, '7', sizeof number);
    ck_assert(good(bytes_of(number, 1024)));
    ck_assert(!good(bytes_of(number, 1025)));
    struct json_limits deep = {.depth = 100000, .nodes = SIZE_MAX, .number_length = SIZE_MAX};
    struct json_fault fault;
    static char brackets[JSON_DEPTH_MAX + 1];
    memset(brackets, '[', sizeof brackets);
    ck_assert(!json_check(bytes_of(brackets, sizeof brackets), &deep, NULL, &fault));
    ck_assert_uint_eq(fault.offset, JSON_DEPTH_MAX);
}
END_TEST

/* What a route may let pass: half a character and repeated names. */
START_TEST(lone_surrogates_pass_where_they_may)
{
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    limits.lone_surrogates = true;
    static const char *const rows[] = {
        "y\"\\ud83d cut\"",
        "y\"\\ud83d\"",
        "y\"\\udc00\"",
        "y\"\\ud800\\ud800\"",
        "y\"\\udc00\\ud800\"",
        "y\"\\ud800\\n\"",
        "y\"\\ud83d\\ude00\\ud83d\"",
        "y{\"\\ud83d\":1,\"\\ud83d\\ude00\":1}",
        /* both are read as U+FFFD, and so would be one name for whoever comes after the guard */
        "n{\"\\ud83d\":1,\"\\udc00\":1}",
        "n{\"\\ud83d\":1,\"\xef\xbf\xbd\":1}",
        "n\"\\ud800\\u\"",
        "n\"\\ud800\\u12g4\"",
        "n\"\\ud800\\",
        "n\"\\ud800\\x\"",
        "n\"\\ud8\"",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(json_check(bytes_of_text(rows[i] + 1), &limits, NULL, &fault) ==
                          (rows[i][0] == 'y'),
                      "%s", rows[i]);
}
END_TEST

START_TEST(unescaped_text_is_utf8)
{
    static const char *const rows[][2] = {
        {"plain", "plain"},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u00e4\\u20AC", "Aä€"},
        {"\\ud83d\\ude00", "😀"},
        {"\\ud83d", "\xef\xbf\xbd"},
        {"\\ud83d cut", "\xef\xbf\xbd cut"},
        {"\\ud83d\\u0041", "\xef\xbf\xbd"
                           "A"},
        {"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd😀"},
        {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\\ud83d\\n", "\xef\xbf\xbd\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes inside = bytes_of_text(rows[i][0]);
        uint8_t *out = malloc(inside.length ? inside.length : 1); /* exactly the room there is */
        size_t length = json_unescape(inside, out);
        ck_assert_msg(bytes_equal_text(bytes_of(out, length), rows[i][1]), "%s", rows[i][0]);
        free(out);
    }
}
END_TEST

/* As a journal that somebody has changed may hold it, in exactly the room there is. */
START_TEST(what_is_no_escape_is_read_no_further)
{
    static const char *const rows[] = {"\\",      "\\u", "\\u00e", "\\ud83d\\u", "\\ud83d\\ude0",
                                       "\\uzzzz", "\\q"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = strlen(rows[i]);
        uint8_t *inside = malloc(size), *out = malloc(size);
        memcpy(inside, rows[i], size);
        ck_assert_uint_le(json_unescape(bytes_of(inside, size), out), size);
        free(inside);
        free(out);
    }
}
END_TEST

START_TEST(of_repeated_names_the_last_counts_where_they_may_be)
{
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    struct json_summary summary;
    struct bytes text = bytes_of_text(
        "{\"a\":{\"x\":1},\"b\":[{\"c\":1,\"\\u0063\":2}],\"a\":{\"x\":3,\"x\":\"4\"}}");
    static const char *const rows[][3] = {
        {".a.x", "1", "\"4\""}, {".b[0].c", "1", "2"}, {".b[*].c", "1", "2"}, {".d", "", ""}};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    ck_assert(!json_check(text, &limits, &summary, &fault));
    ck_assert(bytes_equal_text(fault.name, "\\u0063"));
    limits.repeated_names = true;
    ck_assert(json_check(text, &limits, &summary, &fault));
    ck_assert_uint_eq(summary.repeated, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_path path;
        struct bytes first = {0}, last = {0};
        ck_assert(json_path_parse(rows[i][0], &arena, &path, NULL));
        json_path_find(text, &path, &first);
        json_path_find_last(text, &path, &last);
        ck_assert_msg(bytes_equal_text(first, rows[i][1]), "%s", rows[i][0]);
        ck_assert_msg(bytes_equal_text(last, rows[i][2]), "%s", rows[i][0]);
    }
    arena_finish(&arena);
}
END_TEST

/* Many, so that objects are hashed: a name that comes again is not kept twice. */
START_TEST(repeated_names_leave_nothing_behind)
{
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    struct json_summary summary;
    struct buffer text;
    limits.repeated_names = true;
    buffer_init(&text, 1 << 20);
    ck_assert(buffer_append_text(&text, "["));
    for (int object = 0; object < 20; object++) {
        ck_assert(buffer_append_text(&text, object ? ",{" : "{"));
        for (int i = 0; i < 40; i++)
            ck_assert(buffer_printf(&text, "%s\"k\\u0065y%d\":0", i ? "," : "", i % 20));
        ck_assert(buffer_append_text(&text, "}"));
    }
    ck_assert(buffer_append_text(&text, "]"));
    ck_assert(json_check(buffer_bytes(&text), &limits, &summary, &fault));
    ck_assert_uint_eq(summary.repeated, 20 * 20);
    ck_assert_uint_eq(summary.members, 20 * 40);
    buffer_finish(&text);
}
END_TEST

START_TEST(a_limit_that_is_passed_has_a_name)
{
    struct json_limits limits = {.depth = 3, .nodes = 4, .number_length = 5, .names = 2};
    static const struct {
        const char *text, *limit;
        size_t offset;
    } rows[] = {{"[[[[1]]]]", "depth", 3},
                {"[1,2,3,4]", "values", 7},
                {"123456", "number_length", 0},
                {"[1", NULL, 2},
                {"{\"a\":{\"b\":1,\"c\":1}}", "names", 12},
                {"[{\"a\":1}},{\"a\":1}]", NULL, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_fault fault;
        ck_assert(!json_check(bytes_of_text(rows[i].text), &limits, NULL, &fault));
        ck_assert_uint_eq(fault.offset, rows[i].offset);
        ck_assert_pstr_eq(fault.limit, rows[i].limit);
    }
}
END_TEST

START_TEST(the_fault_has_a_place)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *reason;
    } rows[] = {
        {"", 0, "the text ends too early"},
        {"[1,2", 4, "the text ends too early"},
        {"[1,x]", 3, "not a value"},
        {"[tru]", 4, "not a value"},
        {"{\"a\":1,\"a\":1}", 7, "a repeated name"},
        {"{\"a\":1 \"b\":1}", 7, "a comma or the closing bracket is missing"},
        {"{a:1}", 1, "a name is missing"},
        {"{\"a\";1}", 4, "a colon is missing"},
        {"\"0123456789abcdef\x01\"", 17, "a control character in a string"},
        {"\"01234567\xff\"", 9, "not UTF-8"},
        {"\"\\ud800\"", 1, "a lone surrogate"},
        {"\"\\u00zz\"", 5, "an escape with a wrong hex digit"},
        {"\"\\q\"", 2, "an unknown escape"},
        {"[01]", 2, "a comma or the closing bracket is missing"},
        {"1.x", 2, "a digit is missing"},
        {"{} {}", 3, "something follows the value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_fault fault = {0};
        ck_assert(!json_check(bytes_of_text(rows[i].text), &json_limits_default, NULL, &fault));
        ck_assert_msg(fault.offset == rows[i].offset, "%s: %zu", rows[i].text, fault.offset);
        ck_assert_str_eq(fault.reason, rows[i].reason);
    }
}
END_TEST

START_TEST(every_byte_is_seen_at_every_place_of_a_word)
{
    for (int byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 40; place++) {
            char text[48];
            memset(text, 'x', sizeof text);
            text[0] = text[41] = '"';
            text[1 + place] = (char)byte;
            bool plain = byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
            ck_assert_msg(good(bytes_of(text, 42)) == plain, "%d at %zu", byte, place);
        }
    }
}
END_TEST

START_TEST(escaped_text_is_a_string_again)
{
    struct buffer out;
    buffer_init(&out, 4096);
    ck_assert(json_escape(&out, bytes_of("a\"\\\b\f\n\r\t\0\x1b\x7f/ä\xff\xc3", 16)));
    ck_assert(bytes_equal_text(buffer_bytes(&out), "a\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001b\x7f/ä"
                                                   "\xef\xbf\xbd\xef\xbf\xbd"));
    ck_assert(json_escape(&out, bytes_of(NULL, 0)));
    buffer_finish(&out);
    buffer_init(&out, 4);
    ck_assert(!json_escape(&out, bytes_of_text("12345")));
    buffer_finish(&out);
}
END_TEST

START_TEST(siphash_depends_on_the_key_and_every_byte)
{
    struct siphash_key a = {{1, 2}}, b = {{1, 3}};
    uint8_t data[20] = {0};
    for (size_t length = 0; length <= sizeof data; length++) {
        uint64_t hash = siphash(&a, bytes_of(data, length));
        ck_assert_uint_ne(hash, siphash(&b, bytes_of(data, length)));
        for (size_t i = 0; i < length; i++) {
            data[i] ^= 1;
            ck_assert_uint_ne(hash, siphash(&a, bytes_of(data, length)));
            data[i] ^= 1;
        }
        if (length < sizeof data)
            ck_assert_uint_ne(hash, siphash(&a, bytes_of(data, length + 1)));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *all = tcase_create("all");
    tcase_add_test(all, texts_are_judged_by_rfc_8259);
    tcase_add_test(all, names_come_once_however_they_are_written);
    tcase_add_test(all, names_of_nested_objects_do_not_meet);
    tcase_add_test(all, a_hundred_thousand_names_take_no_time);
    tcase_add_test(all, limits_hold);
    tcase_add_test(all, lone_surrogates_pass_where_they_may);
    tcase_add_test(all, unescaped_text_is_utf8);
    tcase_add_test(all, what_is_no_escape_is_read_no_further);
    tcase_add_test(all, of_repeated_names_the_last_counts_where_they_may_be);
    tcase_add_test(all, repeated_names_leave_nothing_behind);
    tcase_add_test(all, a_limit_that_is_passed_has_a_name);
    tcase_add_test(all, the_fault_has_a_place);
    tcase_add_test(all, every_byte_is_seen_at_every_place_of_a_word);
    tcase_add_test(all, escaped_text_is_a_string_again);
    tcase_add_test(all, siphash_depends_on_the_key_and_every_byte);
    suite_add_tcase(suite, all);
    return suite;
}

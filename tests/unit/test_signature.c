/* The parts of the signature engine for themselves: times, paths into JSON, templates that can be
 * read in one way only, structured fields. The whole is held by tests/providers. */
#include "handlers/provider/signature_time.h"
#include "handlers/provider/structured.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(times_have_one_spelling)
{
    static const struct {
        const char *text;
        int unit;
        int64_t unix_ms; /* -1: refused */
    } rows[] = {
        {"1700000000", TIME_SECONDS, 1700000000000},
        {"1700000000123", TIME_MILLISECONDS, 1700000000123},
        {"0", TIME_SECONDS, -1},
        {"-1", TIME_SECONDS, -1},
        {"1.5", TIME_SECONDS, -1},
        {" 1700000000", TIME_SECONDS, -1},
        {"01700000000", TIME_SECONDS, -1},
        {"100000000000000000000", TIME_SECONDS, -1},
        {"2025-11-23T12:13:20.000Z", TIME_ISO8601, 1763900000000},
        {"2025-11-23T12:13:20Z", TIME_ISO8601, 1763900000000},
        {"2020-01-01T00:00:00-07:00", TIME_ISO8601, 1577862000000},
        {"2025-11-23T12:13:20.5Z", TIME_ISO8601, 1763900000500},
        {"2025-11-23T12:13:20", TIME_ISO8601, -1},
        {"2025-11-23 12:13:20Z", TIME_ISO8601, -1},
        {"2025-13-23T12:13:20Z", TIME_ISO8601, -1},
        {"2025-11-23T12:13:20.Z", TIME_ISO8601, -1},
        {"2025-11-23T12:13:20Zx", TIME_ISO8601, -1},
        {"Sun, 23 Nov 2025 12:13:20 GMT", TIME_RFC1123, 1763900000000},
        {"Sun 23 Nov 2025 12:13:20 UTC", TIME_RFC1123, 1763900000000},
        {"Sun, 23 Nov 2025 12:13:20", TIME_RFC1123, -1},
        {"Sun, 23 Nov 2025 12:13:20 CET", TIME_RFC1123, -1},
        {"Sun, 23 Nov 2025 12:13:20 GMT ", TIME_RFC1123, -1},
        {"Sun,23 Nov 2025 12:13:20 GMT", TIME_RFC1123, -1},
        {"Sun, 3 Nov 2025 12:13:20 GMT", TIME_RFC1123, -1},
        {"Sun, 00 Nov 2025 12:13:20 GMT", TIME_RFC1123, -1},
        {"Sun, 23 nov 2025 12:13:20 GMT", TIME_RFC1123, -1},
        {"sun, 23 Nov 2025 12:13:20 GMT", TIME_RFC1123, -1},
        {"Sun, 23 Nov 2025 24:13:20 GMT", TIME_RFC1123, -1},
        {"Sunday, 23-Nov-25 12:13:20 GMT", TIME_RFC1123, -1},
        {"Su", TIME_RFC1123, -1},
        {"1763900000", TIME_RFC1123, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t unix_ms = -1;
        bool good = signature_time_parse(bytes_of_text(rows[i].text), rows[i].unit, &unix_ms);
        ck_assert_msg(good == (rows[i].unix_ms >= 0) && unix_ms == rows[i].unix_ms, "%s",
                      rows[i].text);
    }
}
END_TEST

START_TEST(freshness_ends_at_the_tolerance)
{
    int64_t now = 1700000000999;
    struct arena arena;
    arena_init(&arena, 1 << 10);
    ck_assert(signature_time_fresh(1699999700000, now, 300000, 300000, TIME_SECONDS));
    ck_assert(!signature_time_fresh(1699999699000, now, 300000, 300000, TIME_SECONDS));
    ck_assert(signature_time_fresh(1700000300000, now, 300000, 300000, TIME_SECONDS));
    ck_assert(!signature_time_fresh(1700000301000, now, 300000, 300000, TIME_SECONDS));
    ck_assert(signature_time_fresh(1699999700000, now, 300000, 300000, TIME_RFC1123));
    ck_assert(!signature_time_fresh(1700000000998, now, 0, 0, TIME_MILLISECONDS));
    ck_assert_str_eq(signature_time_reason(1699999699000, now, 300000, 60000, &arena),
                     "the time is not within the tolerance: 301 s old, and 300 s are taken");
    ck_assert_str_eq(signature_time_reason(1700000100000, now, 300000, 60000, &arena),
                     "the time is not within the tolerance: 99 s ahead, and 60 s are taken");
    arena_finish(&arena);
}
END_TEST

START_TEST(paths_find_scalars)
{
    static const char json[] = " {\"a\": [ {\"b\": 1}, {\"b\": \"x\\u00e9\\n\"} ], \"c.d\": null,"
                               " \"\\u0065\": true, \"f\": {}} ";
    static const struct {
        const char *path, *text; /* NULL: no scalar there */
    } rows[] = {{".a[0].b", "1"}, {".a[1].b", "x\303\251\n"}, {".a[2].b", NULL},
                {".a.b", NULL},   {"[\"c.d\"]", NULL},        {".e", "true"},
                {".f", NULL},     {".a[*].b", "1"},           {".g", NULL}};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_path path;
        struct bytes value, text;
        ck_assert(json_path_parse(rows[i].path, &arena, &path, NULL));
        bool found = json_path_find(bytes_of_text(json), &path, &value) &&
                     json_scalar_text(value, &arena, &text);
        ck_assert_msg(found == (rows[i].text != NULL), "%s", rows[i].path);
        ck_assert(!found || bytes_equal_text(text, rows[i].text));
    }
    struct json_path path;
    ck_assert(!json_path_parse("a", &arena, &path, NULL));
    ck_assert(!json_path_parse(".a[", &arena, &path, NULL));
    ck_assert(!json_path_parse(".a[-1]", &arena, &path, NULL));
    ck_assert(!json_path_parse("..a", &arena, &path, NULL));
    arena_finish(&arena);
}
END_TEST

/* What is JSON as it was sent can be another one when it is unfolded. */
START_TEST(values_are_not_read_out_of_a_folded_body)
{
    static const char *const texts[] = {"{{payload.a}}", "{{form.a}}", "{{sorted_form}}"};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct request request = {.arena = &arena, .body = bytes_of_text("{\"a\":\"1\"}")};
        struct signed_source source = {.request = &request};
        struct signed_template template;
        struct bytes out;
        request.folded = (const struct unfold_coding *)&request; /* any */
        ck_assert(signed_template_parse(texts[i], &arena, &template, NULL));
        ck_assert_int_eq(signed_template_text(&template, &source, &out), SIGNED_MALFORMED);
        ck_assert(source.was_folded);
        signed_source_finish(&source);
    }
    arena_finish(&arena);
}
END_TEST

/* What `text` is made into for a request with the header X-A. */
static enum signed_outcome render(const char *text, const char *header, struct bytes *out,
                                  struct arena *arena)
{
    struct header headers[] = {{bytes_of_text("X-A"), bytes_of_text(header)}};
    struct request request = {.arena = arena,
                              .method = bytes_of_text("POST"),
                              .headers = headers,
                              .header_count = 1,
                              .body = bytes_of_text("{}")};
    struct signed_source source = {.request = &request};
    struct signed_template template;
    struct error err;
    ck_assert_msg(signed_template_parse(text, arena, &template, &err), "%s", err.text);
    enum signed_outcome outcome = signed_template_text(&template, &source, out);
    signed_source_finish(&source);
    return outcome;
}

START_TEST(templates_are_unambiguous)
{
    struct arena arena;
    struct bytes out;
    char longest[1100];
    arena_init(&arena, 1 << 20);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(render("v0:{{ header.x-a }}.{{body}}", "1", &out, &arena), SIGNED_FOUND);
    ck_assert(bytes_equal_text(out, "v0:1.{}"));
    ck_assert_int_eq(render("{{header.x-a}}.{{body}}", "1.2", &out, &arena), SIGNED_MALFORMED);
    ck_assert_int_eq(render("{{header.x-a}}.{{body}}", "\303\251", &out, &arena), SIGNED_MALFORMED);
    ck_assert_int_eq(render("{{header.x-a}}.{{body}}", longest, &out, &arena), SIGNED_MALFORMED);
    ck_assert_int_eq(render("{{body}}{{header.x-a}}", "1.2", &out, &arena), SIGNED_FOUND);
    ck_assert_int_eq(render("{{header.x-b}}", "1", &out, &arena), SIGNED_MISSING);
    /* of "{}", as sha256sum and base64 say */
    ck_assert_int_eq(render("{{body | sha256_hex}}", "1", &out, &arena), SIGNED_FOUND);
    ck_assert(
        bytes_equal_text(out, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"));
    ck_assert_int_eq(render("{{body | sha256_base64}}", "1", &out, &arena), SIGNED_FOUND);
    ck_assert(bytes_equal_text(out, "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="));
    ck_assert_int_eq(render("{{body | sha256_base64url}}", "1", &out, &arena), SIGNED_FOUND);
    ck_assert(bytes_equal_text(out, "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o"));
    ck_assert_int_eq(render("{{body | sha256}}", "1", &out, &arena), SIGNED_FOUND);
    ck_assert(out.length == 32 && memcmp(out.data, "\x44\x13\x6f\xa3", 4) == 0);
    ck_assert_int_eq(render("{{claim.sub}}", "1", &out, &arena), SIGNED_MISSING);
    ck_assert_int_eq(render("{{header.x-b | default}}-", "1", &out, &arena), SIGNED_FOUND);
    arena_finish(&arena);
}
END_TEST

START_TEST(templates_are_strict)
{
    static const char *const wrong[] = {"{{",
                                        "{{body",
                                        "{{bodies}}",
                                        "{{header}}",
                                        "{{header.}}",
                                        "{{body | upper}}",
                                        "{{body | sha256 | json}}",
                                        "{{signature[32]}}",
                                        "{{signature[]}}",
                                        "{{header.{{family}}}}",
                                        "{{body.x}}",
                                        "{{payload.a[}}",
                                        "{{}}"};
    struct arena arena;
    struct signed_template template;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!signed_template_parse(wrong[i], &arena, &template, NULL), "%s", wrong[i]);
    arena_finish(&arena);
}
END_TEST

START_TEST(structured_fields_are_taken_apart)
{
    struct bytes rest = bytes_of_text("a=(\"x\" \"y\";name=\"z)\");created=1;alg=\"k\", b=:AA==:");
    struct bytes key, value, inside, name, parameters, whole, found;
    ck_assert(structured_take_member(&rest, &key, &value));
    ck_assert(bytes_equal_text(key, "a"));
    ck_assert(structured_take_list(&value, &inside));
    ck_assert(structured_take_string(&inside, &name, &parameters, &whole));
    ck_assert(bytes_equal_text(whole, "\"x\""));
    ck_assert(structured_take_string(&inside, &name, &parameters, &whole));
    ck_assert(bytes_equal_text(whole, "\"y\";name=\"z)\""));
    ck_assert_int_eq(structured_find_parameter(parameters, "name", &found), 1);
    ck_assert(bytes_equal_text(found, "z)") && inside.length == 0);
    ck_assert_int_eq(structured_find_parameter(value, "created", &found), 1);
    ck_assert_int_eq(structured_find_parameter(value, "nonce", &found), 0);
    ck_assert(structured_take_member(&rest, &key, &value) && rest.length == 0);
    ck_assert(structured_bytes(value, &found) && bytes_equal_text(found, "AA=="));
    rest = bytes_of_text("a=(\"x\";y=\"\\\")\\\\\");n=\"a\\\"b\"");
    ck_assert(structured_take_member(&rest, &key, &value) && rest.length == 0);
    ck_assert(structured_take_list(&value, &inside));
    ck_assert(bytes_equal_text(inside, "\"x\";y=\"\\\")\\\\\""));
    ck_assert_int_eq(structured_find_parameter(value, "n", &found), 1);
    ck_assert(bytes_equal_text(found, "a\\\"b"));
    static const char *const bad[] = {"a=\"\\", "a=\"\\x\"", "a=\"\\\"", "a=(\"\\\")"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rest = bytes_of_text(bad[i]);
        ck_assert_msg(!structured_take_member(&rest, &key, &value), "%s", bad[i]);
    }
    rest = bytes_of_text("\"x\\\"y\"");
    ck_assert(!structured_take_string(&rest, &name, &parameters, &whole));
    rest = bytes_of_text("a=1,");
    ck_assert(!structured_take_member(&rest, &key, &value));
    ck_assert_int_eq(structured_find_parameter(bytes_of_text(";a=1;a=2"), "a", &found), -1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("signature");
    TCase *tests = tcase_create("signature");
    tcase_add_test(tests, times_have_one_spelling);
    tcase_add_test(tests, freshness_ends_at_the_tolerance);
    tcase_add_test(tests, paths_find_scalars);
    tcase_add_test(tests, templates_are_unambiguous);
    tcase_add_test(tests, values_are_not_read_out_of_a_folded_body);
    tcase_add_test(tests, templates_are_strict);
    tcase_add_test(tests, structured_fields_are_taken_apart);
    suite_add_tcase(suite, tests);
    return suite;
}

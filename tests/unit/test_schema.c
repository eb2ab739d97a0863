/* Verdicts that were wrong once, or that no published suite asks for. */
#include "handlers/schema/uri.h"
#include "tests/unit/schema_rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>

struct row {
    enum schema_draft draft;
    const char *schema, *value;
    bool valid;
};

static const struct row rows[] = {
    /* half a character is in no text: all but those is everything */
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^[^\\\\ud800-\\\\udfff]*$\"}", "\"abc\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^[^\\\\ud800-\\\\udfff]$\"}", "\"\\n\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"[\\\\ud800-\\\\udfff]\"}", "\"abc\"", false},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^[^\\\\ud800-\\\\udfffa]*$\"}", "\"abc\"", false},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^[\\\\ud800-\\\\udfffa-c]*$\"}", "\"abc\"", true},

    /* divisors beyond 64 bits */
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":100000000000000000001}", "100000000000000000002",
     false},
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":100000000000000000001}", "300000000000000000003", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":0.123456789012345678901}", "0.246913578024691357802",
     true},
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":0.123456789012345678901}", "0.246913578024691357803",
     false},

    /* draft-04: an integer has neither point nor exponent */
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1", true},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "123456789012345678901234567890", true},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "-123456789012345678901234567890", true},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1.0", false},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1e0", false},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1e+00", false},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1e+007", false},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "123456789012345678901234567890e1", false},
    {SCHEMA_DRAFT_6, "{\"type\":\"integer\"}", "1e+00", true},

    /* ECMA-262 forgets what a group held when the repetition around it begins anew */
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(a)\\\\1$\"}", "\"aa\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:(['x])b\\\\1)*$\"}", "\"'b'xbx\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(a)*\\\\1$\"}", "\"aaa\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:(a)|b)\\\\1$\"}", "\"b\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^\\\\1(a)$\"}", "\"a\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:\\\\2(a)|(b))*$\"}", "\"ba\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:\\\\k<n>(a)|(?<n>b))*$\"}", "\"ba\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(a\\\\1)*$\"}", "\"aa\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?<n>a\\\\k<n>)*$\"}", "\"aa\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:x|(a|b)\\\\1)+$\"}", "\"aaxbb\"", true},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:x|(a|b)\\\\1)+$\"}", "\"aab\"", false},
};

START_TEST(verdicts_are_right)
{
    const struct row *row = &rows[_i];
    enum schema_verdict verdict = rig_judge(row->draft, false, row->schema, row->value);
    ck_assert_msg(verdict == (row->valid ? SCHEMA_VALID : SCHEMA_INVALID), "%s on %s: %d",
                  row->schema, row->value, verdict);
}
END_TEST

static const struct {
    const char *format, *text; /* as JSON */
    bool valid;
} format_rows[] = {
    {"email", "\"\\\"a b\\\"@x.com\"", true},
    {"email", "\"\\\"a\\\\ b\\\"@x.com\"", true},
    {"email", "\"\\\"\\\\\\u007f\\\"@x.com\"", false},
    {"email", "\"\\\"\\\\\\u00e9\\\"@x.com\"", false},
    {"idn-email", "\"\\\"\\\\\\u00e9\\\"@x.com\"", false},
    {"idn-email", "\"\\\"\\u00e9\\\"@x.com\"", true},
    {"email", "\"a@[7.0.0.00]\"", true}, /* RFC 5321: up to three digits */
    {"email", "\"a@[7.0.0.0000]\"", false},
    {"email", "\"a@[7.0.0.256]\"", false},
    {"ipv4", "\"7.0.0.00\"", false},
    {"relative-json-pointer", "\"0\"", true},
    {"relative-json-pointer", "\"0+1\"", true},
    {"relative-json-pointer", "\"10-1/a\"", true},
    {"relative-json-pointer", "\"0-1#\"", true},
    {"relative-json-pointer", "\"0-0\"", true},
    {"relative-json-pointer", "\"0+\"", false},
    {"relative-json-pointer", "\"0+01\"", false},
    {"relative-json-pointer", "\"0+1+1\"", false},
    {"relative-json-pointer", "\"+1/a\"", false},
    {"uri-template", "\"it's{x}\"", true}, /* erratum 6937 of RFC 6570 */
    {"regex", "\"(?:a)*\"", true},
    {"regex", "\"(?=a)*\"", true}, /* annex B */
    {"regex", "\"(?!a)+\"", true},
    {"regex", "\"(?<=a)*\"", false},
    {"regex", "\"(?<!a){2}\"", false},
    {"regex", "\"(?<=a(?=b)c)\"", true},
    {"regex", "\"a\\\\-b\"", true},
    {"regex", "\"a{,2}\"", true},
    {"regex", "\"\\\\1\"", false},
    {"regex", "\"\\\\1(a)\"", true},
    {"regex", "\"(?<a>x)(?<a>y)\"", false},
    {"regex", "\"\\\\k<b>\"", false},
    {"regex", "\"\\\\k<b>(?<b>x)\"", true},
};

START_TEST(formats_are_right)
{
    char schema[64];
    snprintf(schema, sizeof schema, "{\"format\":\"%s\"}", format_rows[_i].format);
    enum schema_verdict verdict =
        rig_judge(SCHEMA_DRAFT_DEFAULT, true, schema, format_rows[_i].text);
    ck_assert_msg(verdict == (format_rows[_i].valid ? SCHEMA_VALID : SCHEMA_INVALID), "%s: %s: %d",
                  format_rows[_i].format, format_rows[_i].text, verdict);
}
END_TEST

static const struct {
    const char *base, *reference, *resolved;
} uri_rows[] = {
    {"http://a/b/c/d;p?q", "g", "http://a/b/c/g"},
    {"http://a/b/c/d;p?q", "../../../g", "http://a/g"},
    {"http://a/b/c/d;p?q", "?y#s", "http://a/b/c/d;p?y#s"},
    {"http://a", "g", "http://a/g"},
    {"schemas/a.json", "b.json", "schemas/b.json"},
    {"schemas/a.json", "../common/b.json", "common/b.json"},
    {"schemas/a.json", "../../b.json", "b.json"},
    {"schemas/a.json", "./b.json#/c", "schemas/b.json#/c"},
    {"schemas/a.json", "/b.json", "/b.json"},
    {"a.json", "../b.json", "b.json"},
    {"", "a/../b.json", "b.json"},
    {"urn:a:b", "#c", "urn:a:b#c"},
    {"e:a/b", "../../c", "e:/c"},
};

START_TEST(references_are_resolved)
{
    struct arena arena;
    arena_init(&arena, 4096);
    ck_assert_str_eq(uri_resolve(&arena, uri_rows[_i].base, uri_rows[_i].reference),
                     uri_rows[_i].resolved);
    arena_finish(&arena);
}
END_TEST

Suite *test_suite(void)
{
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, verdicts_are_right, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(all, formats_are_right, 0, sizeof format_rows / sizeof *format_rows);
    tcase_add_loop_test(all, references_are_resolved, 0, sizeof uri_rows / sizeof *uri_rows);
    return rig_suite("schema", all);
}

/* YAML as JSON text: the core schema, numbers digit by digit. */
#include "handlers/content/yaml_json.h"
#include "tests/unit/suite.h"

static struct problem_list problems;

static void setup(void)
{
    problem_list_init(&problems);
}

static void teardown(void)
{
    problem_list_finish(&problems);
}

/* The JSON of a YAML text, or "" where there is none. */
static const char *json_of(const char *yaml)
{
    static char text[1024];
    struct buffer out;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    buffer_init(&out, sizeof text - 1);
    const struct source *source =
        problem_list_add_source(&problems, "test.yaml", "/", bytes_of_text(yaml));
    const struct node *root = tree_parse(source, &arena, &problems);
    ck_assert_ptr_nonnull(root);
    bool good = yaml_json_append(&out, root, &problems);
    snprintf(text, sizeof text, "%.*s", good ? (int)out.length : 0,
             out.length ? (const char *)out.data : "");
    buffer_finish(&out);
    arena_finish(&arena);
    return text;
}

START_TEST(structures_are_kept)
{
    ck_assert_str_eq(json_of("a: [1, {b: c}]\nd: {}\ne: []\n"),
                     "{\"a\":[1,{\"b\":\"c\"}],\"d\":{},\"e\":[]}");
}
END_TEST

START_TEST(plain_words_are_what_they_look_like)
{
    ck_assert_str_eq(json_of("[true, False, null, ~, yes, on, No]"),
                     "[true,false,null,null,\"yes\",\"on\",\"No\"]");
    ck_assert_str_eq(json_of("{a: , true: 1, 2: 3}"), "{\"a\":null,\"true\":1,\"2\":3}");
}
END_TEST

START_TEST(quoted_words_are_texts)
{
    ck_assert_str_eq(json_of("['1', \"true\", 'null', '']"), "[\"1\",\"true\",\"null\",\"\"]");
    ck_assert_str_eq(json_of("a: |\n  12\n"), "{\"a\":\"12\\n\"}");
}
END_TEST

START_TEST(numbers_keep_their_digits)
{
    ck_assert_str_eq(json_of("[0.10, 1e400, 123456789012345678901234567890, -0]"),
                     "[0.10,1e400,123456789012345678901234567890,-0]");
    ck_assert_str_eq(json_of("[+1, 007, .5, -.5, 5., 1.E+2]"), "[1,7,0.5,-0.5,5.0,1.0E+2]");
    ck_assert_str_eq(json_of("[0x1F, 0o17]"), "[31,15]");
}
END_TEST

START_TEST(what_only_looks_like_a_number_is_a_text)
{
    ck_assert_str_eq(json_of("[1.2.3, 1e, 0x, 0xG, -, ., +, 1_000, 2020-12, 12:30]"),
                     "[\"1.2.3\",\"1e\",\"0x\",\"0xG\",\"-\",\".\",\"+\",\"1_000\",\"2020-12\","
                     "\"12:30\"]");
}
END_TEST

START_TEST(what_json_cannot_say_is_refused)
{
    ck_assert_str_eq(json_of("a: .inf\nb: .nan\n"), "");
    ck_assert_uint_eq(problems.errors, 2);
    ck_assert_uint_eq(problems.first->line, 1);
    ck_assert_uint_eq(problems.first->column, 4);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("yaml_json");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, structures_are_kept);
    tcase_add_test(all, plain_words_are_what_they_look_like);
    tcase_add_test(all, quoted_words_are_texts);
    tcase_add_test(all, numbers_keep_their_digits);
    tcase_add_test(all, what_only_looks_like_a_number_is_a_text);
    tcase_add_test(all, what_json_cannot_say_is_refused);
    suite_add_tcase(suite, all);
    return suite;
}

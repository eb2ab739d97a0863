/* YAML as a tree with places: what is taken, what is refused and where, and how fast. */
#include "config/tree.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <time.h>

#if defined __SANITIZE_ADDRESS__
#define SLOWEST 5.0 /* seconds; the sanitizers cost a factor of up to ten */
#else
#define SLOWEST 1.0
#endif

static struct problem_list problems;
static struct arena arena;

static void setup(void)
{
    problem_list_init(&problems);
    arena_init(&arena, 256 << 20);
}

static void teardown(void)
{
    arena_finish(&arena);
    problem_list_finish(&problems);
}

static const struct node *parse_bytes(struct bytes text)
{
    const struct source *source = problem_list_add_source(&problems, "t.yaml", "/", text);
    ck_assert_ptr_nonnull(source);
    return tree_parse(source, &arena, &problems);
}

static const struct node *parse(const char *text)
{
    return parse_bytes(bytes_of_text(text));
}

START_TEST(nodes_know_their_places)
{
    const struct node *root = parse("a: 1\nlist:\n  - x\n  - {b: \"c d\"}\n");
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_int_eq(root->kind, NODE_MAPPING);
    ck_assert_uint_eq(root->count, 2);
    const struct node *a = tree_find(root, "a"), *list = tree_find(root, "list");
    ck_assert_str_eq(a->text, "1");
    ck_assert(!a->quoted && a->line == 1 && a->column == 4 && a->end_column == 5);
    ck_assert(a->key->line == 1 && a->key->column == 1);
    ck_assert(list->kind == NODE_SEQUENCE && list->count == 2 && list->line == 3);
    const struct node *b = tree_find(list->first->next, "b");
    ck_assert_str_eq(b->text, "c d");
    ck_assert(b->quoted && b->line == 4 && b->column == 9 && b->end_column == 14);
    ck_assert_ptr_null(tree_find(root, "none"));
}
END_TEST

START_TEST(columns_count_characters)
{
    const struct node *root = parse("{\"größe\": \"日本\", x: y}");
    ck_assert_uint_eq(tree_find(root, "x")->column, 20);
}
END_TEST

START_TEST(nothing_is_an_empty_mapping)
{
    static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "~", "null\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct node *root = parse(texts[i]);
        ck_assert_msg(root && root->kind == NODE_MAPPING && root->count == 0, "%s", texts[i]);
    }
    ck_assert_uint_eq(problems.errors, 0);
}
END_TEST

START_TEST(null_is_plain)
{
    const struct node *root =
        parse("{a: ~, b: null, c: , d: Null, e: NULL, f: nULL, g: \"\", h: \"null\"}");
    static const char names[] = "abcdefgh";
    for (int i = 0; names[i]; i++) {
        char name[] = {names[i], '\0'};
        ck_assert_msg(tree_is_null(tree_find(root, name)) == (i < 5), "%s", name);
    }
}
END_TEST

START_TEST(the_first_of_repeated_keys_is_found)
{
    const struct node *root = parse("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\n\"a\": 3\n");
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(problems.errors, 3);
    ck_assert_str_eq(tree_find(root, "a")->text, "1");
    ck_assert_uint_eq(problems.first->line, 2);
}
END_TEST

/* Each with the place of its first problem. */
static const struct {
    const char *text;
    unsigned line, column;
} refused[] = {
    {"a: &x 1", 1, 4},
    {"a: *x", 1, 4},
    {"a: !!str b", 1, 4},
    {"a: !b c", 1, 4},
    {"<<: {a: 1}", 1, 1},
    {"a: 1\n---\nb: 2", 2, 1},
    {"a: 1\n\tb: 2", 2, 1},
    {"a:\n\tb: 2", 2, 1},
    {"\xef\xbb\xbf"
     "a: 1",
     1, 1},
    {"a: b: c", 1, 5},
    {"a: \"b", 1, 4},
    {"a: [b", 2, 1},
    {"a: {b", 2, 1},
    {"? [a]\n: b", 1, 3},
    {"? {a: b}\n: c", 1, 3},
    {": a", 1, 1},
    {"~: a", 1, 1},
    {"a: \x01", 1, 4},
    {"a: \xff", 1, 4},
    {"a: \xc0\xaf", 1, 4},
    {"a: \xed\xa0\x80", 1, 4},
    {"é: \xe9", 1, 4},
    {"\xff\xfe"
     "a",
     1, 1},
    {"a: \"\\0\"", 1, 4},
    {"- a\nb: c", 2, 1},
    {"a: 1\n b: 2", 2, 3},
    {"%TAG ! x\n---\na: 1", 1, 1},
    {"%YAML 2.0\n---\na: 1", 1, 1},
    {"a: 'b'c", 1, 7},
    {"a: 1\rb: 2", 1, 5},
    {"a: \xc2\x85", 1, 4},
    {"a: 1\r\nb: \xe2\x80\xa8", 2, 4},
    {"a: @b", 1, 4},
    {"a: `b`", 1, 4},
    {"[a, b]: c", 1, 1},
};

START_TEST(what_is_no_route_file_is_refused_with_its_place)
{
    const struct problem *first;
    parse(refused[_i].text);
    first = problems.first;
    ck_assert_msg(first != NULL, "%s", refused[_i].text);
    ck_assert_msg(first->line == refused[_i].line && first->column == refused[_i].column,
                  "%s: %u:%u: %s", refused[_i].text, first->line, first->column, first->text);
}
END_TEST

START_TEST(a_nul_is_refused)
{
    ck_assert_ptr_null(parse_bytes(bytes_of("a: 1\nb: \0", 9)));
    ck_assert(problems.first->line == 2 && problems.first->column == 4);
}
END_TEST

static char *repeat(const char *unit, size_t count)
{
    size_t length = strlen(unit);
    char *text = malloc(length * count + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, unit, length);
    text[length * count] = '\0';
    return text;
}

START_TEST(depth_is_bounded)
{
    char *flow = repeat("[", 33), *closed = repeat("]", 32), text[100];
    snprintf(text, sizeof text, "%.32s%s", flow, closed);
    ck_assert_ptr_nonnull(parse(text));
    ck_assert_uint_eq(problems.errors, 0);
    ck_assert_ptr_null(parse(flow));
    ck_assert_uint_eq(problems.first->column, 33);
    free(flow);
    free(closed);
}
END_TEST

/* What costs libyaml or a naive check time that grows with the square of the size. */
static const struct {
    const char *unit;
    size_t count;
} slow[] = {
    {"[", 20000},
    {"[\n", 500000},
    {"{", 20000},
    {"- ", 500000},
    {"? ", 500000},
    {"a: {", 250000},
    {"k: 1\n", 200000},
    {"\"a\" ", 250000},
    {"{a,", 300000},
    {"a: ", 340000},
    {"\n", 1000000},
    {"#", 1000000},
    {"x", 1000000},
    {"'", 1000000},
    {"|\n", 500000},
    {"x\n", 500000},
    {"- a\n", 260000},
    {"[a,", 300000},
    {"\xf0\x9f\x98\x80", 250000},
    {"&a ", 300000},
    {"!a ", 300000},
    {"a\n\n", 300000},
    {"  \n", 300000},
};

START_TEST(hostile_texts_are_refused_quickly)
{
    char *text = repeat(slow[_i].unit, slow[_i].count);
    clock_t start = clock();
    parse(text);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < SLOWEST, "%s: %.3f s", slow[_i].unit, seconds);
    free(text);
}
END_TEST

START_TEST(a_file_of_more_than_sixteen_mebibytes_is_refused)
{
    char *text = repeat("# 3456789abcdef\n", (1 << 20) + 1);
    ck_assert_ptr_null(parse(text));
    ck_assert_ptr_nonnull(parse_bytes(bytes_of(text, 16 << 20)));
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tree");
    TCase *tests = tcase_create("tree");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, nodes_know_their_places);
    tcase_add_test(tests, columns_count_characters);
    tcase_add_test(tests, nothing_is_an_empty_mapping);
    tcase_add_test(tests, null_is_plain);
    tcase_add_test(tests, the_first_of_repeated_keys_is_found);
    tcase_add_loop_test(tests, what_is_no_route_file_is_refused_with_its_place, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_nul_is_refused);
    tcase_add_test(tests, depth_is_bounded);
    tcase_add_loop_test(tests, hostile_texts_are_refused_quickly, 0, sizeof slow / sizeof *slow);
    tcase_add_test(tests, a_file_of_more_than_sixteen_mebibytes_is_refused);
    return suite;
}

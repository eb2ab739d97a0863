/* Strings that an import writes are read back as they were, in a flow list and as a value; comments
 * stay comments. */
#include "config/tree.h"
#include "server/import/yaml_text.h"
#include "tests/unit/suite.h"

static const char *const texts[] = {
    "",
    "plain",
    "a/b-c.d",
    "./run.sh",
    "yes",
    "Null",
    "1e3",
    "0x1F",
    "1_000",
    "-",
    "- a: b",
    "a: b",
    "a #b",
    "#",
    "[a, b]",
    "{a: b}",
    "*a",
    "&a",
    "!t",
    "%",
    "@x",
    "`x`",
    "\"",
    "'",
    "it's \"x\"",
    "a\\nb",
    "a\nb",
    "\t",
    "{{a}}",
    "{literal: x}",
    "routes: []\n",
    "\x1b[31m",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xf0\x9f\x98\x80",
    "é",
    "~",
    ".inf",
    "a,b]",
    " lead",
    "trail ",
    "2001-01-01",
    "=",
    "<<",
    "on",
    "\x7f",
};

static const struct node *parse(struct problem_list *problems, struct arena *arena,
                                struct buffer *out)
{
    const struct source *source =
        problem_list_add_source(problems, "out.yaml", "/", buffer_bytes(out));
    const struct node *root = tree_parse(source, arena, problems);
    ck_assert_uint_eq(problems->errors, 0);
    return root;
}

START_TEST(strings_come_back)
{
    struct problem_list problems;
    struct arena arena;
    struct buffer out;
    problem_list_init(&problems);
    arena_init(&arena, 1 << 20);
    buffer_init(&out, 1 << 20);
    buffer_append_text(&out, "list: [");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buffer_append_text(&out, i ? ", " : "");
        ck_assert(yaml_string(&out, bytes_of_text(texts[i])));
    }
    buffer_append_text(&out, "]\n");
    const struct node *item = tree_find(parse(&problems, &arena, &out), "list")->first;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++, item = item->next) {
        ck_assert_ptr_nonnull(item);
        ck_assert_int_eq(item->kind, NODE_SCALAR);
        ck_assert_str_eq(item->text, texts[i]);
        ck_assert(!tree_is_null(item));
    }
    ck_assert_ptr_null(item);
    buffer_finish(&out);
    arena_finish(&arena);
    problem_list_finish(&problems);
}
END_TEST

START_TEST(braces_are_literal)
{
    struct buffer out;
    buffer_init(&out, 1 << 16);
    ck_assert(yaml_literal(&out, bytes_of_text("a{{b}}")));
    ck_assert(bytes_equal_text(buffer_bytes(&out), "{literal: \"a{{b}}\"}"));
    ck_assert(yaml_has_braces(bytes_of_text("{{")) && !yaml_has_braces(bytes_of_text("{ {")));
    buffer_finish(&out);
}
END_TEST

/* Whatever a name holds: line ends, long words, escapes of terminals. */
START_TEST(comments_stay_comments)
{
    struct problem_list problems;
    struct arena arena;
    struct buffer out;
    char words[3000];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    problem_list_init(&problems);
    arena_init(&arena, 1 << 20);
    buffer_init(&out, 1 << 20);
    ck_assert(yaml_comment(&out, 4, "a\nroutes: [] %s", "\r\nserver: {}\xe2\x80\xa8x: y\x1b[1m"));
    ck_assert(yaml_comment(&out, 60, "%s and %s", words, words));
    for (size_t i = 0; i < out.length; i++)
        ck_assert(out.data[i] == '\n' || out.data[i] >= 0x20);
    ck_assert_uint_eq(parse(&problems, &arena, &out)->count, 0);
    buffer_finish(&out);
    arena_finish(&arena);
    problem_list_finish(&problems);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("import_text");
    TCase *all = tcase_create("all");
    tcase_add_test(all, strings_come_back);
    tcase_add_test(all, braces_are_literal);
    tcase_add_test(all, comments_stay_comments);
    suite_add_tcase(suite, all);
    return suite;
}

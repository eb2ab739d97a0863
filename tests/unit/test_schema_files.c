/* Schemas as they stand in files: what is read once, where a reference leads, and the line and
 * column of a mistake. */
#include "handlers/admission/schema_files.h"

#include "base/error.h"
#include "config/tree.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[128];
static struct problem_list problems;
static struct schema_files *files;
static struct error err;

static const char *show(void *context, const char *absolute)
{
    ck_assert_ptr_eq(context, directory);
    return strrchr(absolute, '/') + 1;
}

static void set_up(void)
{
    const struct schema_files_options options = {
        .problems = &problems, .shown = show, .context = directory};
    snprintf(directory, sizeof directory, "/tmp/tenterhook-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    problem_list_init(&problems);
    files = schema_files_create(&options);
    ck_assert_ptr_nonnull(files);
}

static void tear_down(void)
{
    char command[128];
    schema_files_destroy(files);
    problem_list_finish(&problems);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

/* Its path, until the next. */
static const char *put(const char *name, const char *text)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static const struct schema *compile(const char *at)
{
    return schema_files_compile(files, at, (struct schema_manner){0}, &err);
}

static void expect_problem(unsigned line, unsigned column, const char *part)
{
    ck_assert_str_eq(err.text, "");
    ck_assert_uint_eq(problems.errors, 1);
    const struct problem *problem = problems.first;
    ck_assert_msg(strstr(problem->text, part) != NULL, "%s", problem->text);
    ck_assert_uint_eq(problem->line, line);
    ck_assert_uint_eq(problem->column, column);
}

/* A name with each kind of byte: letters and digits at their ends, and what a URI escapes. */
START_TEST(a_reference_finds_the_file_whatever_its_name)
{
    static const char *const names[] = {"azAZ09-._~.json", "a b%#?.json", "\xc3\xa9[@].json"};
    static const char *const uris[] = {"azAZ09-._~.json", "a%20b%25%23%3F.json",
                                       "%c3%A9%5B@%5d.json"};
    char text[256], name[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put(names[i], "{\"type\": \"object\"}");
        snprintf(text, sizeof text, "{\"$ref\": \"%s\"}", uris[i]);
        snprintf(name, sizeof name, "%zu.json", i);
        ck_assert_msg(compile(put(name, text)) != NULL, "%s: %s", names[i], err.text);
        ck_assert_str_eq(err.text, "");
        put(names[i], "{\"$ref\": \"#/$defs/s\", \"$defs\": {\"s\": {\"type\": \"object\"}}}");
        ck_assert_msg(compile(path) != NULL, "%s: %s", names[i], err.text);
    }
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_schema_is_compiled_once_for_each_manner)
{
    static const struct schema_manner manners[] = {
        {0}, {.draft = SCHEMA_DRAFT_7}, {.assert_formats = true}};
    const struct schema *made[3];
    put("one.json", "{\"format\": \"email\"}");
    for (int i = 0; i < 3; i++) {
        made[i] = schema_files_compile(files, path, manners[i], &err);
        ck_assert_ptr_nonnull(made[i]);
        for (int j = 0; j < i; j++)
            ck_assert_ptr_ne(made[i], made[j]);
    }
    ck_assert_int_eq(unlink(path), 0); /* nobody reads it again */
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(schema_files_compile(files, path, manners[i], &err), made[i]);
}
END_TEST

static const struct node *parse(struct arena *arena, const char *name, const char *text)
{
    const struct source *source =
        problem_list_add_source(&problems, name, directory, bytes_of_text(text));
    arena_init(arena, 1 << 20);
    const struct node *root = tree_parse(source, arena, &problems);
    ck_assert_ptr_nonnull(root);
    return root;
}

/* References in it lead to files beside the route file, however that is called. */
START_TEST(a_mapping_is_a_schema_of_the_file_it_stands_in)
{
    static const char *const names[] = {"hooks.yaml", "some/where/hooks.yaml"};
    struct arena arena;
    put("part.json", "{\"type\": \"object\"}");
    put("hooks.yaml", "{\"type\": \"string\"}");
    for (int i = 0; i < 2; i++) {
        const struct node *root =
            parse(&arena, names[i], "a: {$ref: part.json}\nb: {$ref: hooks.yaml}\n");
        const struct node *a = tree_find(root, "a"), *b = tree_find(root, "b");
        const struct schema_manner manner = {0};
        const struct schema *made = schema_files_compile_node(files, a, manner, &err);
        ck_assert_msg(made != NULL, "%s", err.text);
        ck_assert_ptr_eq(schema_files_compile_node(files, a, manner, &err), made);
        ck_assert_ptr_ne(schema_files_compile_node(files, b, manner, &err), made);
        ck_assert_msg(compile(path) != NULL, "%s", err.text); /* the file is another one */
        arena_finish(&arena);
    }
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

/* Not so in another draft: both are compiled, from one text. */
START_TEST(a_mapping_can_be_meant_in_two_manners)
{
    struct arena arena;
    const struct node *root = parse(&arena, "hooks.yaml", "type: object\n");
    const struct schema *one =
        schema_files_compile_node(files, root, (struct schema_manner){0}, &err);
    const struct schema *two = schema_files_compile_node(
        files, root, (struct schema_manner){.draft = SCHEMA_DRAFT_4}, &err);
    ck_assert(one && two && one != two);
    arena_finish(&arena);
}
END_TEST

START_TEST(a_uri_is_bound_once)
{
    static const char uri[] = "https://example.org/part";
    char part[128], other[128];
    snprintf(part, sizeof part, "%s", put("part.json", "{}"));
    snprintf(other, sizeof other, "%s", put("other.json", "{}"));
    put("one.json", "{\"$ref\": \"https://example.org/part\"}");
    ck_assert_ptr_null(compile(path));
    ck_assert_str_eq(err.text, "");
    ck_assert_ptr_nonnull(strstr(problems.first->text, "schemas are not fetched"));
    ck_assert(schema_files_bind(files, uri, part, &err));
    ck_assert(schema_files_bind(files, uri, part, &err)); /* another route says the same */
    ck_assert_str_eq(err.text, "");
    ck_assert(!schema_files_bind(files, uri, other, &err));
    ck_assert_str_eq(err.text, "\"https://example.org/part\" is already bound to part.json");
    ck_assert(schema_files_bind(files, "https://example.org/2", other, &err));
    ck_assert_str_eq(err.text, "");
    put("two.json", "{\"$ref\": \"https://example.org/part\"}");
    ck_assert_msg(compile(path) != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_binding_to_no_schema_is_none)
{
    char missing[128];
    snprintf(missing, sizeof missing, "%s/missing.json", directory);
    for (int i = 0; i < 2; i++) {
        ck_assert(!schema_files_bind(files, "https://example.org/", missing, &err));
        ck_assert_ptr_nonnull(strstr(err.text, "missing.json"));
    }
    for (int i = 0; i < 2; i++)
        ck_assert(!schema_files_bind(files, "https://example.org/", put("a.json", "{"), &err));
    expect_problem(1, 2, "not JSON");
}
END_TEST

START_TEST(each_mistake_has_its_place)
{
    static const struct {
        const char *name, *text;
        unsigned line, column;
        const char *part;
    } cases[] = {
        {"a.json", "{\"a\":\n  nul}", 2, 6, "not JSON"},
        {"a.json", "null", 1, 1, "must be an object or a boolean, not null"},
        {"a.json", "{\"type\":\n \"odd\"}", 2, 2, "must be one of 7 values"},
        {"a.yaml", "", 1, 1, "the schema is empty; {} accepts everything"},
        {"a.yaml", "# only a remark\n", 1, 1, "the schema is empty"},
        {"a.yml", "null\n", 1, 1, "the schema is empty"},
        {"a.yaml", "allOf:\n  - {}\n  - type: odd\n", 3, 11, "must be one of 7 values"},
        {"a.yaml", "properties:\n  a:\n    minimum: x\n", 3, 14, "must be a number"},
        {"a.yaml", "a: 1\na: 2\n", 2, 1, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(compile(put(cases[i].name, cases[i].text)) == NULL, "case %zu", i);
        ck_assert_msg(problems.first != NULL, "case %zu: %s", i, err.text);
        ck_assert_msg(problems.first->line == cases[i].line &&
                          problems.first->column == cases[i].column,
                      "case %zu: %u:%u %s", i, problems.first->line, problems.first->column,
                      problems.first->text);
        expect_problem(cases[i].line, cases[i].column, cases[i].part);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(braces_alone_accept_everything)
{
    ck_assert_ptr_nonnull(compile(put("a.yaml", "{}\n")));
    ck_assert_ptr_nonnull(compile(put("a.json", "{}")));
    ck_assert_ptr_nonnull(compile(put("b.json", "true")));
    ck_assert_ptr_nonnull(compile(put("b.yml", "false\n")));
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told_each_time)
{
    snprintf(path, sizeof path, "%s/missing.json", directory);
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(compile(path));
        ck_assert_ptr_nonnull(strstr(err.text, "missing.json"));
    }
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_ptr_nonnull(compile(put("missing.json", "{}")));
    ck_assert_str_eq(err.text, "");
}
END_TEST

/* What is compiled lives on. */
START_TEST(what_is_forgotten_can_be_so_twice)
{
    ck_assert_ptr_nonnull(compile(put("a.json", "{}")));
    schema_files_forget(files);
    schema_files_forget(files);
    schema_files_destroy(NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("schema_files");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_reference_finds_the_file_whatever_its_name);
    tcase_add_test(all, a_schema_is_compiled_once_for_each_manner);
    tcase_add_test(all, a_mapping_is_a_schema_of_the_file_it_stands_in);
    tcase_add_test(all, a_mapping_can_be_meant_in_two_manners);
    tcase_add_test(all, a_uri_is_bound_once);
    tcase_add_test(all, a_binding_to_no_schema_is_none);
    tcase_add_test(all, each_mistake_has_its_place);
    tcase_add_test(all, braces_alone_accept_everything);
    tcase_add_test(all, a_file_that_is_not_there_is_told_each_time);
    tcase_add_test(all, what_is_forgotten_can_be_so_twice);
    suite_add_tcase(suite, all);
    return suite;
}

/* Settings of a unit of systemd, as systemd.syntax(7) has them. */
#include "server/service/service_file.h"

#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct service service;

static bool add(const char *text)
{
    struct error err;
    arena_init(&arena, 1 << 20);
    service = (struct service){
        .arena = &arena, .names = {.unit = "a-b@c\\x20d-e.service", .path = "/x/a-b@.service"}};
    return service_add(&service, bytes_of_text(text), &err);
}

static void check_value(const char *name, const char *wanted)
{
    const char *value = service_value(&service, name);
    ck_assert(wanted ? value && strcmp(value, wanted) == 0 : !value);
}

START_TEST(settings_of_the_service_are_read)
{
    ck_assert(
        add("User=outside\n[Unit]\nUser=unit\n[Service]\n# User=comment\n; User=too\n"
            " User = one \nGroup=\nnonsense\nUser=two\nExecStart=/bin/a \\\n# inside\n  b \\\n"
            "c\n[Install]\nUser=install\n[Service]\nNoNewPrivileges=true\nPrivateTmp=no"));
    check_value("User", "two");
    check_value("Group", NULL);
    check_value("nonsense", NULL);
    check_value("ExecStart", "/bin/a    b  c");
    ck_assert(service_says(&service, "NoNewPrivileges"));
    ck_assert(!service_says(&service, "PrivateTmp"));
    ck_assert(!service_says(&service, "User"));
    arena_finish(&arena);
}
END_TEST

/* Each of these was compared with systemd-analyze. */
START_TEST(lines_are_joined_as_systemd_joins_them)
{
    ck_assert(add("\xEF\xBB\xBF[Service]\r\nA=1 \\\n\nB=2\nC=x\\\\\nD=3\\ \nE=4\n"
                  "F=5\\\n ;a\n  #b\\\n\t6\\"));
    check_value("A", "1");
    check_value("B", "2");
    check_value("C", "x\\\\");
    check_value("D", "3\\");
    check_value("E", "4");
    check_value("F", "5 \t6");
    arena_finish(&arena);
}
END_TEST

/* "PrivateTmp=" does not take back "PrivateTmp=yes", however much it looks so. */
START_TEST(what_is_no_choice_changes_none)
{
    static const char *const choices[] = {"read-only", "tmpfs", NULL};
    ck_assert(add("[Service]\nPrivateTmp=YES\nPrivateTmp=\nPrivateTmp=maybe\nNoNewPrivileges=t\n"
                  "NoNewPrivileges=Off\nProtectHome=tmpfs\nProtectHome=TMPFS\nProtectHome=\n"));
    ck_assert(service_says(&service, "PrivateTmp"));
    ck_assert(!service_says(&service, "NoNewPrivileges"));
    ck_assert_str_eq(service_choice(&service, "ProtectHome", choices), "tmpfs");
    ck_assert_ptr_null(service_choice(&service, "ProtectHome", NULL));
    arena_finish(&arena);
}
END_TEST

START_TEST(an_empty_value_takes_back_what_was_said)
{
    ck_assert(add("[Service]\nEnvironment=A=1\nEnvironment=B=2\nUser=x\nEnvironment=\nUser=\n"
                  "Environment=C=3\n"));
    ck_assert_uint_eq(service.count, 1);
    check_value("Environment", "C=3");
    check_value("User", NULL);
    arena_finish(&arena);
}
END_TEST

static void check_words(const char *text, bool escapes, const char *const *wanted)
{
    const char *rest = text;
    ck_assert(add(""));
    for (; *wanted; wanted++)
        ck_assert_str_eq(service_split(&arena, &rest, escapes), *wanted);
    ck_assert_ptr_null(service_split(&arena, &rest, escapes));
    arena_finish(&arena);
}

START_TEST(words_lose_their_quotes)
{
    check_words("  \"A=1 2\" B=\"'3\"\tC=\\\\ %%x '' l\\ast", false,
                (const char *const[]){"A=1 2", "B='3", "C=\\", "%%x", "", "last", NULL});
    check_words("a\\x41\\t\\101\\s\\\" b\\q c", true, (const char *const[]){"aA\tA \"", NULL});
    check_words("a \"b", true, (const char *const[]){"a", NULL});
    check_words("a b\\", false, (const char *const[]){"a", NULL});
    check_words("\\x00", true, (const char *const[]){NULL});
}
END_TEST

START_TEST(specifiers_are_replaced_or_told)
{
    static const struct {
        const char *text, *wanted;
        char unknown;
    } rows[] = {{"%%%n", "%a-b@c\\x20d-e.service", 0},
                {"%N %p %j", "a-b@c\\x20d-e a-b b", 0},
                {"%i|%I|%P", "c\\x20d-e|c d/e|a/b", 0},
                {"%t/x%S%C%E%L%T%V", "/run/x/var/lib/var/cache/etc/var/log/tmp/var/tmp", 0},
                {"%h %u %U", "/root root 0", 0},
                {"%d/x", "/run/credentials/a-b@c\\x20d-e.service/x", 0},
                {"%y", "/x/a-b@.service", 0},
                {"a%qb", NULL, 'q'},
                {"a%", NULL, '%'}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char unknown;
        ck_assert(add(""));
        const char *text = service_expand(&arena, &service.names, rows[i].text, &unknown);
        ck_assert_msg(rows[i].wanted ? text && strcmp(text, rows[i].wanted) == 0 : !text, "%s: %s",
                      rows[i].text, text);
        ck_assert_int_eq(unknown, rows[i].unknown);
        arena_finish(&arena);
    }
}
END_TEST

START_TEST(words_of_all_lines_are_walked_over)
{
    ck_assert(add("[Service]\nX=1 %i\nY=2\nX=3 %q 4\nX=5 \"6\nX=7"));
    struct service_words words = {.unit = &service, .name = "X"};
    static const char *const wanted[] = {"1", "c\\x20d-e", "3", "4", "5", "7"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_str_eq(service_words_next(&words), wanted[i]);
    ck_assert_ptr_null(service_words_next(&words));
    ck_assert_ptr_null(service_words_next(&words));
    arena_finish(&arena);
}
END_TEST

static char found[512];

static bool note_variable(void *context, const char *name, const char *value)
{
    (void)context;
    size_t length = strlen(found);
    snprintf(found + length, sizeof found - length, "%s=[%s]", name, value);
    return true;
}

START_TEST(files_of_variables_have_rules_of_their_own)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"A=1\n B = x y \n#C=3\n;D=4\nnothing\nE=", "A=[1]B=[x y]E=[]"},
        {"A='1\n2'\"3\\\"\\$\\n\"4 \nB=\"x\" y", "A=[1\n23\"$\\n4]B=[xy]"},
        {"A=1\\\n2\\ \nB=\"a\\\nb\"\r\nC=\\#", "A=[12 ]B=[ab]C=[#]"},
        {"# x\\\nA=1\nB=2", "B=[2]"},
        {"=1\nA", "=[1]"},
        {"A='open", "A=[open]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert(add(""));
        found[0] = '\0';
        ck_assert(service_read_variables(bytes_of_text(rows[i].text), &arena, note_variable, NULL));
        ck_assert_str_eq(found, rows[i].wanted);
        arena_finish(&arena);
    }
}
END_TEST

START_TEST(whatever_a_unit_is_it_ends)
{
    static const char *const texts[] = {"",
                                        "\\",
                                        "[Service]\n\\",
                                        "[Service]\nA=\\\n\\\n\\",
                                        "[Service",
                                        "[Service]\n=\n==\n=x\n",
                                        "\n\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert(add(texts[i]));
        arena_finish(&arena);
    }
    char text[(SERVICE_SETTINGS_MAX + 4) * 4 + 1] = "[Service]\nX\n";
    for (size_t i = 12; i < sizeof text - 1; i += 4)
        memcpy(text + i, "A=1\n", 4);
    text[sizeof text - 1] = '\0';
    ck_assert(!add(text));
    arena_finish(&arena);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("service_file");
    TCase *all = tcase_create("all");
    tcase_add_test(all, settings_of_the_service_are_read);
    tcase_add_test(all, an_empty_value_takes_back_what_was_said);
    tcase_add_test(all, lines_are_joined_as_systemd_joins_them);
    tcase_add_test(all, what_is_no_choice_changes_none);
    tcase_add_test(all, words_lose_their_quotes);
    tcase_add_test(all, specifiers_are_replaced_or_told);
    tcase_add_test(all, words_of_all_lines_are_walked_over);
    tcase_add_test(all, files_of_variables_have_rules_of_their_own);
    tcase_add_test(all, whatever_a_unit_is_it_ends);
    suite_add_tcase(suite, all);
    return suite;
}

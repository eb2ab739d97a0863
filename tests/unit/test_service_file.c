/* Settings of a unit of systemd, as systemd.syntax(7) has them. */
#include "server/cli/service_file.h"

#include "tests/unit/suite.h"

#include <string.h>

static struct arena arena;
static struct service service;

static bool add(const char *text)
{
    struct error err;
    arena_init(&arena, 1 << 20);
    service = (struct service){.arena = &arena};
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
    check_value("ExecStart", "/bin/a  b  c");
    ck_assert(service_says(&service, "NoNewPrivileges"));
    ck_assert(!service_says(&service, "PrivateTmp"));
    ck_assert(!service_says(&service, "User"));
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

START_TEST(words_lose_their_quotes)
{
    static const char *const wanted[] = {"A=1 2", "B='3", "C=\\", "%x", "", "last"};
    const char *rest = "  \"A=1 2\" B=\"'3\"\tC=\\\\ %%x '' last";
    ck_assert(add(""));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_str_eq(service_word(&arena, &rest), wanted[i]);
    ck_assert_ptr_null(service_word(&arena, &rest));
    arena_finish(&arena);
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
    tcase_add_test(all, words_lose_their_quotes);
    tcase_add_test(all, whatever_a_unit_is_it_ends);
    suite_add_tcase(suite, all);
    return suite;
}

/* Command lines of a verb that has all there is: forms with words, lists, operands, defaults. */
#include "server/options/parse.h"

#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake {
    bool flag;
    const char *text, *choice, *id;
    int64_t number, duration_ms;
    struct word_list list, operands, behind;
};

static int run_nothing(void *options)
{
    (void)options;
    return EXIT_DONE;
}

static bool take_never(void *field, const char *value, struct error *err)
{
    (void)field;
    (void)value;
    return error_set(err, "needs another");
}

enum { ONE = 1, TWO = 2 };

#define OFFSET(field) .offset = offsetof(struct fake, field)
static const char *const choices[] = {"apple", "pear", NULL};

static const struct option_row rows[] = {
    {.value = "ID", .kind = OPTION_EVENT, .needed = TWO, .forms = TWO, OFFSET(id)},
    {.value = "WORD", .flags = OPTION_REPEATS, .kind = OPTION_TEXT, OFFSET(operands)},
    {.value = "REST", .flags = OPTION_BEHIND, .kind = OPTION_TEXT, OFFSET(behind)},
    {.name = "flag", .letter = 'f', .kind = OPTION_FLAG, OFFSET(flag)},
    {.name = "text", .letter = 't', .value = "TEXT", .kind = OPTION_TEXT, OFFSET(text)},
    {.name = "choice", .value = "FRUIT", .kind = OPTION_CHOICE, .choices = choices, OFFSET(choice)},
    {.name = "number",
     .value = "N",
     .kind = OPTION_NUMBER,
     .default_text = "7",
     .min = 2,
     .max = 9,
     OFFSET(number)},
    {.name = "duration", .value = "D", .kind = OPTION_DURATION, .forms = ONE, OFFSET(duration_ms)},
    {.name = "list", .value = "X", .kind = OPTION_TEXT, .flags = OPTION_REPEATS, OFFSET(list)},
    {.name = "never", .value = "X", .kind = OPTION_CUSTOM, .take = take_never, OFFSET(text)},
};

static const struct verb worded = {.name = "fake",
                                   .groups = {OPTION_GROUP(rows)},
                                   .forms = {{"one", "", run_nothing}, {"two", "", run_nothing}},
                                   .size = sizeof(struct fake)};

enum { BY_PLACE = 1, BY_NAME = 2 };

static const struct option_row ways_rows[] = {
    {.value = "ID", .kind = OPTION_EVENT, .forms = BY_PLACE, .needed = BY_PLACE, OFFSET(id)},
    {.name = "text", .value = "TEXT", .kind = OPTION_TEXT, .forms = BY_NAME, OFFSET(text)},
    {.name = "config", .letter = 'c', .value = "FILE", .kind = OPTION_FILE, OFFSET(choice)},
};

static const struct verb ways = {.name = "ways",
                                 .groups = {OPTION_GROUP(ways_rows)},
                                 .forms = {{NULL, NULL, run_nothing}, {NULL, NULL, run_nothing}},
                                 .size = sizeof(struct fake)};

/* ---- helpers ---- */

enum { WORDS_MAX = 32 };

/* A line of words with blanks between them; `said` gets the sentence of a refusal. */
static bool parse(const struct verb *verb, const char *line, struct fake *fake,
                  struct parsed *parsed, struct error *said)
{
    static char text[256];
    char *argv[WORDS_MAX + 1] = {NULL}, *rest = text;
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    said->text[0] = '\0';
    for (char *word; argc < WORDS_MAX && (word = strsep(&rest, " "));)
        argv[argc++] = word;
    bool good = cli_parse(verb, argc, argv, parsed, said);
    if (good)
        *fake = *(struct fake *)parsed->options;
    return good;
}

static void check_refused(const struct verb *verb, const char *line, const char *wanted)
{
    struct fake fake;
    struct parsed parsed;
    struct error said;
    bool good = parse(verb, line, &fake, &parsed, &said);
    ck_assert_msg(!good && strcmp(said.text, wanted) == 0, "%s: %s", line, said.text);
    cli_parsed_finish(&parsed);
}

/* ---- cases ---- */

START_TEST(fields_get_their_values)
{
    struct fake fake;
    struct parsed parsed;
    struct error said;
    ck_assert_msg(parse(&worded,
                        "fake one a -ft x --list 1 b --choice=pear --list=2 --number 3 - "
                        "--duration 2s -- --flag c",
                        &fake, &parsed, &said),
                  "%s", said.text);
    ck_assert(fake.flag && strcmp(fake.text, "x") == 0);
    ck_assert_ptr_eq(fake.choice, choices[1]);
    ck_assert_int_eq(fake.number, 3);
    ck_assert_int_eq(fake.duration_ms, 2000);
    ck_assert_uint_eq(fake.list.count, 2);
    ck_assert_str_eq(fake.list.items[1], "2");
    ck_assert_uint_eq(fake.operands.count, 3);
    ck_assert_str_eq(fake.operands.items[2], "-");
    ck_assert_uint_eq(fake.behind.count, 2);
    ck_assert_str_eq(fake.behind.items[0], "--flag");
    cli_parsed_finish(&parsed);
}
END_TEST

START_TEST(what_is_not_given_has_its_default)
{
    struct fake fake;
    struct parsed parsed;
    struct error said;
    ck_assert(parse(&worded, "fake", &fake, &parsed, &said));
    ck_assert(!fake.flag && !fake.text && fake.operands.count == 0);
    ck_assert_int_eq(fake.number, 7);
    ck_assert_ptr_eq(parsed.form, &worded.forms[0]);
    cli_parsed_finish(&parsed);
    setenv("POSIXLY_CORRECT", "1", 1);
    ck_assert(parse(&worded, "fake two 0a b --flag --number 2 --number 9", &fake, &parsed, &said));
    unsetenv("POSIXLY_CORRECT");
    ck_assert(fake.flag && fake.number == 9 && strcmp(fake.id, "0a") == 0);
    ck_assert_ptr_eq(parsed.form, &worded.forms[1]);
    cli_parsed_finish(&parsed);
}
END_TEST

START_TEST(refusals_say_what_would_be_right)
{
    static const struct {
        const char *line, *said;
    } lines[] = {
        {"fake --flg", "there is no option \"--flg\", did you mean \"--flag\"?"},
        {"fake --nonsense=secret", "there is no option \"--nonsense\""},
        {"fake --fl", "there is no option \"--fl\", did you mean \"--flag\"?"},
        {"fake -xsecret", "there is no option \"-x\""},
        {"fake -flag", "there is no option \"-flag\", did you mean \"--flag\"?"},
        {"fake --flag=secret", "--flag takes no value"},
        {"fake --text", "--text needs TEXT"},
        {"fake -t", "--text needs TEXT"},
        {"fake --choice pare", "--choice needs apple or pear; did you mean \"pear\"?"},
        {"fake --number 1", "--number needs a number from 2 to 9"},
        {"fake --number 10", "--number needs a number from 2 to 9"},
        {"fake --number 3x", "--number needs a number from 2 to 9"},
        {"fake --number 99999999999999999999", "--number needs a number from 2 to 9"},
        {"fake --duration long", "--duration needs a duration such as 90s, 1h or 7d"},
        {"fake --never secret", "--never needs another"},
        {"fake tow", "did you mean \"fake two\"?"},
        {"fake secret", "behind fake stands one, two"},
        {"fake two", "needs ID"},
        {"fake two secret", "ID needs the id of an event"},
        {"fake two 0 --duration 1s", "--duration is not for \"fake two\""},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_refused(&worded, lines[i].line, lines[i].said);
}
END_TEST

START_TEST(what_is_given_chooses_the_form)
{
    struct fake fake;
    struct parsed parsed;
    struct error said;
    ck_assert(parse(&ways, "ways -c x 0", &fake, &parsed, &said));
    ck_assert_ptr_eq(parsed.form, &ways.forms[0]);
    cli_parsed_finish(&parsed);
    ck_assert(parse(&ways, "ways --text x", &fake, &parsed, &said));
    ck_assert_ptr_eq(parsed.form, &ways.forms[1]);
    cli_parsed_finish(&parsed);
    check_refused(&ways, "ways 0 --text x", "ID and --text do not go together");
    check_refused(&ways, "ways 0 secret", "takes no further word behind ID");
    check_refused(&ways, "ways 0 hooks.yaml", "did you mean -c hooks.yaml?");
}
END_TEST

/* As many words as there are, each of them an option that repeats, or an operand. */
START_TEST(lists_are_as_long_as_the_line)
{
    enum { COUNT = 2000 };
    static const char *argv[COUNT + 2];
    struct parsed parsed;
    struct error said;
    argv[0] = "fake";
    argv[1] = "one";
    for (int i = 2; i < COUNT; i++)
        argv[i] = i % 2 ? "word" : "--list=x";
    ck_assert(cli_parse(&worded, COUNT, (char **)argv, &parsed, &said));
    const struct fake *fake = parsed.options;
    ck_assert_uint_eq(fake->list.count + fake->operands.count, COUNT - 2);
    cli_parsed_finish(&parsed);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_test(tcase, fields_get_their_values);
    tcase_add_test(tcase, what_is_not_given_has_its_default);
    tcase_add_test(tcase, refusals_say_what_would_be_right);
    tcase_add_test(tcase, what_is_given_chooses_the_form);
    tcase_add_test(tcase, lists_are_as_long_as_the_line);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* The rows of the real registry: what every page and every default is made from. */
#include "config/describe.h"
#include "config/keys.h"
#include "config/loader.h"
#include "handlers/verdict.h"
#include "server/cli/verbs.h"
#include "server/ipc/log_events.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

static unsigned rows_seen;

static void check_sentence(const char *sentence, const char *where)
{
    ck_assert_msg(sentence && sentence[0], "%s has no sentence", where);
    ck_assert_msg(sentence[strlen(sentence) - 1] == '.', "%s: \"%s\"", where, sentence);
    ck_assert_msg(!strchr(sentence, '\n'), "%s: a line end in the sentence", where);
}

static void check_name(const char *name)
{
    ck_assert_msg(name[0] && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")], "\"%s\"",
                  name);
}

static void check_value(const struct row *row)
{
    char text[400];
    key_value_text(row, text, sizeof text);
    ck_assert_msg(text[0], "%s: how is it written?", row->name);
    ck_assert_msg(row->min <= row->max, "%s: bounds", row->name);
    ck_assert_msg(row->type != ROW_CUSTOM || (row->read && row->syntax), "%s", row->name);
    ck_assert_msg(row->type != ROW_CHOICE || row->choices, "%s: choices", row->name);
    ck_assert_msg((row->type != ROW_SECTION && row->type != ROW_SECTIONS) || row->section, "%s",
                  row->name);
    ck_assert_msg(row->type != ROW_SECTIONS || row->section->size, "%s: size", row->name);
}

/* The default as a file would have it, read by a section of this row alone. */
static void check_default(const struct row *row)
{
    static uint8_t settings[64 * 1024];
    struct row only = *row;
    struct row_section section = {.name = "one row", .rows = &only, .row_count = 1};
    struct problem_list problems;
    struct arena arena;
    char text[512];
    snprintf(text, sizeof text, "%s: %s\n", row->name, row->default_text);
    memset(settings, 0, sizeof settings);
    problem_list_init(&problems);
    arena_init(&arena, 1 << 20);
    bool read = section_load_text("default", bytes_of_text(text), &section, &program_registry,
                                  &arena, &problems, settings);
    ck_assert_msg(read, "%s: %s", text, problems.first ? problems.first->text : "");
    arena_finish(&arena);
    problem_list_finish(&problems);
}

/* A section stands once in the reference, whoever shares it. */
static void check_path(const struct key_group *group)
{
    static char seen[256][sizeof group->path];
    static size_t count;
    if (group->beside)
        return;
    for (size_t i = 0; i < count; i++)
        ck_assert_str_ne(seen[i], group->path);
    ck_assert_uint_lt(count, 256);
    memcpy(seen[count++], group->path, sizeof group->path);
}

static void visit(void *context, const struct key_group *group)
{
    (void)context;
    check_path(group);
    check_sentence(group->sentence, group->path);
    for (size_t i = 0; i < group->count; i++) {
        const struct row *row = group->rows[i];
        check_name(row->name);
        check_sentence(row->sentence, row->name);
        check_value(row);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(strcmp(row->name, group->rows[j]->name) != 0, "%s twice in %s", row->name,
                          group->path);
        if (row->default_text)
            check_default(row);
        rows_seen++;
    }
}

START_TEST(every_row_can_be_described_and_its_default_read)
{
    keys_walk(&program_registry, visit, NULL);
    ck_assert_uint_gt(rows_seen, 60);
}
END_TEST

static void check_kind(const struct handler_kind *kind)
{
    ck_assert_str_eq(kind->name, kind->value->name);
    check_sentence(kind->sentence, kind->name);
}

START_TEST(kinds_are_named_as_their_keys)
{
    for (size_t i = 0; program_registry.authenticators[i]; i++)
        check_kind(program_registry.authenticators[i]);
    for (size_t i = 0; program_registry.actions[i]; i++)
        check_kind(program_registry.actions[i]);
    check_kind(program_registry.provider);
}
END_TEST

START_TEST(log_events_and_refusals_are_complete)
{
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++) {
        const struct log_event_row *row = &log_events[i];
        ck_assert_msg(row->name != NULL, "event %zu has no row", i);
        check_name(row->name);
        check_sentence(row->sentence, row->name);
        ck_assert_msg(row->fields && row->fields[0] && !strchr(row->fields, '|'), "%s", row->name);
        ck_assert_int_le(row->level, row->worst);
        ck_assert_ptr_eq(log_event_find(row->name), row); /* no two have one name */
    }
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        const struct reply_row *row = &reply_rows[i];
        check_name(row->code);
        if (row->status < 400)
            continue;
        check_sentence(row->cause, row->code);
        ck_assert_msg(row->text[0] && !strpbrk(row->text, "\"\\|"), "%s: \"%s\"", row->code,
                      row->text);
        ck_assert_int_ge(row->log_level, log_events[LOG_REFUSED].level);
        ck_assert_int_le(row->log_level, log_events[LOG_REFUSED].worst);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tests = tcase_create("rows");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, every_row_can_be_described_and_its_default_read);
    tcase_add_test(tests, kinds_are_named_as_their_keys);
    tcase_add_test(tests, log_events_and_refusals_are_complete);
    return suite;
}

/* Tables and bodies as a terminal gets them: they fit, and nothing in them is obeyed. */
#include "server/terminal/columns.h"

#include "server/terminal/body_text.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 4 };

static const struct column columns_of_test[COLUMNS] = {
    {"ID", 6, 0, 0}, {"STATE", 4, 1, 0}, {"ROUTE", 5, 2, 0}, {"TITLE", 8, 3, 0}};
static const unsigned wanted[COLUMNS] = {6, 7, 12, 40};

static unsigned width_of(const struct column *columns)
{
    unsigned width = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].width > 0)
            width += columns[i].width + (width ? COLUMN_GAP : 0);
    return width;
}

START_TEST(columns_fit_every_width)
{
    for (unsigned places = 1; places < 200; places++) {
        struct column columns[COLUMNS];
        memcpy(columns, columns_of_test, sizeof columns);
        columns_fit(columns, COLUMNS, wanted, places);
        ck_assert_uint_eq(columns[0].width, 6);
        ck_assert_msg(width_of(columns) <= (places < 6 ? 6 : places), "%u", places);
        for (size_t i = 0; i < COLUMNS; i++)
            ck_assert(columns[i].width == 0 ||
                      (columns[i].width >= columns[i].least && columns[i].width <= wanted[i]));
        /* the last ones are left out first */
        for (size_t i = 1; i < COLUMNS; i++)
            ck_assert(columns[i].width == 0 || columns[i - 1].width > 0);
    }
}
END_TEST

START_TEST(room_is_used)
{
    struct column columns[COLUMNS];
    memcpy(columns, columns_of_test, sizeof columns);
    columns_fit(columns, COLUMNS, wanted, 200);
    for (size_t i = 0; i < COLUMNS; i++)
        ck_assert_uint_eq(columns[i].width, wanted[i]);
    columns_fit(columns, COLUMNS, wanted, 60); /* the title alone gets narrower */
    ck_assert(columns[2].width == 12 && columns[3].width == 60 - 6 - 7 - 12 - 6);
}
END_TEST

START_TEST(widths_are_those_of_a_terminal)
{
    static const struct {
        const char *text;
        unsigned width;
    } rows[] = {{"", 0},
                {"plain", 5},
                {"\xc3\xa9t\xc3\xa9", 3},        /* été */
                {"e\xcc\x81", 1},                /* with a combining accent */
                {"\xe8\x92\xb8\xe6\xb0\x97", 4}, /* two wide ones */
                {"\xf0\x9f\x9a\x80", 2},         /* a rocket */
                {"\033[2J", 4 + 3},              /* \x1b */
                {"\xc2\x9b", 8},
                {"\xff", 4},
                {"a\nb", 6}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(text_width(bytes_of_text(rows[i].text)) == rows[i].width, "%zu: %u", i,
                      text_width(bytes_of_text(rows[i].text)));
}
END_TEST

static char *line_of(const char *first, unsigned width, bool styles, const char *second)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const struct screen screen = {.is_terminal = true, .has_styles = styles};
    const struct column columns[] = {{"A", 1, 0, width}, {"B", 1, 0, 0}, {"C", 1, 0, 4}};
    const struct cell cells[] = {{bytes_of_text(first), STYLE_BAD},
                                 {bytes_of_text("left out"), STYLE_NONE},
                                 {bytes_of_text(second), STYLE_NONE}};
    columns_print(out, &screen, columns, cells, 3);
    fclose(out);
    return text;
}

START_TEST(cells_are_cut_and_escaped)
{
    static const struct {
        const char *first;
        unsigned width;
        bool styles;
        const char *second, *wanted;
    } rows[] = {
        {"ab", 4, false, "x", "ab    x\n"},
        {"abcdef", 4, false, "x", "abc\xe2\x80\xa6  x\n"},
        {"\xe8\x92\xb8\xe6\xb0\x97\xe6\xb0\x97", 4, false, "x",
         "\xe8\x92\xb8\xe2\x80\xa6   x\n"}, /* half of a wide one is none */
        {"\033\033", 6, false, "x", "\\x1b\xe2\x80\xa6   x\n"},
        {"ab", 4, true, "", "\033[1;31mab\033[0m    \n"},
        {"abc", 1, false, "abcdef", "\xe2\x80\xa6  abc\xe2\x80\xa6\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = line_of(rows[i].first, rows[i].width, rows[i].styles, rows[i].second);
        ck_assert_str_eq(text, rows[i].wanted);
        free(text);
    }
}
END_TEST

START_TEST(states_have_the_style_of_the_worst)
{
    ck_assert_int_eq(style_of_state(bytes_of_text("done")), STYLE_GOOD);
    ck_assert_int_eq(style_of_state(bytes_of_text("done,pending")), STYLE_WAITS);
    ck_assert_int_eq(style_of_state(bytes_of_text("running,dead,done")), STYLE_BAD);
    ck_assert_int_eq(style_of_state(bytes_of_text("superseded")), STYLE_FAINT);
    ck_assert_int_eq(style_of_state(bytes_of_text("\033[2J")), STYLE_NONE);
}
END_TEST

/* ---- bodies ---- */

static char *body_of(struct bytes body, bool is_json)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (is_json)
        body_print_json(out, body, 1);
    else
        body_print_text(out, body, 1);
    fclose(out);
    return text;
}

START_TEST(json_has_a_line_for_each_member)
{
    static const struct {
        const char *json, *wanted;
    } rows[] = {
        {"{}", " {}\n"},
        {" [ ] ", " []\n"},
        {"7", " 7\n"},
        {"\"a\\\"b:,{\"", " \"a\\\"b:,{\"\n"},
        {"{\"a\":[1,-2.5e3,{\"b\" : null}],\n\"c\":\"\xc2\x9b\"}",
         " {\n   \"a\": [\n     1,\n     -2.5e3,\n     {\n       \"b\": null\n     }\n   ],\n"
         "   \"c\": \"\\xc2\\x9b\"\n }\n"},
        {"}]{,", " \n }\n ]{\n   ,\n   \n"}, /* no JSON: it ends all the same */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = body_of(bytes_of_text(rows[i].json), true);
        ck_assert_str_eq(text, rows[i].wanted);
        free(text);
    }
}
END_TEST

START_TEST(large_bodies_are_cut)
{
    enum { LENGTH = 300000 };
    static uint8_t body[LENGTH];
    for (int kind = 0; kind < 3; kind++) {
        memset(body, kind == 0 ? '[' : kind == 1 ? 'x' : '\n', sizeof body);
        if (kind == 1)
            body[0] = body[LENGTH - 1] = '"';
        for (int json = 0; json < 2; json++) {
            char *text = body_of(bytes_of(body, sizeof body), json);
            ck_assert_uint_lt(strlen(text), 2 * BODY_TEXT_BYTES);
            ck_assert_msg(strstr(text, "…") || (json && kind == 2), "%d %d", kind, json);
            free(text);
        }
    }
}
END_TEST

START_TEST(text_is_shown_and_bytes_are_counted)
{
    char *text = body_of(bytes_of_text("one\r\ntwo\033[1m\n\nlast"), false);
    ck_assert_str_eq(text, " one\n two\\x1b[1m\n \n last\n");
    free(text);
    text = body_of(bytes_of("\0\1\2", 3), false);
    ck_assert_str_eq(text, " 3 bytes that are no text, which --body writes\n");
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("columns");
    TCase *all = tcase_create("all");
    tcase_add_test(all, columns_fit_every_width);
    tcase_add_test(all, room_is_used);
    tcase_add_test(all, widths_are_those_of_a_terminal);
    tcase_add_test(all, cells_are_cut_and_escaped);
    tcase_add_test(all, states_have_the_style_of_the_worst);
    tcase_add_test(all, json_has_a_line_for_each_member);
    tcase_add_test(all, large_bodies_are_cut);
    tcase_add_test(all, text_is_shown_and_bytes_are_counted);
    suite_add_tcase(suite, all);
    return suite;
}

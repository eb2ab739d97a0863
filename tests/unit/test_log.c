/* Lines of the log as journald gets them, and as everything else does. */
#include "base/log.h"
#include "config/diagnostic.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct log_event_row event = {
    .name = "broken", .level = LOG_DEBUG, .worst = LOG_ERROR, .fields = "by"};

/* Standard error becomes a socket, as of a unit; the other end is the journal's. */
static int connect_stderr(void)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[0], 2), 2);
    close(ends[0]);
    return ends[1];
}

/* What systemd sets for a unit, `off` by so many inodes. */
static void name_stream(int off)
{
    struct stat what;
    char text[64];
    ck_assert_int_eq(fstat(2, &what), 0);
    snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)what.st_dev, (uintmax_t)what.st_ino + off);
    setenv("JOURNAL_STREAM", text, 1);
}

static const char *said(int journal, enum log_level level, enum log_format format)
{
    static char text[512];
    log_configure(LOG_DEBUG, format);
    log_write_fields(&event, level, (struct log_field[]){log_text("by", "a test"), {.name = NULL}});
    ssize_t got = recv(journal, text, sizeof text - 1, MSG_DONTWAIT);
    ck_assert_int_gt(got, 0);
    text[got] = '\0';
    return text;
}

START_TEST(journald_gets_a_priority_in_the_place_of_the_time)
{
    int journal = connect_stderr();
    name_stream(0);
    log_start("listener");
    ck_assert_str_eq(said(journal, LOG_DEBUG, LOG_TEXT),
                     "<7>debug listener: broken by=\"a test\"\n");
    ck_assert_str_eq(said(journal, LOG_INFO, LOG_TEXT), "<6>info listener: broken by=\"a test\"\n");
    ck_assert_str_eq(said(journal, LOG_WARNING, LOG_TEXT),
                     "<4>warning listener: broken by=\"a test\"\n");
    ck_assert_str_eq(log_last_error(), "");
    ck_assert_str_eq(said(journal, LOG_ERROR, LOG_TEXT),
                     "<3>error listener: broken by=\"a test\"\n");
}
END_TEST

/* `status` shows it without the journal's help. */
START_TEST(the_last_error_has_its_time_and_no_priority)
{
    int journal = connect_stderr();
    name_stream(0);
    log_start("runner");
    said(journal, LOG_ERROR, LOG_TEXT);
    const char *line = log_last_error();
    ck_assert(line[0] >= '0' && line[0] <= '9');
    ck_assert_str_eq(strchr(line, ' '), " error runner: broken by=\"a test\"");
}
END_TEST

START_TEST(json_for_journald_is_the_same_json_behind_a_priority)
{
    int journal = connect_stderr();
    name_stream(0);
    log_start("runner");
    const char *line = said(journal, LOG_WARNING, LOG_JSON);
    ck_assert_int_eq(strncmp(line, "<4>{\"time\":\"2", 13), 0);
    ck_assert_ptr_nonnull(strstr(line, "Z\",\"level\":\"warning\",\"process\":\"runner\","));
    ck_assert_str_eq(strchr(line, '}'), "}\n");
}
END_TEST

/* A program behind the unit's, whose standard error is another socket, file or pipe. */
START_TEST(another_standard_error_than_the_journals_gets_no_priority)
{
    int journal = connect_stderr();
    name_stream(1);
    log_start("runner");
    ck_assert_int_eq(said(journal, LOG_ERROR, LOG_TEXT)[0], '2');
    unsetenv("JOURNAL_STREAM");
    log_start("runner");
    ck_assert_int_eq(said(journal, LOG_ERROR, LOG_TEXT)[0], '2');
}
END_TEST

/* What is written otherwise: problems of the route file, and why a start failed. */
START_TEST(a_line_written_otherwise_gets_its_priority_for_journald_alone)
{
    struct problem_list list;
    char text[256];
    int journal = connect_stderr();
    ck_assert_str_eq(log_priority(LOG_ERROR), "");
    ck_assert(!log_is_journald(2) && !log_is_journald(-1));
    name_stream(0);
    ck_assert(log_is_journald(2) && !log_is_journald(journal));
    ck_assert_str_eq(log_priority(LOG_WARNING), "<4>");
    problem_list_init(&list);
    const struct source *source = problem_list_add_source(&list, "a.yaml", "/", bytes_of_text("x"));
    problem_add_at(&list, source, 1, 1, 2, "wrong");
    problem_list_print(&list, stderr);
    problem_list_finish(&list);
    ssize_t got = recv(journal, text, sizeof text - 1, MSG_DONTWAIT);
    ck_assert_int_gt(got, 0);
    text[got] = '\0';
    ck_assert_str_eq(text, "<3>a.yaml:1:1: error: wrong\n<3>     1 | x\n<3>       | ^\n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *all = tcase_create("all");
    tcase_add_test(all, journald_gets_a_priority_in_the_place_of_the_time);
    tcase_add_test(all, the_last_error_has_its_time_and_no_priority);
    tcase_add_test(all, json_for_journald_is_the_same_json_behind_a_priority);
    tcase_add_test(all, another_standard_error_than_the_journals_gets_no_priority);
    tcase_add_test(all, a_line_written_otherwise_gets_its_priority_for_journald_alone);
    suite_add_tcase(suite, all);
    return suite;
}

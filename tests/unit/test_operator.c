/* What an operator's program sends is read to the letter or refused; what is answered waits for it
 * within limits. */
#include "base/clock.h"
#include "server/ipc/operator_link.h"
#include "server/ipc/operator_request.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct operator_request request;
static struct error why;

static bool reads(const char *line)
{
    return operator_request_read(bytes_of_text(line), &request, &why);
}

START_TEST(a_request_is_read)
{
    ck_assert(reads("{\"verb\":\"cancel\",\"id\":\"a\\u0042\\\"c\",\"runner\":7,\"more\":[1]}\n"));
    ck_assert_str_eq(request.verb, "cancel");
    ck_assert_str_eq(request.id, "aB\"c");
    ck_assert_str_eq(request.journal, "");
    ck_assert_uint_eq(request.runner, 7);
    ck_assert(reads("{\"journal\":\"/x/y\",\"verb\":\"status\"}"));
    ck_assert(reads("{\"verb\":\"x\",\"runner\":18446744073709551615}") == false);
}
END_TEST

START_TEST(anything_else_is_refused)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "{}",
        "[]",
        "{\"verb\":\"\"}",
        "{\"verb\":7}",
        "{\"verb\":null}",
        "{\"verb\":\"a\",\"verb\":\"b\"}",
        "{\"verb\":\"a\\u0000b\"}",
        "{\"verb\":\"a\",\"runner\":\"7\"}",
        "{\"verb\":\"a\",\"runner\":-1}",
        "{\"verb\":\"a\",\"runner\":1e3}",
        "{\"verb\":\"a\"} {}",
        "{\"verb\":\"a\",\"deep\":[[[[[]]]]]}",
        "\xff",
        "verb",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why.text[0] = '\0';
        ck_assert_msg(!reads(wrong[i]), "%s", wrong[i]);
        ck_assert_msg(why.text[0], "%s", wrong[i]);
    }
    char *text = malloc(OPERATOR_LINE_MAX + 1);
    memset(text, ' ', OPERATOR_LINE_MAX);
    memcpy(text, "{\"verb\":\"a\"}", 12);
    text[OPERATOR_LINE_MAX] = '\0';
    ck_assert(!reads(text));
    text[OPERATOR_LINE_MAX - 1] = '\0';
    ck_assert(reads(text));
    free(text);
}
END_TEST

START_TEST(a_line_is_looked_at_and_left)
{
    uint8_t line[OPERATOR_LINE_MAX];
    size_t length = 0;
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(operator_request_peek(ends[0], line, &length), 0);
    ck_assert_int_eq(write(ends[1], "{\"a\"", 4), 4);
    ck_assert_int_eq(operator_request_peek(ends[0], line, &length), 0);
    ck_assert_int_eq(write(ends[1], ":1}\nrest", 8), 8);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(operator_request_peek(ends[0], line, &length), 1);
        ck_assert_uint_eq(length, 8);
        ck_assert_mem_eq(line, "{\"a\":1}\n", 8);
    }
    close(ends[1]);
    ck_assert_int_eq(operator_request_peek(ends[0], line, &length), 1);
    ck_assert_int_eq(read(ends[0], line, 12), 12);
    ck_assert_int_eq(operator_request_peek(ends[0], line, &length), -1);
    close(ends[0]);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    memset(line, 'x', sizeof line);
    ck_assert_int_eq(write(ends[1], line, sizeof line), (ssize_t)sizeof line);
    ck_assert_int_eq(operator_request_peek(ends[0], line, &length), -1);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- links ---- */

static struct loop loop;
static struct operator_link linked;
static int client, asked, over;

static void readable(struct operator_link *asking)
{
    ck_assert_ptr_eq(asking, &linked);
    asked++;
}

static void is_over(struct operator_link *ended)
{
    ck_assert_ptr_eq(ended, &linked);
    operator_link_finish(ended);
    over++;
}

static void begin(void)
{
    int ends[2];
    asked = over = 0;
    ck_assert(loop_init(&loop, NULL));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    client = ends[1];
    ck_assert(operator_link_init(&linked, &loop, ends[0], readable, is_over, NULL));
}

static void end(void)
{
    close(client);
    for (int i = 0; i < 100 && !over; i++)
        loop_run_once(&loop, 100);
    ck_assert_int_eq(over, 1);
    loop_finish(&loop);
}

/* Everything that comes until the end of the connection. */
static size_t read_all(void)
{
    static char piece[65536];
    size_t total = 0;
    for (ssize_t got; (got = read(client, piece, sizeof piece)) != 0;) {
        total += got > 0 ? (size_t)got : 0;
        if (got < 0)
            loop_run_once(&loop, 10);
    }
    return total;
}

START_TEST(an_answer_waits_for_its_reader)
{
    begin();
    ck_assert_int_eq(write(client, "x\n", 2), 2);
    loop_run_once(&loop, 1000);
    ck_assert_int_eq(asked, 1);
    operator_link_answer(&linked);
    for (int i = 0; i < 3 << 20; i++)
        ck_assert(buffer_append_text(&linked.out, "y"));
    operator_link_flush(&linked);
    ck_assert_uint_gt(linked.out.length, 0);
    operator_link_done(&linked, ",\"a\":1");
    ck_assert_uint_eq(read_all(), (3 << 20) + strlen("{\"end\":\"done\",\"a\":1}\n"));
    end();
}
END_TEST

START_TEST(who_goes_is_forgotten)
{
    begin();
    end();
    begin();
    operator_link_answer(&linked);
    end();
    begin();
    operator_link_answer(&linked);
    shutdown(client, SHUT_WR); /* no end: all has been asked */
    loop_run_once(&loop, 50);
    ck_assert_int_eq(over, 0);
    operator_link_fail(&linked, "a \"reason\"");
    ck_assert_uint_eq(read_all(), strlen("{\"end\":\"failed\",\"reason\":\"a \\\"reason\\\"\"}\n"));
    end();
}
END_TEST

START_TEST(a_connection_is_given_away)
{
    char byte;
    begin();
    ck_assert_int_eq(write(client, "x", 1), 1);
    int fd = operator_link_give(&linked);
    for (int i = 0; i < 10 && !over; i++)
        loop_run_once(&loop, 10);
    ck_assert_int_eq(over, 1);
    ck_assert_int_eq(read(fd, &byte, 1), 1);
    ck_assert_int_eq(write(fd, "y", 1), 1);
    ck_assert_int_eq(read(client, &byte, 1), 1);
    close(fd);
    close(client);
    loop_finish(&loop);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("operator");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_request_is_read);
    tcase_add_test(all, anything_else_is_refused);
    tcase_add_test(all, a_line_is_looked_at_and_left);
    tcase_add_test(all, an_answer_waits_for_its_reader);
    tcase_add_test(all, who_goes_is_forgotten);
    tcase_add_test(all, a_connection_is_given_away);
    suite_add_tcase(suite, all);
    return suite;
}

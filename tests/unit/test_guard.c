/* The head guard and the raw target: every form of framing that two servers could read differently,
 * and every path that could be another one. */
#include "server/pipeline/guard.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

struct head {
    struct arena arena;
    struct request request;
    struct header headers[80];
    int64_t length;
};

/* "METHOD TARGET VERSION\nName: value\n…" with "\n" between lines, as a library would hand it on:
 * the value begins behind the colon and the blanks after it, and is otherwise as it stands. */
static struct verdict check_bytes(struct head *head, struct bytes text)
{
    memset(head, 0, sizeof *head);
    arena_init(&head->arena, 1 << 20);
    struct request *request = &head->request;
    request->arena = &head->arena;
    struct bytes line = bytes_split(&text, '\n');
    request->method = bytes_split(&line, ' ');
    request->target = bytes_split(&line, ' ');
    request->version = line;
    request->headers = head->headers;
    while (text.length > 0 && request->header_count < 80) {
        struct bytes value = bytes_split(&text, '\n');
        struct bytes name = bytes_split(&value, ':');
        if (value.length > 0 && value.data[0] == ' ')
            value = bytes_from(value, 1);
        head->headers[request->header_count++] = (struct header){name, value};
    }
    head->length = -99;
    return guard_check(request, &head->length);
}

static enum reply check_head(const char *text)
{
    struct head *head = malloc(sizeof *head);
    struct verdict verdict = check_bytes(head, bytes_of_text(text));
    ck_assert(verdict.reply == REPLY_NONE || (verdict_closes(&verdict) && verdict.reason));
    arena_finish(&head->arena);
    free(head);
    return verdict.reply;
}

#define HOST "Host: example.org\n"
#define POST "POST /hook HTTP/1.1\n" HOST

struct expectation {
    const char *head;
    enum reply reply;
};

static void expect_all(const struct expectation *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum reply got = check_head(rows[i].head);
        ck_assert_msg(got == rows[i].reply, "%s\nis %s, not %s", rows[i].head, reply_rows[got].code,
                      reply_rows[rows[i].reply].code);
    }
}

#define EXPECT_ALL(rows) expect_all(rows, sizeof(rows) / sizeof *(rows))

START_TEST(framing_is_one_or_refused)
{
    static const struct expectation rows[] = {
        {POST, REPLY_NONE},
        {POST "Content-Length: 5\n", REPLY_NONE},
        {POST "Content-Length: 0\n", REPLY_NONE},
        {POST "Transfer-Encoding: chunked\n", REPLY_NONE},
        {POST "transfer-encoding: Chunked\n", REPLY_NONE},
        /* A001, A003, A004 */
        {POST "Content-Length: 5\nTransfer-Encoding: chunked\n", REPLY_BAD_REQUEST},
        {POST "Transfer-Encoding: chunked\nContent-Length: 5\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5\nContent-Length: 60\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5\ncontent-length: 5\n", REPLY_BAD_REQUEST},
        /* A005 */
        {POST "Content-Length: -1\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: +5\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5 \n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5\t\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 0x5\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5, 5\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: \n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 5 x\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 00005\n", REPLY_BAD_REQUEST},
        {POST "Content-Length: 00\n", REPLY_BAD_REQUEST},
        /* A006 */
        {POST "Content-Length: 18446744073709551616\n", REPLY_TOO_LARGE},
        {POST "Content-Length: 18446744073709551615\n", REPLY_TOO_LARGE},
        {POST "Content-Length: 9223372036854775808\n", REPLY_TOO_LARGE},
        {POST "Content-Length: 99999999999999999999999999999999999999\n", REPLY_TOO_LARGE},
        /* A008 */
        {POST "Transfer-Encoding: gzip, chunked\n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: chunked, identity\n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: identity\n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: xchunked\n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: chunked \n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: \n", REPLY_NOT_IMPLEMENTED},
        {POST "Transfer-Encoding: chunked\nTransfer-Encoding: identity\n", REPLY_BAD_REQUEST},
        {POST "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", REPLY_BAD_REQUEST},
        /* A010 to A012 */
        {"POST /hook HTTP/1.0\n" HOST "Transfer-Encoding: chunked\n", REPLY_BAD_REQUEST},
        {POST "Transfer-Encoding : chunked\nContent-Length: 5\n", REPLY_BAD_REQUEST},
        {POST "Content-Length : 5\n", REPLY_BAD_REQUEST},
        {POST " Content-Length: 5\n", REPLY_BAD_REQUEST},
    };
    EXPECT_ALL(rows);
}
END_TEST

START_TEST(names_and_values_are_characters_of_fields)
{
    static const struct expectation rows[] = {
        {POST "X-A: tab\tand caf\xc3\xa9 \xff\n", REPLY_NONE},
        {POST "X!#$%&'*+-.^_`|~1: a\n", REPLY_NONE},
        /* A020 */
        {POST "X A: a\n", REPLY_BAD_REQUEST},
        {POST "X\xe4: a\n", REPLY_BAD_REQUEST},
        {POST "X(: a\n", REPLY_BAD_REQUEST},
        {POST "X\x01: a\n", REPLY_BAD_REQUEST},
        {POST ": a\n", REPLY_BAD_REQUEST},
        {POST "X-A: \x01\n", REPLY_BAD_REQUEST},
        {POST "X-A: \x7f\n", REPLY_BAD_REQUEST},
        {POST "X-A: a\rb\n", REPLY_BAD_REQUEST},
        {POST "Xtwo lines: folded\n", REPLY_BAD_REQUEST},
    };
    EXPECT_ALL(rows);
}
END_TEST

/* Whether a head with that byte between the two texts passes. */
static bool passes(const char *before, int byte, const char *after)
{
    char head[256];
    struct head *made = malloc(sizeof *made);
    int length = snprintf(head, sizeof head, "%s%c%s", before, byte, after);
    struct verdict verdict = check_bytes(made, bytes_of(head, (size_t)length));
    arena_finish(&made->arena);
    free(made);
    return verdict.reply == REPLY_NONE;
}

static bool is_in(const char *set, int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || strchr(set, byte);
}

START_TEST(every_byte_is_judged)
{
    for (int byte = 1; byte < 256; byte++) {
        if (byte == '\n') /* ends the line of the test's own language */
            continue;
        if (byte != ':')
            ck_assert_msg(passes(POST "X", byte, "Y: a\n") == is_in("!#$%&'*+-.^_`|~", byte),
                          "name %d", byte);
        ck_assert_msg(passes(POST "X-Y: a", byte, "b\n") ==
                          (byte == '\t' || (byte >= ' ' && byte != 127)),
                      "value %d", byte);
        if (byte != ' ')
            ck_assert_msg(passes("POST /hook?a", byte, "b HTTP/1.1\n" HOST) ==
                              (byte > ' ' && byte < 127 && byte != '#' && byte != '\\'),
                          "target %d", byte);
        ck_assert_msg(passes("POST /hook HTTP/1.1\nHost: a", byte, "b\n") ==
                          is_in("-._~%:[]!$&'()*+;=", byte),
                      "host %d", byte);
    }
}
END_TEST

START_TEST(blanks_before_a_length_are_nothing)
{
    static const struct expectation rows[] = {
        {POST "Content-Length:  5\n", REPLY_NONE},
        {POST "Content-Length: \t 5\n", REPLY_NONE},
        {POST "Content-Length:  \n", REPLY_BAD_REQUEST},
        {POST "Transfer-Encoding: \t chunked\n", REPLY_NONE},
    };
    EXPECT_ALL(rows);
}
END_TEST

START_TEST(the_request_line_is_http_1)
{
    char head[6000];
    static const struct expectation rows[] = {
        {"POST /hook HTTP/1.0\n", REPLY_NONE},
        {"POST /hook HTTP/1.0\n" HOST, REPLY_NONE},
        /* A029 */
        {"POST /hook\n" HOST, REPLY_VERSION},
        {"POST /hook HTTP/2.0\n" HOST, REPLY_VERSION},
        {"PRI * HTTP/2.0\n", REPLY_VERSION},
        {"POST /hook http/1.1\n" HOST, REPLY_VERSION},
        {"POST /hook HTTP/1.2\n" HOST, REPLY_VERSION},
        {"POST /hook HTTP/1.11\n" HOST, REPLY_VERSION},
        /* A028: the guard leaves real methods to the routes */
        {"TRACE /hook HTTP/1.1\n" HOST, REPLY_NONE},
        {"post /hook HTTP/1.1\n" HOST, REPLY_NONE},
        {" /hook HTTP/1.1\n" HOST, REPLY_BAD_REQUEST},
        {"PO(ST /hook HTTP/1.1\n" HOST, REPLY_BAD_REQUEST},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG /hook HTTP/1.1\n" HOST, REPLY_BAD_REQUEST},
        /* targets in other forms */
        {"POST http://example.org/hook HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
        {"OPTIONS * HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
        {"CONNECT example.org:443 HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
        {"POST hook HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
        {"POST  HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
        {"POST ?a=b HTTP/1.1\n" HOST, REPLY_BAD_TARGET},
    };
    EXPECT_ALL(rows);
    /* A022 */
    snprintf(head, sizeof head, "POST /%0*d HTTP/1.1\n" HOST, 5 * 1024, 1);
    ck_assert_int_eq(check_head(head), REPLY_URI_TOO_LONG);
    snprintf(head, sizeof head, "POST /%0*d HTTP/1.1\n" HOST, 4095, 1);
    ck_assert_int_eq(check_head(head), REPLY_NONE);
}
END_TEST

START_TEST(hosts_expectations_and_codings)
{
    static const struct expectation rows[] = {
        /* A027 */
        {"POST /hook HTTP/1.1\n", REPLY_BAD_REQUEST},
        {POST "Host: other.example\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: \n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: :8443\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: me@example.org\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: example.org/x\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: a b\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.0\nHost: a\nHost: a\n", REPLY_BAD_REQUEST},
        {"POST /hook HTTP/1.1\nHost: [2001:db8::1]:8443\n", REPLY_NONE},
        {"POST /hook HTTP/1.1\nHost: 127.0.0.1:0 \n", REPLY_NONE},
        {POST "Expect: 100-continue\n", REPLY_NONE},
        {POST "Expect: 100-Continue\n", REPLY_NONE},
        {POST "Expect: 200-ok\n", REPLY_EXPECTATION},
        {POST "Expect: 100-continue\nExpect: 100-continue\n", REPLY_EXPECTATION},
        {POST "Expect: \n", REPLY_EXPECTATION},
        {POST "Content-Encoding: identity\n", REPLY_NONE},
        /* A030: no upgrade is ever answered, the header is like any other */
        {POST "Upgrade: websocket\nConnection: Upgrade\n", REPLY_NONE},
    };
    EXPECT_ALL(rows);
}
END_TEST

START_TEST(heads_have_a_size)
{
    static char head[200000];
    int at = snprintf(head, sizeof head, POST);
    for (int i = 1; i < 64; i++)
        at += snprintf(head + at, sizeof head - (size_t)at, "X-%d: 1\n", i);
    ck_assert_int_eq(check_head(head), REPLY_NONE);
    snprintf(head + at, sizeof head - (size_t)at, "X-64: 1\n");
    ck_assert_int_eq(check_head(head), REPLY_HEADER_TOO_LARGE);
    snprintf(head, sizeof head, POST "X: %0*d\n", 17 * 1024, 1);
    ck_assert_int_eq(check_head(head), REPLY_HEADER_TOO_LARGE);
    snprintf(head, sizeof head, POST "X: %0*d\n", 16 * 1024, 1);
    ck_assert_int_eq(check_head(head), REPLY_NONE);
    snprintf(head, sizeof head, POST "X%0*d: 1\n", 300, 1);
    ck_assert_int_eq(check_head(head), REPLY_HEADER_TOO_LARGE);
}
END_TEST

/* The decoded path, or "" where there is none. */
static const char *path_of(const char *target)
{
    static char path[5000];
    char text[5000];
    struct head *head = malloc(sizeof *head);
    snprintf(text, sizeof text, "POST %s HTTP/1.1\n" HOST, target);
    struct verdict verdict = check_bytes(head, bytes_of_text(text));
    ck_assert_msg(verdict.reply == REPLY_NONE || verdict.reply == REPLY_NOT_FOUND, "%s", target);
    snprintf(path, sizeof path, "%.*s", verdict.reply ? 0 : (int)head->request.path.length,
             (const char *)head->request.path.data);
    arena_finish(&head->arena);
    free(head);
    return path;
}

START_TEST(paths_are_decoded_once)
{
    static const struct {
        const char *target, *path;
    } rows[] = {
        {"/hook", "/hook"},
        {"/%68ook", "/hook"},
        {"/hook?a=%2f&b", "/hook"},
        {"/a%20b+c", "/a b+c"},
        {"/%c3%a4", "/ä"},
        {"/a...b/..c", "/a...b/..c"},
        {"//hook", "//hook"},
        {"/hook/", "/hook/"},
        {"/%252f", "/%2f"},
        {"/%2568ook", "/%68ook"},
        /* A024: answered as any unknown path */
        {"/hook%00x", ""},
        {"/hook%2f", ""},
        {"/hook%2F", ""},
        {"/hook%5c", ""},
        {"/hook\\x", ""},
        {"/a/%2e%2e/hook", ""},
        {"/a/.%2E/hook", ""},
        {"/a/../hook", ""},
        {"/./hook", ""},
        {"/hook/..", ""},
        {"/hook/.", ""},
        {"/hook%zz", ""},
        {"/hook%2", ""},
        {"/hook%", ""},
        {"/hook#x", ""},
        {"/hook%0d%0aX:y", ""},
        {"/hook%7f", ""},
        {"/hook%ff", ""},
        {"/hook\xc3\xa4", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(path_of(rows[i].target), rows[i].path);
    ck_assert_int_eq(check_head("POST /h\x01 HTTP/1.1\n" HOST), REPLY_NOT_FOUND);
}
END_TEST

START_TEST(queries_are_counted)
{
    char target[2000] = "POST /hook?a";
    size_t end = strlen(target);
    for (int i = 1; i < GUARD_PARAMETERS_MAX; i++)
        end += (size_t)snprintf(target + end, sizeof target - end, "&a=%d", i);
    snprintf(target + end, sizeof target - end, " HTTP/1.1\n" HOST);
    ck_assert_int_eq(check_head(target), REPLY_NONE);
    snprintf(target + end, sizeof target - end, "&b HTTP/1.1\n" HOST);
    ck_assert_int_eq(check_head(target), REPLY_URI_TOO_LONG);
    ck_assert_int_eq(check_head("POST /hook?a#b HTTP/1.1\n" HOST), REPLY_BAD_TARGET);
    ck_assert_int_eq(check_head("POST /hook?\x80 HTTP/1.1\n" HOST), REPLY_BAD_TARGET);
}
END_TEST

START_TEST(what_passes_is_trimmed_and_measured)
{
    struct head *head = malloc(sizeof *head);
    size_t count;
    check_bytes(head, bytes_of_text(POST "Content-Length: 123\nX-A:  \t b c \t\n"));
    ck_assert_int_eq(head->length, 123);
    ck_assert(bytes_equal_text(request_header(&head->request, "x-a", &count), "b c"));
    ck_assert_uint_eq(count, 1);
    arena_finish(&head->arena);
    check_bytes(head, bytes_of_text(POST "Transfer-Encoding: chunked\n"));
    ck_assert_int_eq(head->length, -1);
    arena_finish(&head->arena);
    check_bytes(head, bytes_of_text("GET /h?x=1&y=2&x=3&z HTTP/1.0\n"));
    ck_assert_int_eq(head->length, 0);
    ck_assert(bytes_equal_text(request_query(&head->request, "x", &count), "1"));
    ck_assert_uint_eq(count, 2);
    ck_assert(bytes_equal_text(request_query(&head->request, "z", &count), ""));
    ck_assert_uint_eq(count, 1);
    request_query(&head->request, "w", &count);
    ck_assert_uint_eq(count, 0);
    arena_finish(&head->arena);
    free(head);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("guard");
    TCase *all = tcase_create("all");
    tcase_add_test(all, framing_is_one_or_refused);
    tcase_add_test(all, names_and_values_are_characters_of_fields);
    tcase_add_test(all, every_byte_is_judged);
    tcase_add_test(all, blanks_before_a_length_are_nothing);
    tcase_add_test(all, the_request_line_is_http_1);
    tcase_add_test(all, hosts_expectations_and_codings);
    tcase_add_test(all, heads_have_a_size);
    tcase_add_test(all, paths_are_decoded_once);
    tcase_add_test(all, queries_are_counted);
    tcase_add_test(all, what_passes_is_trimmed_and_measured);
    suite_add_tcase(suite, all);
    return suite;
}

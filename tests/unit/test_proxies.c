/* Who the client is behind proxies: what trusted ones say, never what a stranger says; and the
 * PROXY header, to the byte. */
#include "config/address.h"
#include "server/http/proxy_header.h"
#include "server/pipeline/proxies.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct request request;
static struct header headers[8];
static struct server_settings server;
static struct prefix networks[2];

static struct client_address address_of(const char *text)
{
    struct prefix prefix;
    struct error err;
    struct client_address client = {.local = strcmp(text, "unix") == 0};
    if (!client.local) {
        ck_assert_msg(prefix_parse(text, &prefix, &err), "%s", err.text);
        memcpy(client.address, prefix.address, sizeof client.address);
    }
    return client;
}

static void set_up(void)
{
    struct error err;
    arena_init(&arena, 1 << 20);
    ck_assert(prefix_parse("10.0.0.0/8", &networks[0], &err));
    ck_assert(prefix_parse("2001:db8::/32", &networks[1], &err));
    server = (struct server_settings){.trusted_proxies = {.networks = {networks, 2}}};
    request = (struct request){.arena = &arena, .headers = headers};
}

static void tear_down(void)
{
    arena_finish(&arena);
}

/* Lines "Name: value", separated by "\n". */
static void set_headers(const char *text)
{
    struct bytes rest = bytes_of_text(text);
    request.headers = headers;
    request.header_count = 0;
    while (rest.length > 0) {
        struct bytes value = bytes_split(&rest, '\n'), name = bytes_split(&value, ':');
        headers[request.header_count++] = (struct header){name, bytes_trim(value)};
    }
}

/* The client, or "refused"; "?" behind it: nobody was named. */
static const char *client_of(const char *peer, const char *head)
{
    static char text[CLIENT_TEXT_SIZE + 2];
    set_headers(head);
    request.client = address_of(peer);
    struct verdict verdict = proxies_find_client(&server, &request);
    if (verdict.reply != REPLY_NONE) {
        ck_assert_int_eq(verdict.reply, REPLY_BAD_REQUEST);
        return "refused";
    }
    client_format(&request.client, text);
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length, "%s", request.is_unnamed ? "?" : "");
    return text;
}

struct walk_case {
    const char *peer, *head, *client;
};

static void check_walks(const struct walk_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(strcmp(client_of(cases[i].peer, cases[i].head), cases[i].client) == 0,
                      "%s with %s: %s, not %s", cases[i].peer, cases[i].head,
                      client_of(cases[i].peer, cases[i].head), cases[i].client);
}

START_TEST(x_forwarded_for_is_walked_from_the_right)
{
    static const struct walk_case cases[] = {
        /* a stranger's word is nothing */
        {"192.0.2.1", "X-Forwarded-For: 198.51.100.7", "192.0.2.1"},
        {"unix", "X-Forwarded-For: 198.51.100.7", "unix"},
        /* the proxy's is */
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "x-forwarded-for:198.51.100.7 ", "198.51.100.7"},
        {"2001:db8::1", "X-Forwarded-For: 2001:4860::8", "2001:4860::8"},
        /* and what the stranger told the proxy is not */
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9, 198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9\nX-Forwarded-For: 198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: \"<, garbage,, 198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.9, 198.51.100.7", "198.51.100.7"},
        /* several proxies in a row */
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.0.3, 10.0.0.2",
         "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, 10.0.0.3\nX-Forwarded-For: 10.0.0.2",
         "198.51.100.7"},
        /* nobody, or trusted ones alone */
        {"10.0.0.1", "Accept: a", "10.0.0.1?"},
        {"10.0.0.1", "X-Forwarded-For: ", "10.0.0.1?"},
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.5, 10.0.0.4", "10.0.0.5?"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, unknown", "10.0.0.1?"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, unix:, 10.0.0.2", "10.0.0.2?"},
        /* as some write addresses */
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7:51000", "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: [2001:4860::8]:443", "2001:4860::8"},
        {"10.0.0.1", "X-Forwarded-For: [2001:4860::8]", "2001:4860::8"},
        {"10.0.0.1", "X-Forwarded-For: ::ffff:198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "X-Forwarded-For: fe80::1%eth0", "fe80::1"},
        /* what a trusted one says has to be read */
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, nonsense", "refused"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7:x", "refused"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.7:99999", "refused"},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100", "refused"},
        {"10.0.0.1", "X-Forwarded-For: [2001:4860::8", "refused"},
        {"10.0.0.1", "X-Forwarded-For: [2001:4860::8]443", "refused"},
        {"10.0.0.1", "X-Forwarded-For: [198.51.100.7]", "refused"},
        /* the other header is ignored */
        {"10.0.0.1", "Forwarded: for=203.0.113.9\nX-Forwarded-For: 198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=203.0.113.9", "10.0.0.1?"},
    };
    check_walks(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(forwarded_is_walked_from_the_right)
{
    static const struct walk_case cases[] = {
        {"192.0.2.1", "Forwarded: for=198.51.100.7", "192.0.2.1"},
        {"10.0.0.1", "Forwarded: for=198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: by=10.0.0.1;FOR=\"198.51.100.7:80\" ; proto=https",
         "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=\"[2001:4860::8]:47\"", "2001:4860::8"},
        {"10.0.0.1", "Forwarded: for=\"198.51.100\\.7\"", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=203.0.113.9, for=198.51.100.7, for=10.0.0.3", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=203.0.113.9\nForwarded: for=198.51.100.7", "198.51.100.7"},
        /* quotes and backslashes that a stranger has left open */
        {"10.0.0.1", "Forwarded: for=\"203.0.113.9, for=198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=\"203.0.113.9\\, for=198.51.100.7", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: \", for=\"198.51.100.7\"", "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=\"a\\, for=\"198.51.100.7\";host=\"a\\\",b\\\\\"",
         "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=203.0.113.9, host=\"a\\\\\\\",b\";for=198.51.100.7",
         "198.51.100.7"},
        {"10.0.0.1", "Forwarded: for=unknown", "10.0.0.1?"},
        {"10.0.0.1", "Forwarded: for = 198.51.100.7", "refused"}, /* RFC 7239, 4: no blanks */
        {"10.0.0.1", "Forwarded: for=198.51.100.7, for=_hidden", "10.0.0.1?"},
        {"10.0.0.1", "Forwarded: for=198.51.100.7, proto=https", "10.0.0.1?"},
        {"10.0.0.1", "Forwarded: for=198.51.100.7;for=203.0.113.9", "refused"},
        {"10.0.0.1", "Forwarded: 198.51.100.7", "refused"},
        {"10.0.0.1", "Forwarded: for=", "refused"},
        {"10.0.0.1", "Forwarded: for=\"\"", "refused"},
        {"10.0.0.1", "Forwarded: for=\"198.51.100.7\"x", "refused"},
        {"10.0.0.1", "Forwarded: for=nonsense", "refused"},
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9", "10.0.0.1?"},
    };
    server.forwarded = FORWARDED_RFC7239;
    check_walks(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(a_unix_socket_is_trusted_by_name)
{
    server.trusted_proxies.local = true;
    ck_assert_str_eq(client_of("unix", "X-Forwarded-For: 198.51.100.7"), "198.51.100.7");
    ck_assert_str_eq(client_of("unix", "X-Forwarded-For: 198.51.100.7, 10.0.0.2"), "198.51.100.7");
    ck_assert_str_eq(client_of("unix", "Accept: a"), "unix?");
    request.is_own = true;
    ck_assert_str_eq(client_of("unix", "X-Forwarded-For: 198.51.100.7"), "unix?");
    request.is_own = false;
    server.forwarded = FORWARDED_OFF;
    ck_assert_str_eq(client_of("unix", "X-Forwarded-For: 198.51.100.7"), "unix?");
}
END_TEST

START_TEST(a_walk_has_an_end)
{
    static char head[4096] = "X-Forwarded-For: 198.51.100.7";
    static const char more[] = ", 10.0.0.2";
    char *end = head + strlen(head);
    for (int i = 0; i < 63; i++, end += sizeof more - 1)
        memcpy(end, more, sizeof more);
    ck_assert_str_eq(client_of("10.0.0.1", head), "198.51.100.7");
    memcpy(end, more, sizeof more);
    ck_assert_str_eq(client_of("10.0.0.1", head), "10.0.0.2?");
}
END_TEST

START_TEST(the_host_is_believed_where_it_is_said)
{
    static const char x[] = "Host: up:80\nX-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https\n"
                            "X-Forwarded-Host: evil.example, hooks.example";
    static const char rfc[] = "Forwarded: for=203.0.113.9;host=evil.example,"
                              "for=198.51.100.7;host=\"hooks.example:8443\";proto=https";
    client_of("10.0.0.1", x);
    ck_assert(bytes_equal_text(request_header(&request, "host", NULL), "up:80"));
    ck_assert(!request.secure);
    server.forwarded_host = true;
    client_of("192.0.2.1", x);
    ck_assert(bytes_equal_text(request_header(&request, "host", NULL), "up:80"));
    ck_assert(!request.secure);
    client_of("10.0.0.1", x);
    ck_assert(bytes_equal_text(request_header(&request, "host", NULL), "hooks.example"));
    ck_assert(request.secure);
    ck_assert_str_eq(client_of("10.0.0.1", "X-Forwarded-Host: a b"), "refused");
    ck_assert_str_eq(client_of("10.0.0.1", "X-Forwarded-Proto: gopher"), "refused");
    server.forwarded = FORWARDED_RFC7239;
    request.secure = false;
    client_of("10.0.0.1", rfc);                 /* without a Host */
    memset(arena_alloc(&arena, 256), 'z', 256); /* whatever comes to lie behind it */
    ck_assert(bytes_equal_text(request_header(&request, "host", NULL), "hooks.example:8443"));
    ck_assert(request.secure);
}
END_TEST

/* ---- PROXY headers ---- */

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define ZERO16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

struct header_case {
    struct bytes header;
    const char *client; /* "own"; NULL: bad */
};

static const struct header_case header_cases[] = {
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000 443\r\n"), "198.51.100.7"},
    {BYTES("PROXY TCP6 2001:4860::8 2001:db8::1 0 65535\r\n"), "2001:4860::8"},
    {BYTES("PROXY UNKNOWN\r\n"), "own"},
    {BYTES("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "own"},
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000 443\n"), NULL},
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000 65536\r\n"), NULL},
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000 0443\r\n"), NULL},
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000\r\n"), NULL},
    {BYTES("PROXY TCP4 198.51.100.7 10.0.0.1 51000 443 \r\n"), NULL},
    {BYTES("PROXY TCP4  198.51.100.7 10.0.0.1 51000 443\r\n"), NULL},
    {BYTES("PROXY TCP4 2001:4860::8 10.0.0.1 51000 443\r\n"), NULL},
    {BYTES("PROXY TCP6 198.51.100.7 10.0.0.1 51000 443\r\n"), NULL},
    {BYTES("PROXY TCP4 198.51.100.7\0 10.0.0.1 51000 443\r\n"), NULL},
    {BYTES("PROXY UDP4 198.51.100.7 10.0.0.1 51000 443\r\n"), NULL},
    {BYTES("PROXY \r\n"), NULL},
    {BYTES(V2 "\x21\x11\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb"), "198.51.100.7"},
    {BYTES(V2 "\x21\x11\0\x10\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb\x04\0\x01\0"),
     "198.51.100.7"}, /* with an extension */
    {BYTES(V2 "\x21\x21\0\x24\x20\x01\x48\x60\0\0\0\0\0\0\0\0\0\0\0\x08" ZERO16 "\0\x01\0\x02"),
     "2001:4860::8"},
    {BYTES(V2 "\x20\0\0\0"), "own"},
    {BYTES(V2 "\x20\x11\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb"), "own"},
    {BYTES(V2 "\x21\0\0\0"), "own"},
    {BYTES(V2 "\x21\x11\0\x0b\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01"), NULL},
    {BYTES(V2 "\x21\x21\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb"), NULL},
    {BYTES(V2 "\x21\x31\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb"), NULL},
    {BYTES(V2 "\x21\x12\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xc7\x38\x01\xbb"), NULL},
    {BYTES(V2 "\x22\x11\0\0"), NULL},
    {BYTES(V2 "\x11\x11\0\0"), NULL},
    {BYTES(V2 "\x21\x11\xff\xff"), NULL},
    {BYTES("GET / HTTP/1.1\r\n"), NULL},
    {BYTES("\x16\x03\x01\x02\0"), NULL},
};

START_TEST(a_proxy_header_is_taken_to_the_byte)
{
    const struct header_case *wanted = &header_cases[_i];
    struct proxy_header header;
    const char *reason = NULL;
    uint8_t text[256];
    char client[CLIENT_TEXT_SIZE];
    size_t length = wanted->header.length;
    memcpy(text, wanted->header.data, length);
    memcpy(text + length, "PROXY \r\n", 8); /* what follows is no part of it */
    enum proxy_parse got = proxy_header_parse(bytes_of(text, length + 8), &header, &reason);
    if (!wanted->client) {
        ck_assert_int_eq(got, PROXY_BAD);
        ck_assert_ptr_nonnull(reason);
        return;
    }
    ck_assert_int_eq(got, PROXY_WHOLE);
    ck_assert_uint_eq(header.length, length);
    ck_assert(header.is_own == (strcmp(wanted->client, "own") == 0));
    client_format(&header.client, client);
    ck_assert(header.is_own || strcmp(client, wanted->client) == 0);
    for (size_t cut = 0; cut < length; cut++)
        ck_assert_int_eq(proxy_header_parse(bytes_of(text, cut), &header, &reason), PROXY_PARTIAL);
}
END_TEST

START_TEST(a_header_without_an_end_is_refused)
{
    struct proxy_header header;
    const char *reason;
    char text[200] = "PROXY UNKNOWN ";
    memset(text + 14, 'x', sizeof text - 14);
    ck_assert_int_eq(proxy_header_parse(bytes_of(text, 106), &header, &reason), PROXY_PARTIAL);
    ck_assert_int_eq(proxy_header_parse(bytes_of(text, 107), &header, &reason), PROXY_BAD);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("proxies");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, x_forwarded_for_is_walked_from_the_right);
    tcase_add_test(all, forwarded_is_walked_from_the_right);
    tcase_add_test(all, a_unix_socket_is_trusted_by_name);
    tcase_add_test(all, a_walk_has_an_end);
    tcase_add_test(all, the_host_is_believed_where_it_is_said);
    tcase_add_loop_test(all, a_proxy_header_is_taken_to_the_byte, 0,
                        sizeof header_cases / sizeof *header_cases);
    tcase_add_test(all, a_header_without_an_end_is_refused);
    suite_add_tcase(suite, all);
    return suite;
}

/* token, basic, hmac and none, from the route file to the verdict: one spelling of a credential
 * passes, every other gets the same 401. */
#include "base/crypto.h"
#include "base/encoding.h"
#include "config/loader.h"
#include "handlers/auth/authenticator.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct row command_row = {.name = "command", .type = ROW_TEXTS, .sentence = "Argv."};
static const struct handler_kind command_kind = {.name = "command",
                                                 .sentence = "A command.",
                                                 .value = &command_row,
                                                 .settings_size = sizeof(struct text_list)};
static const struct handler_kind *const actions[] = {&command_kind, NULL};
static const struct handler_kind *const kinds[] = {
    &token_authenticator.kind, &basic_authenticator.kind, &hmac_authenticator.kind,
    &none_authenticator.kind, NULL};
static const struct registry registry = {.authenticators = kinds, .actions = actions};

static struct settings *settings;
static struct problem_list problems;
static struct arena arena;

static void write_file(char path[32], const char *auth)
{
    memcpy(path, "/tmp/tenterhook-auth-XXXXXX", sizeof "/tmp/tenterhook-auth-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    fprintf(file,
            "version: 1\n"
            "server: {listen: [{address: '127.0.0.1:0', tls: off}]}\n"
            "journal: {path: journal.db}\n"
            "routes:\n"
            "  - name: hook\n"
            "    path: /hook\n"
            "    auth: %s\n"
            "    actions: [{command: ['true']}]\n",
            auth);
    fclose(file);
}

static bool load(const char *auth)
{
    char path[32];
    settings_destroy(settings);
    problem_list_finish(&problems);
    problem_list_init(&problems);
    write_file(path, auth);
    settings = settings_load(path, &registry, &problems);
    unlink(path);
    return settings != NULL;
}

static void set_up(void)
{
    settings = NULL;
    problem_list_init(&problems);
    arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    settings_destroy(settings);
    problem_list_finish(&problems);
    arena_finish(&arena);
}

static bool says(const char *text)
{
    for (const struct problem *problem = problems.first; problem; problem = problem->next)
        if (strstr(problem->text, text))
            return true;
    return false;
}

/* ---- asking the one authenticator of the route ---- */

static struct header headers[4];
static struct request request;

static void begin(const char *name, const char *value)
{
    headers[0] = (struct header){bytes_of_text("Host"), bytes_of_text("example.org")};
    headers[1] = (struct header){bytes_of_text(name), bytes_of_text(value)};
    request = (struct request){.arena = &arena,
                               .headers = headers,
                               .header_count = 2,
                               .route = &settings->routes[0],
                               .secret_used = 99};
}

static enum reply ask(const char *body)
{
    const struct handler *handler = &settings->routes[0].authenticators[0];
    const struct authenticator *kind = authenticator_of(handler);
    void *state = NULL;
    struct verdict verdict = kind->head(handler->settings, &request, &state);
    if (verdict.reply != REPLY_NONE)
        return verdict.reply;
    request.body = bytes_of_text(body);
    for (size_t i = 0; kind->feed && i < request.body.length; i += 3)
        kind->feed(state,
                   bytes_of(body + i, request.body.length - i < 3 ? request.body.length - i : 3));
    if (kind->body)
        verdict = kind->body(handler->settings, &request, state);
    if (kind->release)
        kind->release(state);
    return verdict.reply;
}

static void expect(const char *name, const char *value, bool passes)
{
    begin(name, value);
    enum reply reply = ask("");
    ck_assert_msg(reply == (passes ? REPLY_NONE : REPLY_UNAUTHENTICATED), "%s: %s", name, value);
}

#define SECRET "correct horse battery"

START_TEST(a_token_in_a_header_is_the_whole_value)
{
    ck_assert(load("{token: {header: X-Token, value: " SECRET "}}"));
    expect("X-Token", SECRET, true);
    expect("x-tOKEN", SECRET, true);
    expect("X-Token", "", false);
    expect("X-Token", "Correct horse battery", false);
    expect("X-Token", SECRET "s", false);
    expect("X-Token", "correct horse batter", false);
    expect("X-Token", SECRET ", " SECRET, false);
    expect("X-Other", SECRET, false);
    expect("Authorization", "Bearer " SECRET, false);
    begin("X-Token", SECRET);
    headers[2] = headers[1]; /* A072: twice, both good */
    request.header_count = 3;
    ck_assert_int_eq(ask(""), REPLY_UNAUTHENTICATED);
    headers[2].value = bytes_of_text("bad");
    ck_assert_int_eq(ask(""), REPLY_UNAUTHENTICATED);
    ck_assert(token_authenticator.owns_header(settings->routes[0].authenticators[0].settings,
                                              bytes_of_text("x-token")));
    ck_assert_ptr_null(
        token_authenticator.www_authenticate(settings->routes[0].authenticators[0].settings));
}
END_TEST

START_TEST(a_bearer_token_has_its_scheme)
{
    ck_assert(load("{token: {bearer: [first-secret-of-two, second-secret-of-two]}}"));
    expect("Authorization", "Bearer first-secret-of-two", true);
    ck_assert_uint_eq(request.secret_used, 0);
    expect("authorization", "bearer  second-secret-of-two", true);
    ck_assert_uint_eq(request.secret_used, 1);
    expect("Authorization", "first-secret-of-two", false);
    expect("Authorization", "Bearer", false);
    expect("Authorization", "Bearer ", false);
    expect("Authorization", "Basic first-secret-of-two", false);
    expect("Authorization", "Bearer first-secret-of-two x", false);
    expect("Authorization", "", false);
    ck_assert_ptr_nonnull(
        token_authenticator.www_authenticate(settings->routes[0].authenticators[0].settings));
}
END_TEST

/* RFC 9110, 11.1. */
START_TEST(the_name_of_a_scheme_has_no_case)
{
    ck_assert(load("{token: {header: authorization, value: [Bearer " SECRET ", Plain-Token]}}"));
    expect("Authorization", "Bearer " SECRET, true);
    expect("Authorization", "bearer " SECRET, true);
    expect("Authorization", "BEARER " SECRET, true);
    expect("Authorization", "bearer Correct horse battery", false);
    expect("Authorization", "bearer  " SECRET, false);
    expect("Authorization", "bearer", false);
    expect("Authorization", "be\\rer " SECRET, false);
    expect("Authorization", "Plain-Token", true);
    expect("Authorization", "plain-token", false);
    ck_assert(load("{token: {header: X-Token, value: Bearer " SECRET "}}"));
    expect("X-Token", "Bearer " SECRET, true);
    expect("X-Token", "bearer " SECRET, false);
}
END_TEST

/* The HMAC of "" with SECRET. */
START_TEST(a_prefix_is_exact_but_for_a_scheme)
{
    uint8_t digest[HASH_MAX_SIZE];
    char text[128], hex[65];
    ck_assert(hmac_compute(HASH_SHA256, bytes_of_text(SECRET), bytes_of_text(""), digest));
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    static const struct {
        const char *header, *prefix, *sent;
        bool passes;
    } rows[] = {{"Authorization", "HMAC v1=", "hmac v1=", true},
                {"Authorization", "HMAC v1=", "HMAC V1=", false},
                {"Authorization", "HMAC v1=", "HMACv1=", false},
                {"Authorization", "sha256=", "SHA256=", false},
                {"Authorization", "HMAC ", "HMAC\t", false},
                {"X-Mark", "HMAC v1=", "hmac v1=", false},
                {"X-Mark", "HMAC v1=", "HMAC v1=", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "{hmac: {header: %s, prefix: '%s', secret: " SECRET "}}",
                 rows[i].header, rows[i].prefix);
        ck_assert(load(text));
        snprintf(text, sizeof text, "%s%s", rows[i].sent, hex);
        expect(rows[i].header, text, rows[i].passes);
    }
}
END_TEST

START_TEST(a_token_in_the_query_is_decoded_once)
{
    static const struct {
        const char *query;
        bool passes;
    } rows[] = {
        {"token=a%2Bb%20and%20some%20more", true},
        {"x=1&token=a%2bb%20and%20some%20more&y", true},
        {"token=a+b%20and%20some%20more", true},
        {"token=a%252Bb%20and%20some%20more", false},
        {"token=", false},
        {"token", false},
        {"", false},
        {"Token=a%2Bb%20and%20some%20more", false},
        {"token=a%2Bb%20and%20some%20more&token=a%2Bb%20and%20some%20more", false},
        {"token=a%2Bb%20and%20some%20more%", false},
        {"token=a%2Bb%20and%20some%20mor%00", false},
    };
    ck_assert(load("{token: {query: token, value: 'a+b and some more'}}"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("X", "y");
        request.query = bytes_of_text(rows[i].query);
        ck_assert_msg(!ask("") == rows[i].passes, "%s", rows[i].query);
    }
}
END_TEST

START_TEST(a_token_has_one_place_and_one_secret)
{
    ck_assert(!load("{token: {value: " SECRET "}}"));
    ck_assert(!load("{token: {header: X-A, query: b, value: " SECRET "}}"));
    ck_assert(!load("{token: {header: X-A, bearer: " SECRET "}}"));
    ck_assert(!load("{token: {bearer: " SECRET ", value: " SECRET "}}"));
    ck_assert(!load("{token: {header: X-A}}"));
    ck_assert(!load("{token: {header: 'X A', value: " SECRET "}}"));
    ck_assert(says("cannot be the name of a header"));
    ck_assert(!load("{token: {header: X-A, value: ''}}"));
    ck_assert(!load("{token: {header: X-A, value: " SECRET ", colour: red}}"));
}
END_TEST

static const char *basic(const char *pair)
{
    static char value[300];
    char encoded[BASE64_SIZE(200)];
    base64_encode(bytes_of_text(pair), encoded);
    snprintf(value, sizeof value, "Basic %s", encoded);
    return value;
}

START_TEST(basic_wants_both)
{
    ck_assert(load("{basic: {user: ci, password: [" SECRET ", 'with:colons:in it']}}"));
    expect("Authorization", basic("ci:" SECRET), true);
    ck_assert_uint_eq(request.secret_used, 0);
    expect("Authorization", basic("ci:with:colons:in it"), true);
    ck_assert_uint_eq(request.secret_used, 1);
    expect("Authorization", basic("CI:" SECRET), false);
    expect("Authorization", basic("c:" SECRET), false);
    expect("Authorization", basic(":" SECRET), false);
    expect("Authorization", basic("ci:"), false);
    expect("Authorization", basic("ci"), false);
    expect("Authorization", basic(""), false);
    expect("Authorization", basic("ci:" SECRET " "), false);
    expect("Authorization", "Basic", false);
    expect("Authorization", "Basic !!!", false);
    expect("Authorization", "Basic Y2k6eA", false); /* without its padding */
    expect("Authorization", "Bearer Y2k6eA==", false);
    char longest[3000];
    snprintf(longest, sizeof longest, "Basic %02400d", 0);
    expect("Authorization", longest, false);
    ck_assert(!load("{basic: {user: 'a:b', password: " SECRET "}}"));
    ck_assert(!load("{basic: {user: '', password: " SECRET "}}"));
    ck_assert(!load("{basic: {user: ci}}"));
}
END_TEST

/* The signature of `body` as the route wants it. */
static const char *sign(enum hash_kind kind, const char *key, const char *body, bool hex,
                        const char *prefix)
{
    static char text[300];
    char encoded[200];
    uint8_t digest[HASH_MAX_SIZE];
    ck_assert(hmac_compute(kind, bytes_of_text(key), bytes_of_text(body), digest));
    if (hex)
        hex_encode(bytes_of(digest, hash_size(kind)), encoded);
    else
        base64_encode(bytes_of(digest, hash_size(kind)), encoded);
    snprintf(text, sizeof text, "%s%s", prefix, encoded);
    return text;
}

static void expect_signed(const char *signature, const char *body, bool passes)
{
    begin("X-Signature", signature);
    enum reply reply = ask(body);
    ck_assert_msg(reply == (passes ? REPLY_NONE : REPLY_UNAUTHENTICATED), "%s", signature);
}

#define BODY "\xef\xbb\xbf{\"a\":\r\n1}\xff"

START_TEST(hmac_is_over_the_raw_bytes)
{
    ck_assert(load("{hmac: {header: X-Signature, prefix: 'sha256=', secret: [" SECRET
                   ", another secret]}}"));
    char good[200];
    snprintf(good, sizeof good, "%s", sign(HASH_SHA256, SECRET, BODY, true, "sha256="));
    expect_signed(good, BODY, true);
    ck_assert_uint_eq(request.secret_used, 0);
    expect_signed(sign(HASH_SHA256, "another secret", BODY, true, "sha256="), BODY, true);
    ck_assert_uint_eq(request.secret_used, 1);
    expect_signed(sign(HASH_SHA256, "another secret", "", true, "sha256="), "", true);
    expect_signed(good, BODY " ", false);
    expect_signed(sign(HASH_SHA256, "third secret", BODY, true, "sha256="), BODY, false);
    expect_signed(sign(HASH_SHA256, SECRET, BODY, true, ""), BODY, false);
    expect_signed(sign(HASH_SHA256, SECRET, BODY, true, "sha1="), BODY, false);
    expect_signed(sign(HASH_SHA1, SECRET, BODY, true, "sha256="), BODY, false);
    expect_signed(sign(HASH_SHA512, SECRET, BODY, true, "sha256="), BODY, false);
    expect_signed(sign(HASH_SHA256, SECRET, BODY, false, "sha256="), BODY, false);
    expect_signed("sha256=", BODY, false);
    expect_signed("", BODY, false);
    good[strlen(good) - 1] ^= 1; /* A070 */
    expect_signed(good, BODY, false);
    good[strlen(good) - 2] = '\0';
    expect_signed(good, BODY, false);
    snprintf(good, sizeof good, "%s", sign(HASH_SHA256, SECRET, BODY, true, "sha256="));
    for (char *c = good + 7; *c; c++) /* A071: upper-case hex is the same digest */
        *c = *c >= 'a' && *c <= 'f' ? *c - 32 : *c;
    expect_signed(good, BODY, true);
    begin("X-Signature", sign(HASH_SHA256, SECRET, BODY, true, "sha256="));
    headers[2] = headers[1];
    request.header_count = 3;
    ck_assert_int_eq(ask(BODY), REPLY_UNAUTHENTICATED);
}
END_TEST

START_TEST(hmac_knows_its_hashes_and_encodings)
{
    for (int kind = 0; kind < HASH_MD5; kind++) { /* which only a scheme may have */
        static const char *const names[] = {"sha1", "sha256", "sha384", "sha512"};
        for (int hex = 0; hex < 2; hex++) {
            char auth[200];
            snprintf(auth, sizeof auth,
                     "{hmac: {header: X-Signature, hash: %s, encoding: %s, secret: " SECRET "}}",
                     names[kind], hex ? "hex" : "base64");
            ck_assert(load(auth));
            ck_assert_int_eq(says("sha1 is weak"), kind == HASH_SHA1);
            expect_signed(sign((enum hash_kind)kind, SECRET, BODY, hex, ""), BODY, true);
            expect_signed(sign((enum hash_kind)kind, SECRET, BODY, !hex, ""), BODY, false);
            expect_signed(sign((enum hash_kind)kind, SECRET, BODY, hex, " "), BODY, false);
        }
    }
    ck_assert(!load("{hmac: {header: X-Signature, hash: md5, secret: " SECRET "}}"));
    ck_assert(!load("{hmac: {header: X-Signature}}"));
    ck_assert(!load("{hmac: {secret: " SECRET "}}"));
    ck_assert(!load("{hmac: {header: X-Signature, secret: ''}}"));
}
END_TEST

START_TEST(hmac_gives_back_what_a_cut_body_leaves)
{
    ck_assert(load("{hmac: {header: X-Signature, secret: [" SECRET ", another secret]}}"));
    begin("X-Signature", sign(HASH_SHA256, SECRET, BODY, true, ""));
    const struct handler *handler = &settings->routes[0].authenticators[0];
    void *state;
    ck_assert_int_eq(hmac_authenticator.head(handler->settings, &request, &state).reply,
                     REPLY_NONE);
    hmac_authenticator.feed(state, bytes_of_text("{"));
    hmac_authenticator.release(state); /* the sanitizer counts */
}
END_TEST

START_TEST(none_is_said_as_true)
{
    ck_assert(load("{none: true}"));
    ck_assert(settings->routes[0].no_authentication);
    expect("X", "y", true);
    ck_assert(!load("{none: false}"));
    ck_assert(!load("{none: 'yes'}"));
    ck_assert(!load("{}"));
    ck_assert(!load("[]"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("authenticators");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_token_in_a_header_is_the_whole_value);
    tcase_add_test(all, a_bearer_token_has_its_scheme);
    tcase_add_test(all, the_name_of_a_scheme_has_no_case);
    tcase_add_test(all, a_prefix_is_exact_but_for_a_scheme);
    tcase_add_test(all, a_token_in_the_query_is_decoded_once);
    tcase_add_test(all, a_token_has_one_place_and_one_secret);
    tcase_add_test(all, basic_wants_both);
    tcase_add_test(all, hmac_is_over_the_raw_bytes);
    tcase_add_test(all, hmac_knows_its_hashes_and_encodings);
    tcase_add_test(all, hmac_gives_back_what_a_cut_body_leaves);
    tcase_add_test(all, none_is_said_as_true);
    suite_add_tcase(suite, all);
    return suite;
}

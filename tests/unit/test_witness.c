/* Which refusals count as those of a secret that is wrong, and what ends the count. */
#include "handlers/auth/authenticator.h"
#include "server/ipc/shared.h"
#include "server/pipeline/witness.h"
#include "tests/unit/suite.h"

static bool owns_header(const void *settings, struct bytes name)
{
    (void)settings;
    return bytes_equal_text(name, "x-signature");
}

static bool owns_query(const void *settings, struct bytes name)
{
    (void)settings;
    return bytes_equal_text(name, "key");
}

static const char *asks_for_bearer(const void *settings)
{
    (void)settings;
    return "Bearer realm=\"hooks\"";
}

static const struct authenticator signs = {.owns_header = owns_header, .owns_query = owns_query},
                                  bears = {.www_authenticate = asks_for_bearer}, silent = {0};
static struct handler handlers[2];
static struct route route;
static struct shared_refusals refusals, *of_route[1];
static struct pipeline pipeline = {.refusals = of_route};
static struct exchange exchange;

static void set_up(void)
{
    refusals = (struct shared_refusals){0};
    of_route[0] = &refusals;
    route = (struct route){.authenticators = handlers, .authenticator_count = 2};
    handlers[0].kind = &signs.kind;
    handlers[1].kind = &bears.kind;
    exchange = (struct exchange){.pipeline = &pipeline, .request.route = &route};
}

/* Whether a refusal of a request with that header and query is counted. */
static bool counts(const char *name, const char *value, const char *query)
{
    static struct header header;
    const struct verdict verdict = verdict_refuse(REPLY_UNAUTHENTICATED, "it is wrong");
    uint64_t before = refusals.count;
    header = (struct header){bytes_of_text(name), bytes_of_text(value)};
    exchange.request.headers = &header;
    exchange.request.header_count = name[0] != '\0';
    exchange.request.query = bytes_of_text(query);
    witness_count(&exchange, &verdict);
    return refusals.count > before;
}

START_TEST(what_carries_credentials_of_the_route_counts)
{
    ck_assert(!counts("", "", "") && refusals.since_ms == 0);
    ck_assert(counts("x-signature", "made up", "") && refusals.since_ms > 0);
    ck_assert(!counts("x-signature", "", ""));
    ck_assert(!counts("x-other", "made up", ""));
    ck_assert(counts("", "", "a=1&key=x") && !counts("", "", "key=&keys=x&a"));
    ck_assert(counts("authorization", "bearer x", ""));
    ck_assert(!counts("authorization", "Basic x", "") && !counts("authorization", "Bearer", ""));
    handlers[0].kind = handlers[1].kind = &silent.kind;
    ck_assert(!counts("x-signature", "made up", "key=x") &&
              !counts("authorization", "bearer x", ""));
}
END_TEST

START_TEST(what_a_kind_has_found_elsewhere_counts)
{
    struct verdict verdict = verdict_refuse(REPLY_UNAUTHENTICATED, "the signature is wrong");
    witness_count(&exchange, &verdict);
    ck_assert_uint_eq(refusals.count, 0);
    verdict.had_credentials = true;
    witness_count(&exchange, &verdict);
    ck_assert_uint_eq(refusals.count, 1);
}
END_TEST

START_TEST(only_what_is_verified_ends_the_count)
{
    const struct verdict others[] = {GO_ON, verdict_refuse(REPLY_CHALLENGE, ""),
                                     verdict_refuse(REPLY_MEMORY_FULL, "")};
    ck_assert(counts("x-signature", "made up", "") && counts("", "", "key=x"));
    for (size_t i = 0; i < 3; i++) /* the first of two authenticators may have nothing against it */
        witness_count(&exchange, &others[i]);
    ck_assert_uint_eq(refusals.count, 2);
    exchange.has_passed = true;
    witness_count(&exchange, &others[0]);
    ck_assert(refusals.count == 0 && refusals.since_ms == 0);
}
END_TEST

START_TEST(a_route_about_which_nobody_wants_to_hear_counts_nothing)
{
    of_route[0] = NULL;
    ck_assert(!counts("x-signature", "made up", ""));
    pipeline.refusals = NULL; /* verify */
    ck_assert(!counts("x-signature", "made up", ""));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("witness");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, NULL);
    tcase_add_test(all, what_carries_credentials_of_the_route_counts);
    tcase_add_test(all, what_a_kind_has_found_elsewhere_counts);
    tcase_add_test(all, only_what_is_verified_ends_the_count);
    tcase_add_test(all, a_route_about_which_nobody_wants_to_hear_counts_nothing);
    suite_add_tcase(suite, all);
    return suite;
}

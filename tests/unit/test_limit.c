/* Token buckets: never above burst + rate x time and at most one short of it, over all processes;
 * nobody else's flood is anybody's business; the memory stays what it is. */
#include "base/clock.h"
#include "route_settings.h"
#include "tests/unit/suite.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 4096, HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static struct rate_limit limits[LIMITS_PER_ROUTE_MAX];

static struct route route_of(const char *name, size_t count)
{
    static struct route_settings settings[LIMITS_PER_ROUTE_MAX + 1]; /* by the count of limits */
    void **parts = route_settings_clear(&settings[count]);
    settings[count].limit.limits = (struct section_list){limits, count};
    return (struct route){.name = name, .parts = parts};
}

static struct limit_table *table_of(size_t slots)
{
    void *memory = mmap(NULL, limit_table_size(slots), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return limit_table_init(memory, slots);
}

static void table_unmap(struct limit_table *table, size_t slots)
{
    munmap(table, limit_table_size(slots));
}

static struct client_address client_ipv4(uint32_t number)
{
    struct client_address client = {{[10] = 0xff, [11] = 0xff}, false};
    memcpy(client.address + 12, &number, 4);
    return client;
}

static struct client_address client_ipv6(uint32_t network, uint32_t host)
{
    struct client_address client = {{0x20, 0x01}, false};
    memcpy(client.address + 4, &network, 4);
    memcpy(client.address + 12, &host, 4);
    return client;
}

/* A small generator of our own, so that a failure can be repeated. */
static uint64_t random_state = 88172645463325252;

static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % bound;
}

START_TEST(burst_then_one_a_second)
{
    limits[0] = (struct rate_limit){1, 1000, 5, PER_CLIENT};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 1);
    struct client_address client = client_ipv4(1);
    int64_t now = 77 * NS_PER_S + 12345;
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, now, NULL),
                         i < 5 ? 0 : 1000);
    for (int i = 0; i < 10; i++) {
        now += NS_PER_S;
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, now, NULL), 0);
        ck_assert_int_ne(limit_take(table, &route, PER_CLIENT, &client, now, NULL), 0);
    }
    now += DAY_MS * NS_PER_MS; /* A114: a day of rest is a burst and no more */
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(!limit_take(table, &route, PER_CLIENT, &client, now, NULL), i < 5);
    table_unmap(table, SLOTS);
}
END_TEST

/* Demand at random times; counts what is admitted between every pair of bounds that matter: since
 * the start, and since the last moment at which the bucket was surely full. */
static void check_rate(int64_t count, int64_t period_ms, int64_t burst, bool demand_always)
{
    limits[0] = (struct rate_limit){count, period_ms, burst, PER_CLIENT};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 1);
    struct client_address client = client_ipv4(7);
    int64_t period_ns = period_ms * NS_PER_MS, start = 1 + (int64_t)random_below(1000000000000);
    int64_t now = start, admitted = 0;
    uint64_t gap = (uint64_t)(period_ns / count / 3) + 2;
    for (int i = 0; i < 20000; i++) {
        __int128 earned = (__int128)(now - start) * count / period_ns + burst;
        bool yes = limit_take(table, &route, PER_CLIENT, &client, now, NULL) == 0;
        admitted += yes;
        ck_assert_msg(admitted <= earned, "%ld/%ld burst %ld: one too many", (long)count,
                      (long)period_ms, (long)burst);
        /* a bucket of one token is full, and loses time, whenever nobody asks at the very moment */
        if (demand_always && !yes && burst > 1)
            ck_assert_msg(admitted + 1 >= earned, "%ld/%ld burst %ld: %ld of %ld", (long)count,
                          (long)period_ms, (long)burst, (long)admitted, (long)earned);
        now += (int64_t)(demand_always ? random_below(gap) : random_below(gap * 9));
    }
    table_unmap(table, SLOTS);
}

START_TEST(never_more_than_earned_and_hardly_less)
{
    static const struct {
        int64_t count, period_ms, burst;
    } rows[] = {
        {3, 60000, 1},      {3, 60000, 10},      {10, 1000, 20},           {7, 1000, 7},
        {600, 60000, 1},    {1000, HOUR_MS, 50}, {1, DAY_MS, 1},           {777, 1000, 3},
        {77777, 1000, 100}, {1000000, 1000, 1},  {1000000000, 1000, 1000}, {50, 1000, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_rate(rows[i].count, rows[i].period_ms, rows[i].burst, true);
        check_rate(rows[i].count, rows[i].period_ms, rows[i].burst, false);
    }
}
END_TEST

START_TEST(extremes_do_not_overflow)
{
    static const struct rate_limit rows[] = {
        {1, DAY_MS, 1000000000, PER_CLIENT},
        {1000000000, 1000, 1000000000, PER_CLIENT},
        {INT64_MAX, 1000, INT64_MAX, PER_CLIENT},
        {1, INT64_C(30) * 365 * DAY_MS / 2, INT64_MAX, PER_CLIENT},
        {1, 1, 0, PER_CLIENT},
    };
    int64_t year = INT64_C(365) * DAY_MS * NS_PER_MS;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct limit_table *table = table_of(SLOTS);
        struct route route = route_of("a", 1);
        struct client_address client = client_ipv4(7);
        limits[0] = rows[i];
        for (int64_t now = 0; now < 20 * year; now += 5 * year - 1) {
            int64_t wait = limit_take(table, &route, PER_CLIENT, &client, now, NULL);
            ck_assert(wait == 0 || (now > 0 && rows[i].period_ms > 5 * INT64_C(365) * DAY_MS));
            wait = limit_take(table, &route, PER_CLIENT, &client, now, NULL);
            ck_assert_int_ge(wait, 0);
            ck_assert_int_le(wait, rows[i].period_ms);
        }
        table_unmap(table, SLOTS);
    }
}
END_TEST

START_TEST(waiting_as_told_is_always_enough)
{
    for (int i = 0; i < 3000; i++) {
        int64_t count = 1 + (int64_t)random_below(i % 2 ? 100 : 1000000);
        int64_t period = i % 3 ? 1000 : HOUR_MS;
        struct limit_table *table = table_of(64);
        struct route route = route_of("a", 2);
        struct client_address client = client_ipv4((uint32_t)i);
        int64_t now = (int64_t)random_below(1000000000000000), wait = 0;
        limits[0] = (struct rate_limit){count, period, 1 + (int64_t)random_below(5), PER_CLIENT};
        limits[1] = (struct rate_limit){1 + (int64_t)random_below(50), 60000,
                                        1 + (int64_t)random_below(5), PER_CLIENT};
        for (int n = 0; n < 20; n++) {
            wait = limit_take(table, &route, PER_CLIENT, &client, now, NULL);
            if (wait) {
                now += wait * NS_PER_MS;
                ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, now, NULL), 0);
            }
        }
        table_unmap(table, 64);
    }
}
END_TEST

START_TEST(the_strictest_limit_decides_and_the_others_keep_their_tokens)
{
    limits[0] = (struct rate_limit){1, HOUR_MS, 50, PER_CLIENT};
    limits[1] = (struct rate_limit){10, 1000, 2, PER_CLIENT};
    limits[2] = (struct rate_limit){1, HOUR_MS, 3, PER_ROUTE};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 3);
    struct client_address client = client_ipv4(1);
    int64_t now = NS_PER_S, admitted = 0;
    for (int i = 0; i < 100000; i++, now += NS_PER_MS / 10) /* 10 s of hammering */
        admitted += limit_take(table, &route, PER_CLIENT, &client, now, NULL) == 0;
    /* the second limit gives 2 + 99, the first 50: refusals by either cost the other nothing */
    ck_assert_int_eq(admitted, 50);
    struct limit_table *other = table_of(SLOTS);
    limits[0].burst = 1000;
    now = NS_PER_S;
    for (int i = admitted = 0; i < 100000; i++, now += NS_PER_MS / 10)
        admitted += limit_take(other, &route, PER_CLIENT, &client, now, NULL) == 0;
    ck_assert_int_eq(admitted, 2 + 99);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(!limit_take(other, &route, PER_ROUTE, &client, now, NULL), i < 3);
    table_unmap(table, SLOTS);
    table_unmap(other, SLOTS);
}
END_TEST

START_TEST(buckets_are_told_apart_by_all_that_names_them)
{
    limits[0] = (struct rate_limit){1, HOUR_MS, 1, PER_CLIENT};
    limits[1] = (struct rate_limit){1, HOUR_MS, 1, PER_ROUTE};
    struct limit_table *table = table_of(SLOTS);
    struct route a = route_of("a", 2), b = route_of("b", 2), none = route_of("c", 0);
    struct client_address local = {.local = true}, any = {.local = false};
    struct client_address clients[] = {client_ipv4(1),    client_ipv4(2), client_ipv6(1, 1),
                                       client_ipv6(2, 1), local,          any};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        ck_assert_int_eq(limit_take(table, &a, PER_CLIENT, &clients[i], 5, NULL), 0);
        ck_assert_int_eq(limit_take(table, &b, PER_CLIENT, &clients[i], 5, NULL), 0);
        ck_assert_int_ne(limit_take(table, &a, PER_CLIENT, &clients[i], 5, NULL), 0);
        ck_assert_int_eq(limit_take(table, &none, PER_CLIENT, &clients[i], 5, NULL), 0);
    }
    struct client_address neighbour = client_ipv6(1, 99); /* A052: of one /64 */
    ck_assert_int_ne(limit_take(table, &a, PER_CLIENT, &neighbour, 5, NULL), 0);
    ck_assert_int_eq(limit_take(table, &a, PER_ROUTE, &clients[0], 5, NULL), 0);
    ck_assert_int_ne(limit_take(table, &a, PER_ROUTE, &clients[1], 5, NULL), 0);
    ck_assert_int_eq(limit_take(table, &b, PER_ROUTE, &clients[1], 5, NULL), 0);
    table_unmap(table, SLOTS);
}
END_TEST

START_TEST(a_faster_rate_after_a_reload_is_felt_at_once)
{
    limits[0] = (struct rate_limit){1, DAY_MS, 100, PER_CLIENT};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 1);
    struct client_address client = client_ipv4(1);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, 5, NULL), 0);
    ck_assert_int_gt(limit_take(table, &route, PER_CLIENT, &client, 5, NULL), 1000);
    limits[0] = (struct rate_limit){10, 1000, 10, PER_CLIENT};
    int64_t now = 5, admitted = 0; /* 10 at once, then 10 a second, whatever the debt was */
    for (int i = 0; i < 2000; i++, now += NS_PER_MS)
        admitted += limit_take(table, &route, PER_CLIENT, &client, now, NULL) == 0;
    ck_assert_int_eq(admitted, 10 + 19);
    table_unmap(table, SLOTS);
}
END_TEST

START_TEST(tokens_that_are_given_back_were_never_taken)
{
    limits[0] = (struct rate_limit){1, 1000, 3, PER_CLIENT};
    limits[1] = (struct rate_limit){1, 1000, 5, PER_CLIENT};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 2);
    struct client_address client = client_ipv4(1);
    struct limit_tokens tokens[3] = {{0}};
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < 3; i++) { /* given back in any order */
            ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, 5, &tokens[i]), 0);
            for (int n = 0; i == 2 && n < 3; n++)
                limit_give_back(&tokens[(round + n) % 3]);
        }
    limit_give_back(&tokens[0]); /* once is enough */
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(!limit_take(table, &route, PER_CLIENT, &client, 5, NULL), i < 3);
    table_unmap(table, SLOTS);
}
END_TEST

/* Demand of which a part is given back, now or much later: never more than is earned. */
START_TEST(giving_back_never_makes_more_of_them)
{
    limits[0] = (struct rate_limit){7, 1000, 4, PER_CLIENT};
    struct limit_table *table = table_of(SLOTS);
    struct route route = route_of("a", 1);
    struct client_address client = client_ipv4(1);
    struct limit_tokens held[8] = {{0}};
    int64_t start = 12345, now = start, admitted = 0;
    for (int i = 0; i < 50000; i++, now += (int64_t)random_below(100) * NS_PER_MS) {
        struct limit_tokens *tokens = &held[random_below(8)];
        if (tokens->count > 0) {
            limit_give_back(tokens); /* that request was never let in */
            continue;
        }
        if (limit_take(table, &route, PER_CLIENT, &client, now, tokens) != 0)
            continue;
        if (random_below(3)) {
            tokens->count = 0;
            admitted++;
        }
        ck_assert_int_le(admitted, 4 + (now - start) * 7 / NS_PER_S);
    }
    table_unmap(table, SLOTS);
}
END_TEST

/* 200,000 addresses against a table of 4,096: each is judged by its own bucket and let in, the one
 * who is deep in debt stays so, a route's bucket is not touched, and nothing is written outside. */
START_TEST(a_flood_of_addresses_neither_grows_nor_denies)
{
    size_t size = limit_table_size(SLOTS), page = 4096;
    size_t mapped = (size + page - 1) / page * page;
    uint8_t *memory =
        mmap(NULL, mapped + page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    ck_assert_int_eq(mprotect(memory + mapped, page, PROT_NONE), 0);
    struct limit_table *table = limit_table_init(memory, SLOTS);
    limits[0] = (struct rate_limit){1, 60000, 30, PER_CLIENT};
    limits[1] = (struct rate_limit){1, HOUR_MS, 1, PER_ROUTE};
    struct route route = route_of("a", 2);
    struct client_address good = client_ipv4(1 << 30), bad = client_ipv4(1 << 29);
    int64_t now = NS_PER_S, admitted = 0;
    ck_assert_int_eq(limit_take(table, &route, PER_ROUTE, &good, now, NULL), 0);
    for (int i = 0; i < 30; i++)
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &bad, now, NULL), 0);
    for (uint32_t i = 0; i < 200000; i++, now += 10000) {
        struct client_address client = i % 2 ? client_ipv4(i) : client_ipv6(i, i);
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, now, NULL), 0);
        if (i % 1000 == 0)
            admitted += limit_take(table, &route, PER_CLIENT, &good, now, NULL) == 0;
        ck_assert_int_ne(limit_take(table, &route, PER_CLIENT, &bad, now, NULL), 0);
    }
    ck_assert_int_ge(admitted, 30); /* at least its burst; more where it was displaced */
    ck_assert_int_ne(limit_take(table, &route, PER_ROUTE, &good, now, NULL), 0);
    munmap(memory, mapped + page);
}
END_TEST

/* Many clients and many routes touch every set there is, and nothing behind the last. */
START_TEST(a_table_is_no_larger_than_it_says)
{
    enum { SMALL = 64, BEHIND = 512 };
    static const uint8_t nothing[BEHIND];
    size_t size = limit_table_size(SMALL);
    uint8_t *memory = calloc(1, size + BEHIND);
    struct limit_table *table = limit_table_init(memory, SMALL);
    limits[0] = (struct rate_limit){1, 1000, 1, PER_CLIENT};
    limits[1] = (struct rate_limit){1, 1000, 1, PER_ROUTE};
    for (uint32_t i = 0; i < 2000; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        struct route route = route_of(name, 2);
        struct client_address client = client_ipv4(i);
        limit_take(table, &route, PER_CLIENT, &client, NS_PER_S, NULL);
        limit_take(table, &route, PER_ROUTE, &client, NS_PER_S, NULL);
    }
    ck_assert_int_eq(memcmp(memory + size, nothing, BEHIND), 0);
    for (size_t at = 128; at < size; at += 128) /* sets, each of which somebody has */
        ck_assert_int_ne(memcmp(memory + at, nothing, 128), 0);
    free(memory);
}
END_TEST

/* Who could foresee where buckets lie could fill the set of another. */
START_TEST(no_two_tables_are_alike)
{
    struct limit_table *one = table_of(SLOTS), *other = table_of(SLOTS);
    ck_assert_int_ne(memcmp(one, other, 16), 0);
    table_unmap(one, SLOTS);
    table_unmap(other, SLOTS);
}
END_TEST

/* ---- several processes ---- */

struct shared_count {
    _Atomic int64_t admitted, last_admitted_ns, last_refused_ns, ready;
    _Atomic bool go;
};

static void note_latest(_Atomic int64_t *latest, int64_t now)
{
    int64_t seen = atomic_load(latest);
    while (seen < now && !atomic_compare_exchange_weak(latest, &seen, now))
        continue;
}

static void hammer(struct limit_table *table, struct shared_count *count,
                   const struct client_address *client, int64_t until_ns)
{
    struct route route = route_of("a", 1);
    while (!atomic_load(&count->go))
        sched_yield();
    for (int64_t now; (now = clock_monotonic_ns()) < until_ns;) {
        bool yes = limit_take(table, &route, PER_CLIENT, client, now, NULL) == 0;
        if (yes)
            atomic_fetch_add(&count->admitted, 1);
        note_latest(yes ? &count->last_admitted_ns : &count->last_refused_ns, now);
    }
}

static struct shared_count *count_create(void)
{
    struct shared_count *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(count, MAP_FAILED);
    return count;
}

/* Both bounds hold to the token, however the machine schedules: the parent empties the bucket at a
 * known moment, it takes longer to fill than the test lasts, so no token is lost while nobody
 * happens to ask, and a refusal at some moment says that all that was earned by then but one had
 * been given out. */
static void hammer_together(int64_t rate, int processes)
{
    struct limit_table *table = table_of(64);
    struct shared_count *count = count_create();
    struct client_address client = client_ipv4(9);
    struct route route = route_of("a", 1);
    int64_t burst = rate / 2;
    limits[0] = (struct rate_limit){rate, 1000, burst, PER_CLIENT};
    pid_t children[16];
    int64_t start = clock_monotonic_ns(), until = start + 400 * NS_PER_MS;
    for (; count->admitted < burst; count->admitted++)
        ck_assert_int_eq(limit_take(table, &route, PER_CLIENT, &client, start, NULL), 0);
    /* on a busy machine the time may be over before a child has asked once */
    count->last_admitted_ns = count->last_refused_ns = start;
    for (int i = 0; i < processes; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            hammer(table, count, &client, until);
            _exit(0);
        }
    }
    atomic_store(&count->go, true);
    for (int i = 0; i < processes; i++)
        ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
    int64_t most = burst + (count->last_admitted_ns - start) * rate / NS_PER_S;
    int64_t least = burst + (count->last_refused_ns - start) * rate / NS_PER_S - 1;
    ck_assert_msg(count->admitted <= most, "%ld/s: %ld admitted, at most %ld", (long)rate,
                  (long)count->admitted, (long)most);
    ck_assert_msg(count->admitted >= least, "%ld/s: %ld admitted, at least %ld", (long)rate,
                  (long)count->admitted, (long)least);
    munmap(count, sizeof *count);
    table_unmap(table, 64);
}

START_TEST(processes_that_hammer_share_one_bucket)
{
    hammer_together(10, 2);
    hammer_together(1000, 2);
    hammer_together(20000, 4);
}
END_TEST

/* Each child brings the same new keys into sets that are full, at the same moment: if two made a
 * bucket for one key, more than the burst of 1 would be admitted. */
static void meet_at(struct limit_table *table, struct shared_count *count, uint32_t keys,
                    int processes)
{
    struct route route = route_of("a", 1);
    for (uint32_t key = 1; key <= keys; key++) {
        struct client_address client = client_ipv4(key);
        atomic_fetch_add(&count->ready, 1);
        while (atomic_load(&count->ready) < (int64_t)key * processes)
            sched_yield();
        /* later keys are deeper in debt, so the key under test is never the one to give way */
        int64_t now = (int64_t)key * NS_PER_S;
        if (limit_take(table, &route, PER_CLIENT, &client, now, NULL) == 0)
            atomic_fetch_add(&count->admitted, 1);
    }
}

START_TEST(two_processes_never_make_two_buckets_of_one_key)
{
    enum { KEYS = 10000, PROCESSES = 2 };
    struct limit_table *table = table_of(7);
    struct shared_count *count = count_create();
    limits[0] = (struct rate_limit){1, DAY_MS, 1, PER_CLIENT};
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            meet_at(table, count, KEYS, PROCESSES);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
    ck_assert_int_eq(count->admitted, KEYS);
    munmap(count, sizeof *count);
    table_unmap(table, 7);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("limit");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 90);
    tcase_add_test(all, burst_then_one_a_second);
    tcase_add_test(all, never_more_than_earned_and_hardly_less);
    tcase_add_test(all, extremes_do_not_overflow);
    tcase_add_test(all, waiting_as_told_is_always_enough);
    tcase_add_test(all, the_strictest_limit_decides_and_the_others_keep_their_tokens);
    tcase_add_test(all, buckets_are_told_apart_by_all_that_names_them);
    tcase_add_test(all, a_faster_rate_after_a_reload_is_felt_at_once);
    tcase_add_test(all, tokens_that_are_given_back_were_never_taken);
    tcase_add_test(all, giving_back_never_makes_more_of_them);
    tcase_add_test(all, a_flood_of_addresses_neither_grows_nor_denies);
    tcase_add_test(all, a_table_is_no_larger_than_it_says);
    tcase_add_test(all, no_two_tables_are_alike);
    tcase_add_test(all, processes_that_hammer_share_one_bucket);
    tcase_add_test(all, two_processes_never_make_two_buckets_of_one_key);
    suite_add_tcase(suite, all);
    return suite;
}

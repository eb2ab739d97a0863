/* A bucket is one number, the theoretical arrival time (TAT): the moment at which it will be full
 * again. A token moves it `step` later, and is refused if that would be more than burst x step
 * ahead of now. A TAT in the past is a full bucket, so a bucket that nobody uses needs no upkeep
 * and its place may be given away without anybody noticing.
 *
 * Time is counted in ticks of a twelfth of a nanosecond, so that all rates which divide 3 x 2^n x
 * 5^m a second have an exact step; others are rounded up, towards admitting less. 64 bits of ticks
 * are 48 years.
 *
 * The table never grows. A bucket lives in the one set that its key hashes to. If all WAYS places
 * of the set are taken, the bucket that will be full soonest (the smallest TAT, which also finds
 * the unused and the full ones) gives way: the newcomer is judged by its own bucket and never by a
 * stranger's, and whoever is displaced gains at most one burst, which is what he would have had by
 * waiting; the ones that are deepest in debt stay. Buckets that are `per` a route have sets of
 * their own, where no number of addresses can displace them.
 *
 * Concurrency. A token is taken by compare-and-swap on the TAT. A place changes its owner while the
 * set's claim word is held, in the order key 0, TAT, key; whoever took a token from a place looks
 * at its key again. The claim is what keeps two processes from making two buckets for one key. It
 * is held for some ten stores; if its holder died there, it is void after CLAIM_NS. */
#include "handlers/admission/limit.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/siphash.h"
#include "base/units.h"
#include "config/load.h"

#include <assert.h>
#include <stdatomic.h>

enum { WAYS = 7, ROUTE_SHARE = 16, TAKES_MAX = LIMITS_PER_ROUTE_MAX, TICKS_PER_NS = 12 };
enum { RATE_MAX = 1000000 };

#define TICKS_PER_MS (TICKS_PER_NS * (uint64_t)NS_PER_MS)
#define TOLERANCE_MAX (UINT64_C(1) << 62) /* ticks */
#define CLAIM_NS (200 * NS_PER_MS)

struct limit_place {
    _Atomic uint64_t key; /* 0: nobody's */
    _Atomic uint64_t tat; /* ticks */
};

/* Two cache lines. */
struct set {
    _Atomic uint64_t claim; /* 0, or the monotonic time at which it was taken */
    uint64_t unused;
    struct limit_place places[WAYS];
};

struct limit_table {
    struct siphash_key seed;
    uint64_t client_mask, route_mask; /* numbers of sets - 1; the clients' sets come first */
    uint64_t unused[12];
    struct set sets[];
};

_Static_assert(sizeof(struct set) == 128 && sizeof(struct limit_table) == 128, "cache lines");

/* A bucket as asked for: where it belongs and how fast it fills. */
struct bucket {
    struct set *set;
    uint64_t key;
    uint64_t step, tolerance; /* ticks a token; ticks of the whole burst */
};

/* ---- rate_limit ---- */

static bool read_rate(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct rate_limit *limit = field; /* `rate` stands at the front of it */
    int64_t count, period;
    if (node->kind != NODE_SCALAR ||
        !units_parse_rate(bytes_of(node->text, node->length), &count, &period))
        return load_mismatch(load, node, row, "a rate such as 10/s, 600/m or 1000/h");
    if (count > RATE_MAX)
        return load_problem(load, node, "\"rate\" may be at most %d per unit of time", RATE_MAX);
    limit->count = count;
    limit->period_ms = period;
    return true;
}

static const char *const per_choices[] = {"client", "route", NULL};

static const struct row rate_limit_rows[] = {
    {.name = "rate",
     .example = "60/m",
     .type = ROW_CUSTOM,
     .offset = 0,
     .flags = ROW_REQUIRED,
     .read = read_rate,
     .syntax = "a rate: `10/s`, `600/m`, `1000/h`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]+/(s|m|h|d)$\"}",
     .sentence = "The number of requests per unit of time, spread evenly."},
    {.name = "burst",
     .type = ROW_INTEGER,
     .offset = offsetof(struct rate_limit, burst),
     .min = 1,
     .max = RATE_MAX,
     .sentence = "The number of requests that may come at once; without it, the number that the "
                 "rate allows in a second."},
    {.name = "per",
     .type = ROW_CHOICE,
     .offset = offsetof(struct rate_limit, per),
     .choices = per_choices,
     .default_text = "client",
     .sentence = "The requests that are counted together: those of a client (for IPv6, of its "
                 "/64), or all of the route."},
};

static bool finish_rate_limit(struct load *load, const struct node *node, void *settings)
{
    struct rate_limit *limit = settings;
    int64_t in_a_second = limit->count * 1000 / limit->period_ms;
    (void)load;
    (void)node;
    if (limit->burst == 0)
        limit->burst = in_a_second < 1              ? 1
                       : in_a_second > limit->count ? limit->count
                                                    : in_a_second;
    return true;
}

static const struct row_section rate_section = {
    .name = "rate_limit",
    .sentence = "A limit on the rate of requests; requests beyond it are answered 429.",
    .rows = rate_limit_rows,
    .row_count = ROW_COUNT(rate_limit_rows),
    .size = sizeof(struct rate_limit),
    .finish = finish_rate_limit};

static const struct row limit_rows[] = {
    {.name = "rate_limit",
     .type = ROW_SECTIONS,
     .offset = offsetof(struct limit_settings, limits),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .max = 8,
     .section = &rate_section,
     .sentence = "The rate limits of the route; requests beyond them are answered 429."},
};

static const char *key_by_client(const void *settings)
{
    const struct limit_settings *limits = settings;
    const struct rate_limit *items = limits->limits.items;
    for (size_t i = 0; i < limits->limits.count; i++)
        if (items[i].per == PER_CLIENT)
            return "per: client";
    return NULL;
}

static const struct row_section limit_keys = {.name = "limits",
                                              .sentence = "The rate limits of the route.",
                                              .rows = limit_rows,
                                              .row_count = ROW_COUNT(limit_rows),
                                              .size = sizeof(struct limit_settings)};
const struct route_part limit_route_part = {
    .keys = &limit_keys, .after = "auth", .key_by_client = key_by_client};

/* ---- the table ---- */

static size_t client_sets(size_t slots)
{
    size_t sets = ROUTE_SHARE;
    while (sets * WAYS < slots)
        sets *= 2;
    return sets;
}

size_t limit_table_size(size_t slots)
{
    size_t sets = client_sets(slots);
    return sizeof(struct limit_table) + (sets + sets / ROUTE_SHARE) * sizeof(struct set);
}

struct limit_table *limit_table_init(void *memory, size_t slots)
{
    struct limit_table *table = memory;
    size_t sets = client_sets(slots);
    table->client_mask = sets - 1;
    table->route_mask = sets / ROUTE_SHARE - 1;
    random_bytes(&table->seed, sizeof table->seed);
    return table;
}

/* ---- which bucket ---- */

/* What one bucket belongs to; hashed as it lies in memory, so without gaps. The rate is part of it:
 * a TAT says nothing under another rate than its own. (Cutting it to the new burst needs the moment
 * of the change; a process with an older look at the clock would cut debts that are real.) */
struct owner {
    uint64_t route;
    uint32_t limit, per;
    int64_t count, period_ms, burst;
    struct client_key client;
};

static uint64_t owner_key(const struct limit_table *table, const struct route *route, size_t limit,
                          const struct rate_limit *rate, const struct client_address *client)
{
    struct owner owner = {.route = siphash(&table->seed, bytes_of_text(route->name)),
                          .limit = (uint32_t)limit,
                          .per = (uint32_t)rate->per,
                          .count = rate->count,
                          .period_ms = rate->period_ms,
                          .burst = rate->burst};
    if (rate->per == PER_CLIENT)
        owner.client = client_key(client);
    uint64_t key = siphash(&table->seed, bytes_of(&owner, sizeof owner));
    return key ? key : 1;
}

/* `limit`: its place in the list of the route. */
static struct bucket bucket_of(struct limit_table *table, const struct route *route, size_t limit,
                               const struct rate_limit *rate, const struct client_address *client)
{
    uint64_t key = owner_key(table, route, limit, rate, client);
    uint64_t at = rate->per == PER_CLIENT ? key & table->client_mask
                                          : table->client_mask + 1 + (key & table->route_mask);
    assert(rate->count > 0 && rate->period_ms > 0);
    uint64_t period = (uint64_t)rate->period_ms * TICKS_PER_MS, count = (uint64_t)rate->count;
    uint64_t step = (period + count - 1) / count;
    uint64_t burst = rate->burst > 1 ? (uint64_t)rate->burst : 1;
    if (burst > TOLERANCE_MAX / step)
        burst = TOLERANCE_MAX / step ? TOLERANCE_MAX / step : 1;
    return (struct bucket){&table->sets[at], key, step, burst * step};
}

/* ---- one bucket ---- */

static struct limit_place *set_find(struct set *set, uint64_t key)
{
    for (int i = 0; i < WAYS; i++)
        if (atomic_load(&set->places[i].key) == key)
            return &set->places[i];
    return NULL;
}

/* Ticks until a token can be taken; 0: now. A TAT beyond the whole burst comes from a process that
 * looked at the clock after us. */
static uint64_t bucket_wait(const struct bucket *bucket, uint64_t tat, uint64_t now)
{
    uint64_t latest = now + bucket->tolerance;
    uint64_t from = tat < now ? now : tat > latest ? latest : tat;
    return from + bucket->step > latest ? from + bucket->step - latest : 0;
}

static uint64_t bucket_next(const struct bucket *bucket, uint64_t tat, uint64_t now)
{
    return (tat < now ? now : tat) + bucket->step;
}

/* True when the claim is ours, false when the key has turned up meanwhile. */
static bool set_claim(struct set *set, uint64_t key, uint64_t *stamp)
{
    for (;;) {
        uint64_t seen = atomic_load(&set->claim);
        *stamp = (uint64_t)clock_monotonic_ns() | 1;
        bool open = seen == 0 || (int64_t)(*stamp - seen) > CLAIM_NS;
        if (open && atomic_compare_exchange_strong(&set->claim, &seen, *stamp))
            return true;
        if (set_find(set, key))
            return false;
    }
}

static void set_release(struct set *set, uint64_t stamp)
{
    atomic_compare_exchange_strong(&set->claim, &stamp, 0);
}

static struct limit_place *soonest_full(struct set *set)
{
    struct limit_place *soonest = &set->places[0];
    for (int i = 1; i < WAYS; i++)
        if (atomic_load(&set->places[i].tat) < atomic_load(&soonest->tat))
            soonest = &set->places[i];
    return soonest;
}

/* Makes a bucket that is full but for the one token just taken; false if another process made it.
 */
static bool bucket_insert(const struct bucket *bucket, uint64_t now, struct limit_token *taken)
{
    uint64_t stamp;
    if (!set_claim(bucket->set, bucket->key, &stamp))
        return false;
    bool missing = !set_find(bucket->set, bucket->key);
    if (missing) {
        struct limit_place *place = soonest_full(bucket->set);
        *taken = (struct limit_token){place, bucket->key, now + bucket->step, bucket->step};
        atomic_store(&place->key, 0);
        atomic_store(&place->tat, taken->after);
        atomic_store(&place->key, bucket->key);
    }
    set_release(bucket->set, stamp);
    return missing;
}

static uint64_t bucket_peek(const struct bucket *bucket, uint64_t now)
{
    struct limit_place *place = set_find(bucket->set, bucket->key);
    return place ? bucket_wait(bucket, atomic_load(&place->tat), now) : 0;
}

/* Whether all that has moved the bucket since are tokens taken and given back. A bucket that was
 * full in between counts its steps from another moment. */
static bool bucket_is_same(const struct limit_token *taken, uint64_t tat)
{
    uint64_t moved = tat > taken->after ? tat - taken->after : taken->after - tat;
    return atomic_load(&taken->place->key) == taken->key && moved % taken->step == 0 &&
           tat >= taken->step;
}

/* Gives a token back, unless time has given it back already: one more would be one too many. */
static void bucket_give_back(const struct limit_token *taken)
{
    uint64_t tat = atomic_load(&taken->place->tat);
    while (bucket_is_same(taken, tat) &&
           !atomic_compare_exchange_strong(&taken->place->tat, &tat, tat - taken->step))
        continue;
}

/* 0 with the token in `*taken`, or the ticks to wait. */
static uint64_t bucket_take(const struct bucket *bucket, uint64_t now, struct limit_token *taken)
{
    for (;;) {
        struct limit_place *place = set_find(bucket->set, bucket->key);
        if (!place) {
            if (bucket_insert(bucket, now, taken))
                return 0;
            continue;
        }
        uint64_t tat = atomic_load(&place->tat);
        if (atomic_load(&place->key) != bucket->key)
            continue;
        uint64_t wait = bucket_wait(bucket, tat, now);
        if (wait)
            return wait;
        uint64_t next = bucket_next(bucket, tat, now);
        *taken = (struct limit_token){place, bucket->key, next, bucket->step};
        if (!atomic_compare_exchange_strong(&place->tat, &tat, next))
            continue;
        if (atomic_load(&place->key) == bucket->key)
            return 0;
        /* the place was given away between the two looks, and its new owner had the same TAT */
        atomic_compare_exchange_strong(&place->tat, &next, tat);
    }
}

/* ---- all limits of a route ---- */

bool limit_is_set(const struct route *route, enum rate_limit_per per)
{
    const struct section_list *list = &limit_settings_of(route)->limits;
    const struct rate_limit *limits = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (limits[i].per == (int)per)
            return true;
    return false;
}

static size_t collect_buckets(struct limit_table *table, const struct route *route,
                              enum rate_limit_per per, const struct client_address *client,
                              struct bucket buckets[TAKES_MAX])
{
    const struct section_list *list = &limit_settings_of(route)->limits;
    const struct rate_limit *limits = list->items;
    size_t count = 0;
    assert(list->count <= TAKES_MAX);
    for (size_t i = 0; i < list->count; i++)
        if (limits[i].per == (int)per)
            buckets[count++] = bucket_of(table, route, i, &limits[i], client);
    return count;
}

/* The longest wait of all. With one limit there is nothing to ask before taking. */
static uint64_t peek_all(const struct bucket *buckets, size_t count, uint64_t now)
{
    uint64_t longest = 0;
    for (size_t i = 0; count > 1 && i < count; i++) {
        uint64_t wait = bucket_peek(&buckets[i], now);
        if (wait > longest)
            longest = wait;
    }
    return longest;
}

void limit_give_back(struct limit_tokens *tokens)
{
    while (tokens->count > 0)
        bucket_give_back(&tokens->items[--tokens->count]);
}

static uint64_t take_all(const struct bucket *buckets, size_t count, uint64_t now,
                         struct limit_tokens *tokens)
{
    tokens->count = 0;
    while (tokens->count < count) {
        size_t i = tokens->count;
        uint64_t wait = bucket_take(&buckets[i], now, &tokens->items[i]);
        if (wait) {
            limit_give_back(tokens);
            return wait;
        }
        tokens->count++;
    }
    return 0;
}

int64_t limit_take(struct limit_table *table, const struct route *route, enum rate_limit_per per,
                   const struct client_address *client, int64_t now_ns, struct limit_tokens *tokens)
{
    struct limit_tokens unnoted;
    struct bucket buckets[TAKES_MAX];
    assert(now_ns >= 0);
    size_t count = collect_buckets(table, route, per, client, buckets);
    if (count == 0)
        return 0;
    uint64_t now = (uint64_t)now_ns * TICKS_PER_NS;
    uint64_t wait = peek_all(buckets, count, now);
    if (wait == 0)
        wait = take_all(buckets, count, now, tokens ? tokens : &unnoted);
    return (int64_t)((wait + TICKS_PER_MS - 1) / TICKS_PER_MS);
}

int64_t limit_take_apart(struct limit_table *table, const struct route *route,
                         const struct rate_limit *limit, const struct client_address *client,
                         int64_t now_ns)
{
    struct limit_token taken;
    assert(now_ns >= 0);
    struct bucket bucket = bucket_of(table, route, LIMITS_PER_ROUTE_MAX, limit, client);
    uint64_t wait = bucket_take(&bucket, (uint64_t)now_ns * TICKS_PER_NS, &taken);
    return (int64_t)((wait + TICKS_PER_MS - 1) / TICKS_PER_MS);
}

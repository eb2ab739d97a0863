/* The base layer: strict decoders, units, ids, buffers with limits, the timer heap, secrets. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/json_text.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/units.h"
#include "tests/unit/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

START_TEST(percent_encode_keeps_letters_digits_and_what_it_is_told)
{
    struct buffer out;
    buffer_init(&out, 64);
    ck_assert(percent_encode(&out, bytes_of("aZ09-._~ +%\0\xc3\xbc", 14), "-._ "));
    ck_assert(bytes_equal_text(buffer_bytes(&out), "aZ09-._%7E %2B%25%00%C3%BC"));
    ck_assert(!percent_encode(&out, bytes_of("////////////////", 16), "-"));
    buffer_finish(&out);
}
END_TEST

START_TEST(hex_is_strict)
{
    uint8_t out[4];
    size_t length;
    ck_assert(hex_decode(bytes_of_text("00ff7a"), out, sizeof out, &length));
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(out, "\x00\xff\x7a", 3);
    ck_assert(hex_decode(bytes_of_text("00Ff7A"), out, sizeof out, &length));
    ck_assert_mem_eq(out, "\x00\xff\x7a", 3);
    ck_assert(!hex_decode(bytes_of_text("abc"), out, sizeof out, &length));
    ck_assert(!hex_decode(bytes_of_text("0g"), out, sizeof out, &length));
    ck_assert(!hex_decode(bytes_of_text("0011223344"), out, sizeof out, &length));
}
END_TEST

START_TEST(base64_is_canonical)
{
    static const struct {
        const char *text;
        bool plain, url;
        size_t length;
    } rows[] = {
        {"", true, true, 0},         {"Zg==", true, true, 1},    {"Zm8=", true, true, 2},
        {"Zm9v", true, true, 3},     {"Zg", false, true, 1},     {"Zh==", false, false, 0},
        {"Zm9", false, false, 0},    {"Zg=", false, false, 0},   {"Z===", false, false, 0},
        {"Zg==\n", false, false, 0}, {" Zg==", false, false, 0}, {"-_-_", false, true, 3},
        {"+/+/", true, false, 3},    {"====", false, false, 0},  {"Zg==Zg==", false, false, 0},
    };
    uint8_t out[8];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = 99;
        struct bytes text = bytes_of_text(rows[i].text);
        ck_assert_msg(base64_decode(text, out, sizeof out, &length) == rows[i].plain, "%s",
                      rows[i].text);
        ck_assert_msg(base64url_decode(text, out, sizeof out, &length) == rows[i].url, "url %s",
                      rows[i].text);
        if (rows[i].plain || rows[i].url)
            ck_assert_uint_eq(length, rows[i].length);
    }
}
END_TEST

START_TEST(encoders_round_trip)
{
    uint8_t data[40], back[40];
    char text[BASE64_SIZE(40)], hex[81];
    for (size_t length = 0; length <= sizeof data; length++) {
        size_t got;
        random_bytes(data, sizeof data);
        base64_encode(bytes_of(data, length), text);
        ck_assert(base64_decode(bytes_of_text(text), back, sizeof back, &got));
        ck_assert(bytes_equal(bytes_of(back, got), bytes_of(data, length)));
        base64url_encode(bytes_of(data, length), text);
        ck_assert(base64url_decode(bytes_of_text(text), back, sizeof back, &got));
        ck_assert(bytes_equal(bytes_of(back, got), bytes_of(data, length)));
        hex_encode(bytes_of(data, length), hex);
        ck_assert(hex_decode(bytes_of_text(hex), back, sizeof back, &got));
        ck_assert(bytes_equal(bytes_of(back, got), bytes_of(data, length)));
    }
}
END_TEST

START_TEST(utf8_follows_rfc_3629)
{
    ck_assert(utf8_valid(bytes_of_text("aä€😀")));
    static const char *const bad[] = {"\xc0\x80",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe0\x80\x80", "\xff",         "\xc3",
                                      "a\x80",        "\xf8\x88\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!utf8_valid(bytes_of_text(bad[i])), "%zu", i);
}
END_TEST

/* The same bytes become U+FFFD in a text as in a JSON string. */
START_TEST(what_is_no_utf8_is_replaced)
{
    static const char *const texts[] = {
        "", "aä€😀", "\xff", "a\x80z", "\xc3", "\xe2\x82", "\xe2\x82x\xc3\xa4\xfe\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buffer text, json;
        buffer_init(&text, 100);
        buffer_init(&json, 100);
        ck_assert(utf8_append(&text, bytes_of_text(texts[i])));
        ck_assert(json_escape(&json, bytes_of_text(texts[i])));
        ck_assert(utf8_valid(buffer_bytes(&text)));
        ck_assert(bytes_equal(buffer_bytes(&text), buffer_bytes(&json)));
        text.limit = text.length;
        text.length = 0;
        ck_assert(utf8_append(&text, bytes_of_text(texts[i])));
        text.length = 1;
        ck_assert(!*texts[i] || !utf8_append(&text, bytes_of_text(texts[i])));
        buffer_finish(&text);
        buffer_finish(&json);
    }
}
END_TEST

START_TEST(units_have_one_meaning)
{
    int64_t value, period;
    ck_assert(units_parse_duration(bytes_of_text("250ms"), &value) && value == 250);
    ck_assert(units_parse_duration(bytes_of_text("7d"), &value) && value == 604800000);
    ck_assert(units_parse_duration(bytes_of_text("0"), &value) && value == 0);
    ck_assert(units_parse_size(bytes_of_text("64KiB"), &value) && value == 65536);
    ck_assert(units_parse_rate(bytes_of_text("600/m"), &value, &period));
    ck_assert(value == 600 && period == 60000);
    static const char *const bad[] = {"10", "-1s", "1.5s",           " 1s", "1 s", "s",
                                      "1S", "",    "99999999999999d"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!units_parse_duration(bytes_of_text(bad[i]), &value), "%s", bad[i]);
    ck_assert(!units_parse_rate(bytes_of_text("0/s"), &value, &period));
    ck_assert(!units_parse_rate(bytes_of_text("5/ms"), &value, &period));
    ck_assert(!units_parse_size(bytes_of_text("1KB"), &value));
    char text[32];
    units_format_duration(90000, text);
    ck_assert_str_eq(text, "90s");
    units_format_size(1 << 20, text);
    ck_assert_str_eq(text, "1MiB");
}
END_TEST

START_TEST(ids_rise_even_when_the_clock_does_not)
{
    char before[ID_TEXT_SIZE] = "", id[ID_TEXT_SIZE];
    for (int i = 0; i < 20000; i++) {
        id_create(1700000000000 - i % 7, id);
        ck_assert(id_valid(bytes_of_text(id)));
        ck_assert_str_gt(id, before);
        memcpy(before, id, sizeof id);
    }
    ck_assert(!id_valid(bytes_of_text("0188C5A0-0000-7000-8000-000000000000")));
    ck_assert(!id_valid(bytes_of_text("")));
}
END_TEST

START_TEST(an_id_holds_its_time)
{
    char id[ID_TEXT_SIZE];
    id_create(INT64_C(0x3fedcba98765), id);
    ck_assert_msg(strncmp(id, "3fedcba9-8765-7", 15) == 0, "%s", id);
    ck_assert(strchr("89ab", id[19]) && id_valid(bytes_of_text(id)));
}
END_TEST

START_TEST(times_are_written_to_the_millisecond)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "1970-01-01T00:00:00.000Z"},
                {999, "1970-01-01T00:00:00.999Z"},
                {-1, "1969-12-31T23:59:59.999Z"},
                {INT64_C(951782399007), "2000-02-28T23:59:59.007Z"},
                {INT64_C(951782400010), "2000-02-29T00:00:00.010Z"},
                {INT64_C(1764443524123), "2025-11-29T19:12:04.123Z"},
                {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"}};
    char text[CLOCK_TEXT_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        clock_format_unix_ms(rows[i].ms, text);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(a_buffer_that_is_counted_has_exactly_what_was_asked_for)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    ck_assert(buffer_resize(&buffer, 10));
    ck_assert_uint_eq(buffer.capacity, 10);
    ck_assert(buffer_append(&buffer, "0123456789", 10));
    ck_assert_uint_eq(buffer.capacity, 10);
    ck_assert(!buffer_resize(&buffer, 9));
    ck_assert(!buffer_resize(&buffer, 101));
    ck_assert(buffer_resize(&buffer, 100));
    ck_assert_uint_eq(buffer.capacity, 100);
    ck_assert(bytes_equal_text(buffer_bytes(&buffer), "0123456789"));
    buffer_finish(&buffer);
}
END_TEST

START_TEST(buffers_and_arenas_stop_at_their_limit)
{
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    for (int i = 0; i < 10; i++)
        ck_assert(buffer_append(&buffer,
                                "0123456789012345678901234567890123456789"
                                "0123456789012345678901234567890123456789"
                                "01234567890123456789",
                                100));
    ck_assert(!buffer_append(&buffer, "x", 1));
    buffer_consume(&buffer, 995);
    ck_assert(bytes_equal_text(buffer_bytes(&buffer), "56789"));
    buffer_finish(&buffer);
    struct arena arena;
    arena_init(&arena, 4096);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 4000));
    ck_assert_ptr_null(arena_alloc(&arena, 4000));
    ck_assert_ptr_null(arena_alloc_array(&arena, SIZE_MAX / 2, 16));
    arena_finish(&arena);
}
END_TEST

static int fired_order[64], fired_count;

static void note_fired(struct loop_timer *timer)
{
    fired_order[fired_count++] = *(int *)timer->owner;
}

START_TEST(timers_fire_in_order_and_removed_ones_never)
{
    struct loop loop;
    struct loop_timer timers[64];
    int names[64];
    fired_count = 0;
    ck_assert(loop_init(&loop, NULL));
    int64_t now = clock_monotonic_ns();
    for (int i = 0; i < 64; i++) {
        names[i] = (i * 37) % 64;
        loop_timer_init(&timers[i], note_fired, &names[i]);
        ck_assert(loop_timer_set(&loop, &timers[i], now - 64 + names[i]));
    }
    for (int i = 0; i < 64; i += 2)
        loop_timer_remove(&loop, &timers[i]);
    loop_run_once(&loop, 0);
    ck_assert_int_eq(fired_count, 32);
    for (int i = 1; i < fired_count; i++)
        ck_assert_int_lt(fired_order[i - 1], fired_order[i]);
    loop_finish(&loop);
}
END_TEST

static struct loop shared_loop;
static struct loop_watch two[2];
static int delivered;

static void remove_the_other(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    delivered++;
    loop_watch_remove(&shared_loop, watch == &two[0] ? &two[1] : &two[0]);
}

START_TEST(a_watch_removed_by_its_neighbour_is_not_delivered)
{
    int pipes[2][2];
    ck_assert(loop_init(&shared_loop, NULL));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pipe(pipes[i]), 0);
        ck_assert_int_eq(write(pipes[i][1], "x", 1), 1);
        loop_watch_init(&two[i], remove_the_other, NULL);
        ck_assert(loop_watch_set(&shared_loop, &two[i], pipes[i][0], EPOLLIN));
    }
    delivered = 0;
    loop_run_once(&shared_loop, 0);
    ck_assert_int_eq(delivered, 1);
    loop_finish(&shared_loop);
    for (int i = 0; i < 4; i++)
        close(pipes[i / 2][i % 2]);
}
END_TEST

enum { A_DESCRIPTOR = 'd', A_TIMER = 't' };

static char called[256];
static size_t calls;
static int stop_pipe[2];
static struct loop_timer stop_timer;

static void note_call(char which)
{
    ck_assert_uint_lt(calls, sizeof called - 1);
    called[calls++] = which;
}

static void descriptor_is_ready(struct loop_watch *watch, uint32_t events)
{
    char byte;
    (void)events;
    ck_assert_int_eq(read(watch->fd, &byte, 1), 1);
    note_call(A_DESCRIPTOR);
}

static void timer_is_due(struct loop_timer *timer)
{
    (void)timer;
    note_call(A_TIMER);
}

/* The process was stopped for longer than the timer, and the other end has written meanwhile. */
static void long_stop(int number)
{
    (void)number;
    stop_timer.due_ns = clock_monotonic_ns();
    (void)!write(stop_pipe[1], "x", 1);
}

START_TEST(after_an_interrupted_wait_descriptors_come_before_timers)
{
    struct loop loop;
    struct loop_watch watch;
    const struct itimerval soon = {.it_value.tv_usec = 20000};
    calls = 0;
    ck_assert(loop_init(&loop, NULL));
    ck_assert_int_eq(pipe(stop_pipe), 0);
    loop_watch_init(&watch, descriptor_is_ready, NULL);
    loop_timer_init(&stop_timer, timer_is_due, NULL);
    ck_assert(loop_watch_set(&loop, &watch, stop_pipe[0], EPOLLIN));
    ck_assert(loop_timer_set(&loop, &stop_timer, clock_monotonic_ns() + 3600 * NS_PER_S));
    signal(SIGALRM, long_stop);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    while (calls < 2)
        loop_run_once(&loop, -1);
    signal(SIGALRM, SIG_DFL);
    ck_assert_mem_eq(called, "dt", 2);
    loop_finish(&loop);
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}
END_TEST

START_TEST(all_descriptors_that_are_ready_come_before_timers)
{
    enum { MANY = LOOP_BATCH + 8 };
    struct loop loop;
    struct loop_watch watches[MANY];
    struct loop_timer timer;
    int pipes[MANY][2];
    calls = 0;
    ck_assert(loop_init(&loop, NULL));
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pipe(pipes[i]), 0);
        ck_assert_int_eq(write(pipes[i][1], "x", 1), 1);
        loop_watch_init(&watches[i], descriptor_is_ready, NULL);
        ck_assert(loop_watch_set(&loop, &watches[i], pipes[i][0], EPOLLIN));
    }
    loop_timer_init(&timer, timer_is_due, NULL);
    ck_assert(loop_timer_set(&loop, &timer, clock_monotonic_ns()));
    while (calls <= MANY)
        loop_run_once(&loop, -1);
    ck_assert_int_eq(called[MANY], A_TIMER);
    loop_finish(&loop);
    for (int i = 0; i < 2 * MANY; i++)
        close(pipes[i / 2][i % 2]);
}
END_TEST

/* Takes until the timer is due; more may have come by then. */
static void slow_callback(struct loop_watch *watch, uint32_t events)
{
    descriptor_is_ready(watch, events);
    if (calls > 1)
        return;
    ck_assert_int_eq(write(stop_pipe[1], "y", 1), 1);
    stop_timer.due_ns = clock_monotonic_ns();
}

START_TEST(what_came_during_a_long_callback_comes_before_timers)
{
    struct loop loop;
    struct loop_watch watch;
    calls = 0;
    ck_assert(loop_init(&loop, NULL));
    ck_assert_int_eq(pipe(stop_pipe), 0);
    ck_assert_int_eq(write(stop_pipe[1], "x", 1), 1);
    loop_watch_init(&watch, slow_callback, NULL);
    loop_timer_init(&stop_timer, timer_is_due, NULL);
    ck_assert(loop_watch_set(&loop, &watch, stop_pipe[0], EPOLLIN));
    ck_assert(loop_timer_set(&loop, &stop_timer, clock_monotonic_ns() + 3600 * NS_PER_S));
    while (calls < 3)
        loop_run_once(&loop, -1);
    ck_assert_mem_eq(called, "ddt", 3);
    loop_finish(&loop);
    close(stop_pipe[0]);
    close(stop_pipe[1]);
}
END_TEST

START_TEST(secrets_match_only_themselves)
{
    struct secret_list list = {0};
    size_t which = 9;
    ck_assert(secret_list_add(&list, bytes_of_text("first secret")));
    ck_assert(secret_list_add(&list, bytes_of_text("second secret")));
    ck_assert(secret_list_matches(&list, bytes_of_text("second secret"), &which));
    ck_assert_uint_eq(which, 1);
    ck_assert(!secret_list_matches(&list, bytes_of_text("second secre"), &which));
    ck_assert(!secret_list_matches(&list, bytes_of_text(""), &which));
    ck_assert(!secret_equal(bytes_of_text(""), bytes_of_text("")));
    secret_list_finish(&list);
}
END_TEST

START_TEST(hmac_gives_rfc_4231_case_2_whole_and_in_pieces)
{
    uint8_t whole[32], pieces[32];
    char hex[65];
    struct bytes key = bytes_of_text("Jefe");
    ck_assert(hmac_compute(HASH_SHA256, key, bytes_of_text("what do ya want for nothing?"), whole));
    hex_encode(bytes_of(whole, 32), hex);
    ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct hmac_stream *stream = hmac_create(HASH_SHA256, key);
    ck_assert(hmac_feed(stream, bytes_of_text("what do ya ")));
    ck_assert(hmac_feed(stream, bytes_of_text("want for nothing?")));
    hmac_destroy(stream, pieces);
    ck_assert_mem_eq(whole, pieces, 32);
    ck_assert_ptr_null(hmac_create(HASH_SHA256, bytes_of_text("")));
    ck_assert(!digest_equal(bytes_of(whole, 0), bytes_of(pieces, 0)));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *all = tcase_create("all");
    tcase_add_test(all, percent_encode_keeps_letters_digits_and_what_it_is_told);
    tcase_add_test(all, hex_is_strict);
    tcase_add_test(all, base64_is_canonical);
    tcase_add_test(all, encoders_round_trip);
    tcase_add_test(all, utf8_follows_rfc_3629);
    tcase_add_test(all, what_is_no_utf8_is_replaced);
    tcase_add_test(all, units_have_one_meaning);
    tcase_add_test(all, ids_rise_even_when_the_clock_does_not);
    tcase_add_test(all, an_id_holds_its_time);
    tcase_add_test(all, times_are_written_to_the_millisecond);
    tcase_add_test(all, a_buffer_that_is_counted_has_exactly_what_was_asked_for);
    tcase_add_test(all, buffers_and_arenas_stop_at_their_limit);
    tcase_add_test(all, timers_fire_in_order_and_removed_ones_never);
    tcase_add_test(all, a_watch_removed_by_its_neighbour_is_not_delivered);
    tcase_add_test(all, after_an_interrupted_wait_descriptors_come_before_timers);
    tcase_add_test(all, all_descriptors_that_are_ready_come_before_timers);
    tcase_add_test(all, what_came_during_a_long_callback_comes_before_timers);
    tcase_add_test(all, secrets_match_only_themselves);
    tcase_add_test(all, hmac_gives_rfc_4231_case_2_whole_and_in_pieces);
    suite_add_tcase(suite, all);
    return suite;
}

/* Moments as people write them, and as they read them. */
#include "server/options/moment.h"

#include "base/clock.h"
#include "tests/unit/suite.h"

#include <string.h>

#define NOW_MS INT64_C(1796047200000) /* 2026-11-30T14:00Z */
#define HOUR_MS INT64_C(3600000)

START_TEST(durations_days_and_times_are_read)
{
    static const struct {
        const char *text;
        int64_t wanted_ms;
    } rows[] = {{"1h", NOW_MS - HOUR_MS},
                {"2d", NOW_MS - 48 * HOUR_MS},
                {"250ms", NOW_MS - 250},
                {"0", NOW_MS},
                {"99999d", 0},
                {"2026-11-30", NOW_MS - 14 * HOUR_MS},
                {"2026-11-30T14:00Z", NOW_MS},
                {"2026-11-30t14:00z", NOW_MS},
                {"2026-11-30 14:00", NOW_MS},
                {"2026-11-30T14:00:07Z", NOW_MS + 7000},
                {"2026-11-30T14:00:07.123Z", NOW_MS + 7123},
                {"2026-11-30T16:30+02:30", NOW_MS},
                {"2026-11-30T09:00-05:00", NOW_MS},
                {"2024-02-29", INT64_C(1709164800000)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t found_ms = -1;
        ck_assert_msg(moment_parse(rows[i].text, NOW_MS, &found_ms), "%s", rows[i].text);
        ck_assert_msg(found_ms == rows[i].wanted_ms, "%s: %lld", rows[i].text, (long long)found_ms);
    }
}
END_TEST

START_TEST(what_is_no_moment_is_refused)
{
    static const char *const texts[] = {"",
                                        "yesterday",
                                        "5",
                                        "-1h",
                                        "1h30m",
                                        "2026-11",
                                        "2026-11-31",
                                        "2025-02-29",
                                        "2026-13-01",
                                        "2026-00-10",
                                        "2026-11-00",
                                        "1969-12-31",
                                        "26-11-30",
                                        "2026-11-30T",
                                        "2026-11-30T14",
                                        "2026-11-30T24:00Z",
                                        "2026-1-30",
                                        "2026-11-30T14:60Z",
                                        "2026-11-30T14:00X",
                                        "2026-11-30T14:00Zx",
                                        " 1h",
                                        "2026-11-30T14:00:60Z",
                                        "2026-11-30T14:00+15:00",
                                        "2026-11-30T14:00:00.1Z",
                                        "2026-11-30x"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t found_ms = -1;
        ck_assert_msg(!moment_parse(texts[i], NOW_MS, &found_ms), "%s", texts[i]);
        ck_assert_int_eq(found_ms, -1);
    }
}
END_TEST

START_TEST(distances_are_short)
{
    static const struct {
        int64_t away_ms;
        const char *wanted;
    } rows[] = {{0, "now"},
                {-999, "now"},
                {-1000, "1s ago"},
                {-59999, "59s ago"},
                {-60000, "1m ago"},
                {-HOUR_MS + 1, "59m ago"},
                {-HOUR_MS, "1h ago"},
                {-24 * HOUR_MS + 1, "23h ago"},
                {-24 * HOUR_MS, "1d ago"},
                {-29 * 24 * HOUR_MS, "29d ago"},
                {-30 * 24 * HOUR_MS, "2026-10-31"},
                {12000, "in 12s"},
                {90 * 60000, "in 1h"},
                {40 * 24 * HOUR_MS, "2027-01-09"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[MOMENT_TEXT_SIZE];
        moment_format(NOW_MS + rows[i].away_ms, NOW_MS, text);
        ck_assert_str_eq(text, rows[i].wanted);
    }
}
END_TEST

START_TEST(spans_are_short)
{
    static const struct {
        int64_t span_ms;
        const char *wanted;
    } rows[] = {{0, "0 ms"},      {999, "999 ms"},    {1000, "1.0 s"},    {59999, "59.9 s"},
                {60000, "1m 0s"}, {312000, "5m 12s"}, {HOUR_MS, "1h 0m"}, {27 * HOUR_MS, "27h 0m"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[MOMENT_TEXT_SIZE];
        moment_format_span(rows[i].span_ms, text);
        ck_assert_str_eq(text, rows[i].wanted);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("moment");
    TCase *all = tcase_create("all");
    tcase_add_test(all, durations_days_and_times_are_read);
    tcase_add_test(all, what_is_no_moment_is_refused);
    tcase_add_test(all, distances_are_short);
    tcase_add_test(all, spans_are_short);
    suite_add_tcase(suite, all);
    return suite;
}

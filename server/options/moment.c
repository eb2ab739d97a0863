/* A date is read by a table of its parts. The calendar of the C library turns the 31st of February
 * into a day of March, so what it makes of the parts is compared with them. */
#include "server/options/moment.h"

#include "base/clock.h"
#include "base/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- reading ---- */

/* Exactly `count` digits; moves on behind them. */
static bool take_digits(const char **at, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool take_mark(const char **at, const char *marks)
{
    bool is_there = **at && strchr(marks, **at);
    *at += is_there;
    return is_there;
}

/* Seconds and fractions may be left out. */
static bool take_time(const char **at, struct tm *day, int *ms)
{
    if (!take_digits(at, 2, &day->tm_hour) || !take_mark(at, ":") ||
        !take_digits(at, 2, &day->tm_min) || day->tm_hour > 23 || day->tm_min > 59)
        return false;
    if (!take_mark(at, ":"))
        return true;
    if (!take_digits(at, 2, &day->tm_sec) || day->tm_sec > 59)
        return false;
    return !take_mark(at, ".") || take_digits(at, 3, ms);
}

/* Z, +02:00, or nothing. */
static bool take_offset(const char **at, int *minutes)
{
    int hours, rest;
    bool is_west = **at == '-';
    if (take_mark(at, "Zz") || **at == '\0')
        return true;
    if (!take_mark(at, "+-") || !take_digits(at, 2, &hours) || !take_mark(at, ":") ||
        !take_digits(at, 2, &rest) || hours > 14 || rest > 59)
        return false;
    *minutes = (hours * 60 + rest) * (is_west ? -1 : 1);
    return true;
}

static bool parse_date(const char *at, int64_t *unix_ms)
{
    struct tm day = {.tm_year = 0};
    int year, month, ms = 0, offset_minutes = 0;
    if (!take_digits(&at, 4, &year) || !take_mark(&at, "-") || !take_digits(&at, 2, &month) ||
        !take_mark(&at, "-") || !take_digits(&at, 2, &day.tm_mday))
        return false;
    if (take_mark(&at, "Tt ") && !(take_time(&at, &day, &ms) && take_offset(&at, &offset_minutes)))
        return false;
    day.tm_year = year - 1900;
    day.tm_mon = month - 1;
    const int mday = day.tm_mday, mon = day.tm_mon;
    time_t seconds = timegm(&day);
    if (*at || year < 1970 || day.tm_mday != mday || day.tm_mon != mon)
        return false;
    *unix_ms = ((int64_t)seconds - offset_minutes * 60) * 1000 + ms;
    return true;
}

bool moment_parse(const char *text, int64_t now_ms, int64_t *unix_ms)
{
    int64_t span_ms;
    if (!units_parse_duration(bytes_of_text(text), &span_ms))
        return parse_date(text, unix_ms);
    *unix_ms = span_ms < now_ms ? now_ms - span_ms : 0;
    return true;
}

/* ---- showing ---- */

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
enum { DAY_MS = 24 * HOUR_MS };
#define FAR_MS (30 * (int64_t)DAY_MS)

void moment_format(int64_t unix_ms, int64_t now_ms, char text[MOMENT_TEXT_SIZE])
{
    static const struct {
        int64_t below_ms, unit_ms;
        char unit;
    } steps[] = {{MINUTE_MS, SECOND_MS, 's'},
                 {HOUR_MS, MINUTE_MS, 'm'},
                 {DAY_MS, HOUR_MS, 'h'},
                 {FAR_MS, DAY_MS, 'd'}};
    char day[CLOCK_TEXT_SIZE];
    bool is_ahead = unix_ms > now_ms;
    int64_t away_ms = is_ahead ? unix_ms - now_ms : now_ms - unix_ms;
    if (away_ms < SECOND_MS) {
        snprintf(text, MOMENT_TEXT_SIZE, "now");
        return;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (away_ms < steps[i].below_ms) {
            snprintf(text, MOMENT_TEXT_SIZE, "%s%lld%c%s", is_ahead ? "in " : "",
                     (long long)(away_ms / steps[i].unit_ms), steps[i].unit,
                     is_ahead ? "" : " ago");
            return;
        }
    clock_format_unix_ms(unix_ms, day);
    snprintf(text, MOMENT_TEXT_SIZE, "%.10s", day);
}

void moment_format_span(int64_t span_ms, char text[MOMENT_TEXT_SIZE])
{
    long long ms = span_ms;
    if (ms < SECOND_MS)
        snprintf(text, MOMENT_TEXT_SIZE, "%lld ms", ms);
    else if (ms < MINUTE_MS)
        snprintf(text, MOMENT_TEXT_SIZE, "%lld.%lld s", ms / SECOND_MS, ms % SECOND_MS / 100);
    else if (ms < HOUR_MS)
        snprintf(text, MOMENT_TEXT_SIZE, "%lldm %llds", ms / MINUTE_MS, ms % MINUTE_MS / SECOND_MS);
    else
        snprintf(text, MOMENT_TEXT_SIZE, "%lldh %lldm", ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
}

/* When a message was signed. Numbers are digits only and of the length that this century has, so
 * that no digit can be moved between a time and what stands beside it. */
#include "handlers/provider/signature_time.h"

#include <string.h>
#include <time.h>

static bool parse_digits(struct bytes text, size_t digits, uint64_t *value)
{
    return text.length == digits && bytes_to_uint64(text, value);
}

/* `count` digits at the front of `*rest`. */
static bool take_number(struct bytes *rest, size_t count, int *value)
{
    uint64_t number;
    if (rest->length < count || !parse_digits(bytes_of(rest->data, count), count, &number))
        return false;
    *value = (int)number;
    *rest = bytes_from(*rest, count);
    return true;
}

static bool take_byte(struct bytes *rest, char wanted)
{
    if (rest->length == 0 || rest->data[0] != (uint8_t)wanted)
        return false;
    *rest = bytes_from(*rest, 1);
    return true;
}

/* .123456789, cut to milliseconds. */
static bool take_fraction(struct bytes *rest, int *milliseconds)
{
    static const int weight[] = {100, 10, 1};
    size_t digits = 0;
    *milliseconds = 0;
    if (!take_byte(rest, '.'))
        return true;
    for (int digit; digits < 9 && take_number(rest, 1, &digit); digits++)
        *milliseconds += digits < 3 ? digit * weight[digits] : 0;
    return digits > 0;
}

/* Z or +hh:mm. */
static bool take_zone(struct bytes *rest, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (take_byte(rest, 'Z'))
        return true;
    int sign = take_byte(rest, '+') ? 1 : take_byte(rest, '-') ? -1 : 0;
    if (!sign || !take_number(rest, 2, &hour) || !take_byte(rest, ':') ||
        !take_number(rest, 2, &minute) || hour > 14 || minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

static bool take_date(struct bytes *rest, struct tm *tm)
{
    if (!take_number(rest, 4, &tm->tm_year) || !take_byte(rest, '-') ||
        !take_number(rest, 2, &tm->tm_mon) || !take_byte(rest, '-') ||
        !take_number(rest, 2, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
}

static bool take_clock(struct bytes *rest, struct tm *tm)
{
    return take_number(rest, 2, &tm->tm_hour) && take_byte(rest, ':') &&
           take_number(rest, 2, &tm->tm_min) && take_byte(rest, ':') &&
           take_number(rest, 2, &tm->tm_sec) && tm->tm_hour < 24 && tm->tm_min < 60 &&
           tm->tm_sec <= 60;
}

static bool parse_iso8601(struct bytes text, int64_t *unix_ms)
{
    struct tm tm = {0};
    int milliseconds, zone;
    if (!take_date(&text, &tm) || !take_byte(&text, 'T') || !take_clock(&text, &tm) ||
        !take_fraction(&text, &milliseconds) || !take_zone(&text, &zone) || text.length)
        return false;
    *unix_ms = ((int64_t)timegm(&tm) - zone * 60) * 1000 + milliseconds;
    return true;
}

/* One of names of three letters that follow one another in `names`. */
static bool take_name(struct bytes *rest, const char *names, int *number)
{
    enum { LETTERS = 3 };
    for (*number = 0; names[*number * LETTERS]; ++*number)
        if (bytes_starts_with(*rest, bytes_of(names + *number * LETTERS, LETTERS))) {
            *rest = bytes_from(*rest, LETTERS);
            return true;
        }
    return false;
}

/* Sun, 06 Nov 1994 08:49:37 GMT. The day of the week is not held against the date. */
static bool parse_rfc1123(struct bytes text, int64_t *unix_ms)
{
    struct tm tm = {0};
    int zone;
    if (!take_name(&text, "SunMonTueWedThuFriSat", &tm.tm_wday))
        return false;
    take_byte(&text, ',');
    if (!take_byte(&text, ' ') || !take_number(&text, 2, &tm.tm_mday) || !take_byte(&text, ' ') ||
        !take_name(&text, "JanFebMarAprMayJunJulAugSepOctNovDec", &tm.tm_mon) ||
        !take_byte(&text, ' ') || !take_number(&text, 4, &tm.tm_year) || !take_byte(&text, ' ') ||
        !take_clock(&text, &tm) || !take_byte(&text, ' ') || !take_name(&text, "GMTUTC", &zone) ||
        text.length || tm.tm_mday < 1 || tm.tm_mday > 31)
        return false;
    tm.tm_year -= 1900;
    *unix_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

bool signature_time_parse(struct bytes text, int unit, int64_t *unix_ms)
{
    uint64_t number;
    if (unit == TIME_ISO8601)
        return parse_iso8601(text, unix_ms);
    if (unit == TIME_RFC1123)
        return parse_rfc1123(text, unix_ms);
    if (!parse_digits(text, unit == TIME_SECONDS ? 10 : 13, &number))
        return false;
    *unix_ms = (int64_t)number * (unit == TIME_SECONDS ? 1000 : 1);
    return true;
}

bool signature_time_fresh(int64_t time_ms, int64_t now_ms, int64_t tolerance_ms, int64_t ahead_ms,
                          int unit)
{
    /* Against whole seconds our own fraction of a second is not held. */
    bool is_whole = unit == TIME_SECONDS || unit == TIME_RFC1123;
    int64_t now = is_whole ? now_ms / 1000 * 1000 : now_ms;
    return now - time_ms <= tolerance_ms && time_ms - now <= ahead_ms;
}

static const char plain[] = "the time is not within the tolerance";

bool signature_time_is_reason(const char *reason)
{
    return reason && strncmp(reason, plain, sizeof plain - 1) == 0;
}

const char *signature_time_reason(int64_t time_ms, int64_t now_ms, int64_t tolerance_ms,
                                  int64_t ahead_ms, struct arena *arena)
{
    bool is_ahead = time_ms > now_ms;
    int64_t distance_s = (is_ahead ? time_ms - now_ms : now_ms - time_ms) / 1000;
    const char *text = arena_format(arena, "%s: %lld s %s, and %lld s are taken", plain,
                                    (long long)distance_s, is_ahead ? "ahead" : "old",
                                    (long long)(is_ahead ? ahead_ms : tolerance_ms) / 1000);
    return text ? text : plain;
}

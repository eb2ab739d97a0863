/* RFC 3339: dates and times (section 5.6), durations (appendix A). */
#include "handlers/schema/format_checks.h"

struct clock_time {
    unsigned hour, minute, second;
};

/* Exactly `count` digits in front; moves behind them. */
static bool take_number(struct bytes *text, size_t count, unsigned *number)
{
    *number = 0;
    if (text->length < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!format_is_digit(text->data[i]))
            return false;
        *number = *number * 10 + (unsigned)(text->data[i] - '0');
    }
    *text = bytes_from(*text, count);
    return true;
}

static bool take_byte(struct bytes *text, uint8_t byte)
{
    if (!text->length || text->data[0] != byte)
        return false;
    *text = bytes_from(*text, 1);
    return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (leap && month == 2);
}

static bool take_date(struct bytes *text)
{
    unsigned year, month, day;
    return take_number(text, 4, &year) && take_byte(text, '-') && take_number(text, 2, &month) &&
           take_byte(text, '-') && take_number(text, 2, &day) && month >= 1 && month <= 12 &&
           day >= 1 && day <= month_days(year, month);
}

static bool take_fraction(struct bytes *text)
{
    if (!take_byte(text, '.'))
        return true;
    size_t digits = 0;
    while (digits < text->length && format_is_digit(text->data[digits]))
        digits++;
    *text = bytes_from(*text, digits);
    return digits > 0;
}

/* "Z" or "+01:00"; `*minutes` east of Greenwich. */
static bool take_offset(struct bytes *text, int *minutes)
{
    unsigned hour, minute;
    *minutes = 0;
    if (take_byte(text, 'Z') || take_byte(text, 'z'))
        return true;
    bool west = text->length && text->data[0] == '-';
    if (!take_byte(text, west ? '-' : '+') || !take_number(text, 2, &hour) ||
        !take_byte(text, ':') || !take_number(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

/* A leap second stands at the end of a day in UTC. */
static bool is_leap_moment(const struct clock_time *time, int offset)
{
    int minutes = (int)(time->hour * 60 + time->minute) - offset;
    return (minutes + 2 * 1440) % 1440 == 1439;
}

static bool take_time(struct bytes *text)
{
    struct clock_time time;
    int offset;
    if (!take_number(text, 2, &time.hour) || !take_byte(text, ':') ||
        !take_number(text, 2, &time.minute) || !take_byte(text, ':') ||
        !take_number(text, 2, &time.second) || !take_fraction(text) || !take_offset(text, &offset))
        return false;
    return time.hour <= 23 && time.minute <= 59 &&
           (time.second <= 59 || (time.second == 60 && is_leap_moment(&time, offset)));
}

bool format_date(struct bytes text)
{
    return take_date(&text) && text.length == 0;
}

bool format_time(struct bytes text)
{
    return take_time(&text) && text.length == 0;
}

bool format_date_time(struct bytes text)
{
    return take_date(&text) && (take_byte(&text, 'T') || take_byte(&text, 't')) &&
           take_time(&text) && text.length == 0;
}

/* Numbers each with one of the letters, which come in their order and without a gap: "1Y2M", not
 * "1Y2D". False if there is anything else, or nothing. */
static bool take_units(struct bytes *text, const char *letters)
{
    const char *expected = NULL;
    while (text->length && text->data[0] != 'T') {
        size_t digits = 0;
        while (digits < text->length && format_is_digit(text->data[digits]))
            digits++;
        if (digits == 0 || digits == text->length)
            return false;
        const char *found = memchr(letters, text->data[digits], strlen(letters));
        if (!found || (expected && found != expected))
            return false;
        expected = found + 1;
        *text = bytes_from(*text, digits + 1);
    }
    return expected != NULL;
}

bool format_duration(struct bytes text)
{
    if (!take_byte(&text, 'P') || !text.length)
        return false;
    if (text.data[text.length - 1] == 'W')
        return take_units(&text, "W") && text.length == 0;
    if (text.data[0] != 'T' && !take_units(&text, "YMD"))
        return false;
    return text.length == 0 || (take_byte(&text, 'T') && take_units(&text, "HMS") && !text.length);
}

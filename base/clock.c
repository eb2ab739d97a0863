/* No other file calls clock_gettime: code that must be tested with a clock of its own takes the
 * time as an argument (rate limits, signature freshness), so there is nothing to fake here. */
#include "base/clock.h"

#include <time.h>

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

int64_t clock_boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

/* Without printf and strftime: every event and every line of the log has a time. */
void clock_format_unix_ms(int64_t unix_ms, char text[CLOCK_TEXT_SIZE])
{
    int64_t left_ms = (unix_ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((unix_ms - left_ms) / 1000);
    struct tm at = {0};
    gmtime_r(&seconds, &at);
    const struct {
        int value, digits;
        char after;
    } parts[] = {{at.tm_year + 1900, 4, '-'}, {at.tm_mon + 1, 2, '-'}, {at.tm_mday, 2, 'T'},
                 {at.tm_hour, 2, ':'},        {at.tm_min, 2, ':'},     {at.tm_sec, 2, '.'},
                 {(int)left_ms, 3, 'Z'}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int value = parts[i].value;
        for (int digit = parts[i].digits; digit-- > 0; value /= 10)
            text[digit] = (char)('0' + value % 10);
        text += parts[i].digits;
        *text++ = parts[i].after;
    }
    *text = '\0';
}

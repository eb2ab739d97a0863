/* Durations, sizes and rates, each a table of suffixes. Only integers: a value that is not a
 * multiple of the smallest unit cannot be written. */
#include "base/units.h"

#include <stdio.h>

struct unit {
    const char *suffix;
    int64_t factor;
};

/* largest first, so that formatting finds the shortest spelling */
static const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                             {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit size_units[] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};

static size_t digits_length(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && text.data[length] >= '0' && text.data[length] <= '9')
        length++;
    return length;
}

static bool units_parse(const struct unit *units, struct bytes text, int64_t *value)
{
    size_t digits = digits_length(text);
    uint64_t count;
    if (!bytes_to_uint64(bytes_of(text.data, digits), &count) || count > INT64_MAX)
        return false;
    struct bytes suffix = bytes_from(text, digits);
    if (suffix.length == 0 && count == 0) {
        *value = 0;
        return true;
    }
    for (; units->suffix; units++)
        if (bytes_equal_text(suffix, units->suffix))
            return !__builtin_mul_overflow((int64_t)count, units->factor, value);
    return false;
}

bool units_parse_duration(struct bytes text, int64_t *milliseconds)
{
    return units_parse(duration_units, text, milliseconds);
}

bool units_parse_size(struct bytes text, int64_t *bytes)
{
    return units_parse(size_units, text, bytes);
}

bool units_parse_rate(struct bytes text, int64_t *count, int64_t *period_ms)
{
    struct bytes rest = text, number = bytes_split(&rest, '/');
    uint64_t value;
    if (rest.length != 1 || !bytes_to_uint64(number, &value) || value == 0 || value > INT64_MAX)
        return false;
    for (const struct unit *unit = duration_units; unit->suffix; unit++) {
        if (!bytes_equal_text(rest, unit->suffix))
            continue;
        *count = (int64_t)value;
        *period_ms = unit->factor;
        return true;
    }
    return false;
}

static void units_format(const struct unit *units, int64_t value, char text[32])
{
    if (value == 0) {
        snprintf(text, 32, "0");
        return;
    }
    while (value % units->factor)
        units++;
    snprintf(text, 32, "%lld%s", (long long)(value / units->factor), units->suffix);
}

void units_format_duration(int64_t milliseconds, char text[32])
{
    units_format(duration_units, milliseconds, text);
}

void units_format_size(int64_t bytes, char text[32])
{
    units_format(size_units, bytes, text);
}

/* Numbers as people write them in the route file. All parsers refuse signs, spaces, fractions and
 * values that do not fit; none depends on the locale. */
#ifndef TENTERHOOK_BASE_UNITS_H
#define TENTERHOOK_BASE_UNITS_H

#include "base/bytes.h"

/* "250ms" "10s" "5m" "2h" "7d" → milliseconds. A number without unit is refused, but "0" is 0. */
bool units_parse_duration(struct bytes text, int64_t *milliseconds);
/* "512B" "64KiB" "1MiB" "2GiB" → bytes. */
bool units_parse_size(struct bytes text, int64_t *bytes);
/* "10/s" "600/m" "1000/h" → count in period_ms. The count is at least 1. */
bool units_parse_rate(struct bytes text, int64_t *count, int64_t *period_ms);

/* The shortest of the spellings above that says exactly this. */
void units_format_duration(int64_t milliseconds, char text[32]);
void units_format_size(int64_t bytes, char text[32]);

#endif

/* Moments as people write and read them: 1h, 2d, 2026-11-30, 2026-11-30T14:00Z; 3m ago. */
#ifndef TENTERHOOK_SERVER_OPTIONS_MOMENT_H
#define TENTERHOOK_SERVER_OPTIONS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* A duration is as long before `now_ms`; a date is its beginning, and a time without an offset is
 * UTC, as everything that is printed. False, and nothing written, where it is neither. */
bool moment_parse(const char *text, int64_t now_ms, int64_t *unix_ms);

/* "now", "12s ago", "5m ago", "3h ago", "6d ago", "in 12s"; the day (2026-11-30) where it is more
 * than 30 days away. */
enum { MOMENT_TEXT_SIZE = 48 };
void moment_format(int64_t unix_ms, int64_t now_ms, char text[MOMENT_TEXT_SIZE]);

/* How long something took: "12 ms", "3.4 s", "5m 12s", "3h 4m". */
void moment_format_span(int64_t span_ms, char text[MOMENT_TEXT_SIZE]);

#endif

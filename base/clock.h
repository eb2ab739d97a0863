/* The clocks. Deadlines and rates use the monotonic clock, records and signatures the wall clock;
 * the boot clock counts days that have passed, including sleep. */
#ifndef TENTERHOOK_BASE_CLOCK_H
#define TENTERHOOK_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Nanoseconds since some fixed moment before start; never goes back, the same in all processes. */
int64_t clock_monotonic_ns(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_unix_ms(void);

/* Milliseconds since the machine was started, those included in which it slept. */
int64_t clock_boot_ms(void);

/* "2026-11-24T03:15:24.123Z" into `text`; years 0 to 9999. */
enum { CLOCK_TEXT_SIZE = 32 };
void clock_format_unix_ms(int64_t unix_ms, char text[CLOCK_TEXT_SIZE]);

#endif

/* Whether the comparison of a signature or a token takes the same time wherever its first wrong
 * byte is: Welch's t over a million interleaved runs of two classes (first byte wrong, last byte
 * wrong), in the manner of dudect. Prints t for each; |t| below 5 is no difference. Not part of CI:
 * a busy machine makes it worthless. */
#include "base/crypto.h"
#include "base/secret.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 1000000, SIZE = 64 };

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int order(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Runs above the 90th percentile are interrupts, not comparisons. */
static int64_t crop_limit(const int64_t *times)
{
    int64_t *sorted = malloc(RUNS * sizeof *sorted);
    if (!sorted)
        abort();
    memcpy(sorted, times, RUNS * sizeof *sorted);
    qsort(sorted, RUNS, sizeof *sorted, order);
    int64_t limit = sorted[RUNS / 10 * 9];
    free(sorted);
    return limit;
}

static double welch(const int64_t *times, const uint8_t *classes, int64_t limit)
{
    double count[2] = {0}, mean[2] = {0}, square[2] = {0};
    for (size_t i = 0; i < RUNS; i++) {
        if (times[i] > limit)
            continue;
        int class = classes[i];
        double delta = (double)times[i] - mean[class];
        mean[class] += delta / ++count[class];
        square[class] += delta * ((double)times[i] - mean[class]);
    }
    double error = square[0] / (count[0] - 1) / count[0] + square[1] / (count[1] - 1) / count[1];
    return (mean[0] - mean[1]) / sqrt(error);
}

typedef bool comparison(struct bytes expected, struct bytes given);

static bool compare_memcmp(struct bytes expected, struct bytes given)
{
    return bytes_equal(expected, given);
}

static double measure(comparison *compare)
{
    static int64_t times[RUNS];
    static uint8_t classes[RUNS];
    uint8_t right[SIZE], given[SIZE];
    volatile bool result = false;
    random_bytes(right, SIZE);
    random_bytes(classes, RUNS);
    for (size_t i = 0; i < RUNS; i++) {
        classes[i] &= 1;
        memcpy(given, right, SIZE);
        given[classes[i] ? SIZE - 1 : 0] ^= 1;
        int64_t start = now_ns();
        result |= compare(bytes_of(right, SIZE), bytes_of(given, SIZE));
        times[i] = now_ns() - start;
    }
    return result ? NAN : welch(times, classes, crop_limit(times));
}

int main(void)
{
    static const struct {
        const char *name;
        comparison *compare;
    } rows[] = {{"digest_equal", digest_equal},
                {"secret_equal", secret_equal},
                {"memcmp, to show that this sees one", compare_memcmp}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%-36s t = %8.2f over %d runs\n", rows[i].name, measure(rows[i].compare), RUNS);
    return 0;
}

/* Numbers as JSON has them: decimal, of any size, compared and divided exactly. No allocation. */
#ifndef TENTERHOOK_SCHEMA_NUMBER_H
#define TENTERHOOK_SCHEMA_NUMBER_H

#include "base/bytes.h"

struct json_object;

/* The value is 0.DIGITS times 10^scale, where DIGITS are the digits from `first` to `end` without
 * the point; neither the first nor the last of them is 0. Zero has none. Points into the text. */
struct decimal {
    const char *first, *end;
    int64_t scale;
};

enum { NUMBER_BYTES_A_STEP = 16 }; /* of an evaluation, for looking at a number once */

struct number {
    bool negative; /* never for zero */
    bool small;    /* an integer whose magnitude fits 64 bits */
    bool integer;  /* written without point and exponent */
    uint64_t magnitude;
    size_t length;          /* of the text that was read: what it cost; 0 if there is none */
    struct decimal decimal; /* unless small */
    char text[32];          /* where decimal points, for numbers that nobody wrote */
};

/* `value` is a JSON number and outlives `number`, which must not be copied. */
void number_read(struct json_object *value, struct number *number);

/* From text that is a JSON number and outlives `number`. */
void number_parse(const char *text, struct number *number);

/* -1, 0, 1 */
int number_compare(const struct number *a, const struct number *b);

/* Which of TYPE_INTEGER, TYPE_WHOLE, TYPE_FRACTION. */
unsigned number_type(const struct number *number);

/* Equal numbers have equal hashes, however they are written. Without the key nobody can choose
 * numbers that collide. */
uint64_t number_hash(const struct number *number, uint64_t key);

/* What `multipleOf` divides by, prepared. */
struct divisor {
    unsigned __int128 digits; /* the value is digits times 10^exponent */
    int64_t exponent;
    struct json_object *value; /* for the sentence */
};

/* NULL, or what a divisor must be: greater than 0, of at most 36 digits. Borrows the value. */
const char *divisor_init(struct divisor *divisor, struct json_object *value);

/* Adds to `*cost` what it took, in steps of an evaluation. */
bool number_is_multiple(const struct number *number, const struct divisor *divisor, size_t *cost);

#endif

/* Two forms, because nearly all numbers are small integers: sign and 64-bit magnitude, compared as
 * such; and a view of the digits in the text, compared digit by digit. The scale saturates, so that
 * 1e99999999999 is a number like any other and costs no more.
 *
 * Divisibility is modular arithmetic over the digits: with value = v * 10^e and divisor = d * 10^f,
 * v without trailing zeros, the quotient is whole iff e >= f and v * 10^(e-f) mod d is 0. (If e <
 * f, v would have to be divisible by 10.) d has at most 36 digits, so that nothing overflows 128
 * bits; schemas that want more are refused.
 *
 * Texts may be long: what looks at them says how much it read, so that the caller can count it. */
#include "handlers/schema/number.h"

#include "handlers/schema/value.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t scale_limit = INT64_C(1000000000000000);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t parse_exponent(const char *at)
{
    if (*at != 'e' && *at != 'E')
        return 0;
    at++;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    int64_t exponent = 0;
    for (; is_digit(*at) && exponent < scale_limit; at++)
        exponent = exponent * 10 + (*at - '0');
    return negative ? -exponent : exponent;
}

/* Whether the digits before `at` were written without the exponent that follows, which only marks
 * them. Somebody may write the same 20 digits with this very exponent: nobody can tell, and but for
 * draft-04's integers it is the same. */
static bool is_marked(const char *digits, const char *at)
{
    return at - digits >= JSON_BIG_DIGITS && strcmp(at, JSON_BIG_SUFFIX) == 0;
}

void number_parse(const char *text, struct number *number)
{
    bool negative = *text == '-', fraction = false;
    struct decimal d = {0};
    int64_t scale = 0;
    const char *at = text + negative;
    for (; is_digit(*at) || *at == '.'; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (*at != '0') {
            d.first = d.first ? d.first : at;
            d.end = at + 1;
        }
        if (!fraction)
            scale += d.first != NULL;
        else
            scale -= d.first == NULL;
    }
    d.scale = d.first ? scale + parse_exponent(at) : 0;
    number->negative = negative && d.first;
    number->small = d.first == NULL;
    number->integer = !fraction && (!*at || is_marked(text + negative, at));
    number->magnitude = 0;
    number->length = (size_t)(at - text);
    number->decimal = d;
}

void number_read(struct json_object *value, struct number *number)
{
    if (!value_is_double(value)) {
        number->small = number->integer = true;
        number->length = 0;
        number->magnitude = value_magnitude(value, &number->negative);
        return;
    }
    const char *text = value_double_text(value);
    if (!text) {
        snprintf(number->text, sizeof number->text, "%.17g", value_double(value));
        number_parse(number->text, number);
        number->integer = false;
        return;
    }
    number_parse(text, number);
}

/* Writes a small number into the room's text, so that it has digits. */
static const struct decimal *as_decimal(const struct number *number, struct number *room)
{
    if (!number->small)
        return &number->decimal;
    char *end = room->text + sizeof room->text, *first = end;
    for (uint64_t rest = number->magnitude; rest; rest /= 10)
        *--first = (char)('0' + rest % 10);
    int64_t scale = end - first;
    while (end > first && end[-1] == '0')
        end--;
    room->decimal = (struct decimal){.first = scale ? first : NULL, .end = end, .scale = scale};
    return &room->decimal;
}

/* The next digit, moving `*at` behind it; 0 past the last. */
static int next_digit(const char **at, const char *end)
{
    if (*at < end && **at == '.')
        ++*at;
    return *at < end ? *(*at)++ - '0' : 0;
}

static int compare_decimals(const struct decimal *a, const struct decimal *b)
{
    if (!a->first || !b->first)
        return (a->first != NULL) - (b->first != NULL);
    if (a->scale != b->scale)
        return a->scale < b->scale ? -1 : 1;
    const char *x = a->first, *y = b->first;
    while (x < a->end || y < b->end) {
        int difference = next_digit(&x, a->end) - next_digit(&y, b->end);
        if (difference)
            return difference < 0 ? -1 : 1;
    }
    return 0;
}

int number_compare(const struct number *a, const struct number *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int result;
    if (a->small && b->small) {
        result = (a->magnitude > b->magnitude) - (a->magnitude < b->magnitude);
    } else {
        struct number room_a, room_b;
        result = compare_decimals(as_decimal(a, &room_a), as_decimal(b, &room_b));
    }
    return a->negative ? -result : result;
}

/* Digits between the point and the last that is not 0; at most 0 for whole numbers. */
static int64_t fraction_digits(const struct decimal *d)
{
    int64_t digits = d->end - d->first;
    if (memchr(d->first, '.', (size_t)digits))
        digits--;
    return digits - d->scale;
}

unsigned number_type(const struct number *number)
{
    if (number->integer)
        return TYPE_INTEGER;
    return number->small || fraction_digits(&number->decimal) <= 0 ? TYPE_WHOLE : TYPE_FRACTION;
}

/* ---- hashes ---- */

/* The digits as a number; false if they do not fit. */
static bool decimal_magnitude(const struct decimal *d, uint64_t *digits)
{
    uint64_t sum = 0;
    for (const char *at = d->first; at < d->end;)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)next_digit(&at, d->end), &sum))
            return false;
    *digits = sum;
    return true;
}

/* The magnitude, if it is an integer of 64 bits, however it is written. */
static bool small_magnitude(const struct number *number, uint64_t *magnitude)
{
    *magnitude = number->magnitude;
    if (number->small)
        return true;
    const struct decimal *d = &number->decimal;
    if (d->scale > 20 || fraction_digits(d) > 0 || !decimal_magnitude(d, magnitude))
        return false;
    for (int64_t zeros = -fraction_digits(d); zeros > 0; zeros--)
        if (__builtin_mul_overflow(*magnitude, 10, magnitude))
            return false;
    return true;
}

/* A polynomial of the digits modulo 2^61 - 1 (nearly), with the key for the unknown. */
static uint64_t digits_hash(const struct decimal *d, uint64_t key)
{
    const uint64_t prime = (UINT64_C(1) << 61) - 1;
    uint64_t hash = (uint64_t)d->scale & prime;
    key &= prime;
    for (const char *at = d->first; at < d->end;) {
        unsigned __int128 product =
            (unsigned __int128)hash * key + (unsigned)next_digit(&at, d->end);
        hash = ((uint64_t)product & prime) + (uint64_t)(product >> 61);
    }
    return hash;
}

uint64_t number_hash(const struct number *number, uint64_t key)
{
    uint64_t magnitude;
    uint64_t hash = small_magnitude(number, &magnitude) ? magnitude ^ key
                                                        : digits_hash(&number->decimal, key) + key;
    return (hash + number->negative) * UINT64_C(0x9e3779b97f4a7c15);
}

/* ---- divisibility ---- */

enum { DIVISOR_DIGITS = 36 };

static unsigned __int128 decimal_digits(const struct decimal *d)
{
    unsigned __int128 sum = 0;
    for (const char *at = d->first; at < d->end;)
        sum = sum * 10 + (unsigned)next_digit(&at, d->end);
    return sum;
}

const char *divisor_init(struct divisor *divisor, struct json_object *value)
{
    struct number number, room;
    number_read(value, &number);
    if (number.negative || (number.small && number.magnitude == 0))
        return "must be a number greater than 0";
    const struct decimal *d = as_decimal(&number, &room);
    if (d->scale + fraction_digits(d) > DIVISOR_DIGITS)
        return "must be a number of at most 36 digits";
    divisor->exponent = -fraction_digits(d);
    divisor->value = value;
    divisor->digits = decimal_digits(d);
    return NULL;
}

/* a * b % modulus; both are below it, and it has at most 36 digits (120 bits). */
static unsigned __int128 multiply_modulo(unsigned __int128 a, unsigned __int128 b,
                                         unsigned __int128 modulus)
{
    if (modulus <= UINT64_MAX)
        return a * b % modulus;
    unsigned __int128 sum = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            sum = sum + a < modulus ? sum + a : sum + a - modulus;
        a = a + a < modulus ? a + a : a + a - modulus;
    }
    return sum;
}

static unsigned __int128 power_of_ten_modulo(uint64_t exponent, unsigned __int128 modulus)
{
    unsigned __int128 result = 1 % modulus, base = 10 % modulus;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = multiply_modulo(result, base, modulus);
        base = multiply_modulo(base, base, modulus);
    }
    return result;
}

/* As many digits at once as fit 64 bits: dividing 128 bits is slow. */
static uint64_t digits_modulo_small(const struct decimal *d, uint64_t modulus)
{
    uint64_t rest = 0;
    for (const char *at = d->first; at < d->end;) {
        uint64_t chunk = 0, power = 1;
        for (int i = 0; i < 19 && at < d->end; i++, power *= 10)
            chunk = chunk * 10 + (uint64_t)next_digit(&at, d->end);
        rest = (uint64_t)(((unsigned __int128)rest * power + chunk) % modulus);
    }
    return rest;
}

static unsigned __int128 digits_modulo(const struct decimal *d, unsigned __int128 modulus)
{
    unsigned __int128 rest = 0;
    if (modulus <= UINT64_MAX)
        return digits_modulo_small(d, (uint64_t)modulus);
    for (const char *at = d->first; at < d->end;)
        rest = (rest * 10 + (unsigned)next_digit(&at, d->end)) % modulus;
    return rest;
}

/* Divisors beyond 64 bits cost a step a digit, and more for each squaring. */
enum { WIDE_SQUARE_STEPS = 40 };

static size_t division_cost(const struct number *number, const struct divisor *divisor,
                            uint64_t shift)
{
    if (divisor->digits <= UINT64_MAX)
        return number->length / (NUMBER_BYTES_A_STEP / 4);
    size_t squares = shift ? 64 - (size_t)__builtin_clzll(shift) : 0;
    return number->length + squares * WIDE_SQUARE_STEPS;
}

bool number_is_multiple(const struct number *number, const struct divisor *divisor, size_t *cost)
{
    struct number room;
    if (number->small && number->magnitude == 0)
        return true;
    if (number->small && divisor->exponent == 0)
        return number->magnitude % divisor->digits == 0;
    const struct decimal *d = as_decimal(number, &room);
    int64_t shift = -fraction_digits(d) - divisor->exponent;
    if (shift < 0)
        return false;
    *cost += division_cost(number, divisor, (uint64_t)shift);
    unsigned __int128 rest = digits_modulo(d, divisor->digits);
    return multiply_modulo(rest, power_of_ten_modulo((uint64_t)shift, divisor->digits),
                           divisor->digits) == 0;
}

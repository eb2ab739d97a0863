/* 48 bits of Unix milliseconds, then 12 + 62 bits that are random once a millisecond and counted up
 * within it (RFC 9562, section 6.2, method 2). If the clock steps back, the last millisecond stays
 * in use, so the ids of one process always rise. */
#include "base/id.h"

#include "base/crypto.h"
#include "base/encoding.h"

#include <endian.h>

static struct {
    int64_t ms;
    uint64_t high; /* 12 bits */
    uint64_t low;  /* 62 bits */
} last;

static void id_renew(int64_t unix_ms)
{
    uint64_t random[2];
    random_bytes(random, sizeof random);
    last.ms = unix_ms;
    last.high = random[0] & 0x7ff; /* the top bit is left free for counting */
    last.low = random[1] & 0x3fffffffffffffff;
}

static void id_step(void)
{
    uint64_t step;
    random_bytes(&step, sizeof step);
    last.low += 1 + (step & 0xffffffff); /* a random stride: the next id cannot be guessed */
    if (last.low >> 62) {
        last.low &= 0x3fffffffffffffff;
        last.high++;
    }
    if (last.high >> 12)
        id_renew(last.ms + 1);
}

void id_create(int64_t unix_ms, char text[ID_TEXT_SIZE])
{
    if (unix_ms > last.ms)
        id_renew(unix_ms);
    else
        id_step();
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    uint64_t words[] = {htobe64((uint64_t)last.ms << 16 | 0x7000 | last.high),
                        htobe64(last.low | UINT64_C(1) << 63)};
    struct bytes rest = bytes_of(words, sizeof words);
    for (size_t i = 0; i < sizeof groups; i++) {
        hex_encode(bytes_of(rest.data, groups[i]), text);
        text += 2 * groups[i];
        rest = bytes_from(rest, groups[i]);
        if (rest.length > 0)
            *text++ = '-';
    }
}

bool id_valid(struct bytes text)
{
    if (text.length != ID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with one round a word and three
 * at the end, the variant that is usual for hash tables: it hashes short names. Words are read in
 * host order; the values never leave the machine. */
#include "base/siphash.h"

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->d ^= word;
    sip_round(s);
    s->a ^= word;
}

uint64_t siphash(const struct siphash_key *key, struct bytes data)
{
    struct sip s = {
        key->words[0] ^ 0x736f6d6570736575,
        key->words[1] ^ 0x646f72616e646f6d,
        key->words[0] ^ 0x6c7967656e657261,
        key->words[1] ^ 0x7465646279746573,
    };
    size_t whole = data.length / 8 * 8;
    uint64_t word;
    for (size_t i = 0; i < whole; i += 8) {
        memcpy(&word, data.data + i, 8);
        sip_word(&s, word);
    }
    word = (uint64_t)data.length << 56;
    for (size_t i = whole; i < data.length; i++)
        word |= (uint64_t)data.data[i] << (8 * (i - whole));
    sip_word(&s, word);
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

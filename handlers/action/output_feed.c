/* A secret may come in several pieces, and secrets may overlap. So what is passed on ends where no
 * secret can reach across: the bytes behind are held until more has come. That makes no difference
 * to what is masked: the stream says what the output as a whole would say.
 *
 * Without memory nothing more is passed on: a gap would be worse than the end. */
#include "handlers/action/output_feed.h"

#include <stdlib.h>
#include <string.h>

/* Beyond the longest secret: only an output that repeats overlapping secrets without end holds
 * more, and is then cut where it is. */
enum { HELD_MAX = 64 * 1024 };

static void feed_stop(struct feed *feed)
{
    free(feed->held);
    feed->held = NULL;
    feed->held_length = 0;
    feed->output = NULL;
}

static void feed_lose(struct feed *feed)
{
    feed->output(feed->context, bytes_of(NULL, 0));
    feed_stop(feed);
}

/* Where a secret begins that reaches across `cut`; `cut`: it does not. */
static size_t find_across(struct bytes text, size_t cut, struct bytes secret)
{
    size_t reach = secret.length - 1;
    size_t from = cut > reach ? cut - reach : 0;
    size_t to = text.length - cut > reach ? cut + reach : text.length;
    const uint8_t *found = memmem(text.data + from, to - from, secret.data, secret.length);
    return found ? (size_t)(found - text.data) : cut;
}

/* How much can be passed on. */
static size_t find_cut(const struct secret_mask *mask, struct bytes text)
{
    size_t cut = text.length - secret_mask_held(mask, text);
    for (size_t i = 0; i < mask->secrets.count;) {
        size_t begin = find_across(text, cut, secret_bytes(&mask->secrets.items[i]));
        i = begin < cut ? 0 : i + 1; /* it has moved: another one may reach across it now */
        cut = begin;
    }
    return text.length - cut > mask->longest + HELD_MAX ? text.length : cut;
}

/* Masks what is to be passed on of the first `length` bytes; how much that is. No secret reaches
 * across their end. */
static size_t mask_front(struct feed *feed, uint8_t *text, size_t length)
{
    size_t before = feed->before < length ? feed->before : length;
    feed->before -= before;
    return before < length ? secret_mask_apply(feed->mask, text, length, before) : 0;
}

static void pass_masked(struct feed *feed, struct bytes piece)
{
    size_t length = feed->held_length + piece.length;
    uint8_t *text = realloc(feed->held, length);
    if (!text) {
        feed_lose(feed);
        return;
    }
    memcpy(text + feed->held_length, piece.data, piece.length);
    size_t cut = find_cut(feed->mask, bytes_of(text, length));
    size_t masked = mask_front(feed, text, cut);
    feed->held = text;
    feed->held_length = length - cut;
    if (masked > 0)
        feed->output(feed->context, bytes_of(text, masked));
    memmove(text, text + cut, length - cut);
}

void feed_put(struct feed *feed, struct bytes piece)
{
    if (!feed->output || piece.length == 0)
        return;
    if (feed->mask->longest == 0)
        feed->output(feed->context, piece);
    else
        pass_masked(feed, piece);
}

void feed_begin(struct feed *feed, struct bytes kept, size_t before)
{
    feed->before = before;
    if (feed->mask->longest == 0 && kept.length > before)
        feed->output(feed->context, bytes_from(kept, before));
    else if (feed->mask->longest > 0 && kept.length > 0)
        pass_masked(feed, kept);
}

void feed_end(struct feed *feed)
{
    size_t masked = feed->held_length > 0 ? mask_front(feed, feed->held, feed->held_length) : 0;
    if (feed->output && masked > 0)
        feed->output(feed->context, bytes_of(feed->held, masked));
    feed_stop(feed);
}

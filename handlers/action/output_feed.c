/* A secret may come in two pieces, so the last bytes that may begin one are held until the next
 * piece comes. Without memory for that nothing more is passed on: a gap would be worse than the
 * end. */
#include "handlers/action/output_feed.h"

#include <stdlib.h>
#include <string.h>

static void feed_stop(struct feed *feed)
{
    free(feed->held);
    feed->held = NULL;
    feed->held_length = 0;
    feed->output = NULL;
}

static void pass_masked(struct feed *feed, struct bytes piece)
{
    size_t length = feed->held_length + piece.length;
    uint8_t *text = realloc(feed->held, length);
    if (!text) {
        feed->output(feed->context, bytes_of(NULL, 0));
        feed_stop(feed);
        return;
    }
    memcpy(text + feed->held_length, piece.data, piece.length);
    length = secret_mask_apply(feed->mask, text, length, 0);
    feed->held_length = secret_mask_held(feed->mask, bytes_of(text, length));
    feed->held = text;
    if (length > feed->held_length)
        feed->output(feed->context, bytes_of(text, length - feed->held_length));
    memmove(text, text + length - feed->held_length, feed->held_length);
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

void feed_end(struct feed *feed)
{
    if (feed->output && feed->held_length > 0)
        feed->output(feed->context, bytes_of(feed->held, feed->held_length));
    feed_stop(feed);
}

/* Lines out of a stream that comes in pieces, within a limit of memory whatever comes. */
#ifndef TENTERHOOK_HANDLERS_ACTION_LINE_READER_H
#define TENTERHOOK_HANDLERS_ACTION_LINE_READER_H

#include "base/buffer.h"

struct line_reader {
    struct buffer line; /* the beginning of one whose end has not come */
    bool skips;         /* to the next line end: the line is told already */
};

/* Is told a line without its end, alive during the call. One that is longer than the limit comes
 * cut, not whole, as soon as that is known. False: no further ones, now and later. */
typedef bool line_taker(void *context, struct bytes line, bool is_whole);

/* No line is longer than `limit` bytes. Allocates nothing yet. */
void line_reader_init(struct line_reader *reader, size_t limit);
void line_reader_finish(struct line_reader *reader);

/* Tells the lines that end in `piece`; false if `take` wants no more. */
bool line_reader_feed(struct line_reader *reader, struct bytes piece, line_taker *take,
                      void *context);
/* The stream has ended: tells what is left as a line. */
bool line_reader_end(struct line_reader *reader, line_taker *take, void *context);

#endif

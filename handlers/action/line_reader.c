/* A line that lies in one piece is told where it is; only the beginning of one whose end has not
 * come is copied. Without memory for that it is cut, as one that is too long. */
#include "handlers/action/line_reader.h"

void line_reader_init(struct line_reader *reader, size_t limit)
{
    buffer_init(&reader->line, limit);
    reader->skips = false;
}

void line_reader_finish(struct line_reader *reader)
{
    buffer_finish(&reader->line);
}

/* Tells the line that `part` continues, or ends. */
static bool tell(struct line_reader *reader, struct bytes part, bool is_whole, line_taker *take,
                 void *context)
{
    size_t room = reader->line.limit - reader->line.length;
    bool fits = part.length <= room;
    struct bytes line = bytes_of(part.data, fits ? part.length : room);
    if (reader->line.length > 0) {
        fits = buffer_append_bytes(&reader->line, line) && fits;
        line = buffer_bytes(&reader->line);
    }
    bool goes_on = take(context, line, is_whole && fits);
    buffer_consume(&reader->line, reader->line.length);
    return goes_on;
}

bool line_reader_feed(struct line_reader *reader, struct bytes piece, line_taker *take,
                      void *context)
{
    while (piece.length > 0) {
        const uint8_t *end = memchr(piece.data, '\n', piece.length);
        size_t length = end ? (size_t)(end - piece.data) : piece.length;
        struct bytes part = bytes_of(piece.data, length);
        bool is_told = end != NULL;
        piece = bytes_from(piece, length + is_told);
        if (reader->skips) {
            reader->skips = !end;
            continue;
        }
        if (!end && !buffer_append_bytes(&reader->line, part))
            is_told = reader->skips = true;
        if (is_told && !tell(reader, part, end != NULL, take, context))
            return false;
    }
    return true;
}

bool line_reader_end(struct line_reader *reader, line_taker *take, void *context)
{
    return reader->line.length == 0 || tell(reader, bytes_of(NULL, 0), true, take, context);
}

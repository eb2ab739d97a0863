/* What a worker writes, in pieces of any size: lines are the same however they come, none is longer
 * than the limit, and an answer that is taken lies in its line and is fit to be shown. */
#include "handlers/action/line_reader.h"
#include "handlers/action/worker_answer.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { LIMIT = 100 };

/* The lines of one reading, each with a byte for how it came. */
static bool keep(void *context, struct bytes line, bool is_whole)
{
    assert(line.length <= LIMIT && (is_whole || line.length == LIMIT));
    assert(buffer_append_bytes(context, line) && buffer_append_text(context, is_whole ? "|" : "!"));
    return true;
}

static void read_lines(struct bytes text, size_t piece_size, struct buffer *lines)
{
    struct line_reader reader;
    line_reader_init(&reader, LIMIT);
    while (text.length > 0) {
        struct bytes piece = text;
        piece.length = text.length < piece_size ? text.length : piece_size;
        assert(line_reader_feed(&reader, piece, keep, lines));
        text = bytes_from(text, piece.length);
    }
    line_reader_end(&reader, keep, lines);
    line_reader_finish(&reader);
}

static void read_answer(struct bytes line)
{
    struct worker_answer answer;
    if (worker_answer_read(line, &answer))
        return;
    assert(answer.id.data >= line.data &&
           answer.id.data + answer.id.length <= line.data + line.length);
    assert(answer.retry_ms >= 0 && answer.retry_ms <= WORKER_RETRY_MAX_S * 1000);
    size_t length = strlen(answer.reason);
    assert(length < sizeof answer.reason && (answer.verdict != WORKER_DEAD || length > 0));
    for (size_t i = 0; i < length; i++)
        assert((uint8_t)answer.reason[i] >= ' ' && answer.reason[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct buffer whole, pieces;
    buffer_init(&whole, 2 * size + 16);
    buffer_init(&pieces, 2 * size + 16);
    read_lines(text, size ? size : 1, &whole);
    read_lines(text, size ? 1 + data[0] % 16 : 1, &pieces);
    assert(bytes_equal(buffer_bytes(&whole), buffer_bytes(&pieces)));
    buffer_finish(&whole);
    buffer_finish(&pieces);
    for (struct bytes rest = text; rest.data;)
        read_answer(bytes_split(&rest, '\n'));
    return 0;
}

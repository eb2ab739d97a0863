/* For sentences of our own. Text of strangers goes through server/terminal/terminal.h. */
#include "base/wrap.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <string.h>

unsigned wrap_places(const char *text, size_t length)
{
    unsigned places = 0;
    for (size_t i = 0; i < length; i++)
        places += ((unsigned char)text[i] & 0xC0) != 0x80; /* UTF-8 */
    return places;
}

void wrap_pad(FILE *out, unsigned at, unsigned to)
{
    for (; at < to; at++)
        fputc(' ', out);
}

static void print_words(FILE *out, struct bytes left, unsigned at, unsigned indent, unsigned width)
{
    bool is_first = true; /* of its line */
    const char *text = (const char *)left.data, *end = text + left.length;
    while (text < end) {
        size_t length = 0;
        while (text + length < end && text[length] != ' ' && text[length] != '\n')
            length++;
        unsigned places = wrap_places(text, length);
        if (!is_first && at + 1 + places > width) {
            fputc('\n', out);
            wrap_pad(out, 0, indent);
            at = indent;
            is_first = true;
        }
        fprintf(out, "%s%.*s", is_first ? "" : " ", (int)length, text);
        at += places + !is_first;
        is_first = false;
        text += length + 1;
    }
    fputc('\n', out);
}

void wrap_print(FILE *out, const char *text, unsigned at, unsigned indent, unsigned width)
{
    print_words(out, bytes_of_text(text), at, indent, width);
}

/* Where the text of the second column begins; of a line of one column, its first word. */
static size_t find_column(struct bytes line)
{
    const char *text = (const char *)line.data;
    size_t first = 0;
    while (first < line.length && text[first] == ' ')
        first++;
    for (size_t i = first; i + 2 < line.length; i++) {
        if (text[i] != ' ' || text[i + 1] != ' ')
            continue;
        while (i < line.length && text[i] == ' ')
            i++;
        return i;
    }
    return first;
}

void wrap_print_lines(FILE *out, const char *text, unsigned width)
{
    struct bytes left = bytes_of_text(text);
    while (left.length > 0) {
        struct bytes line = bytes_split(&left, '\n');
        size_t column = find_column(line);
        unsigned indent = wrap_places((const char *)line.data, column);
        fwrite(line.data, 1, column, out);
        print_words(out, bytes_of(line.data + column, line.length - column), indent, indent, width);
    }
}

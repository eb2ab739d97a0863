/* For sentences of our own. Text of strangers goes through server/terminal/terminal.h. */
#include "base/wrap.h"

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

void wrap_print(FILE *out, const char *text, unsigned at, unsigned indent, unsigned width)
{
    bool is_first = true; /* of its line */
    while (*text) {
        size_t length = strcspn(text, " \n");
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
        text += length + (text[length] != '\0');
    }
    fputc('\n', out);
}

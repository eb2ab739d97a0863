/* base/encoding.c decides which characters are safe to show, for the log too. In JSON unsafe
 * characters occur only inside strings (control characters below U+0020 are escaped there already,
 * and are white space between its tokens), so each can be replaced in place. */
#include "server/terminal/terminal.h"

#include "base/encoding.h"
#include "base/log.h"

#include <unistd.h>

/* One character, or one malformed byte; returns its number of bytes. */
static size_t print_character(FILE *out, struct bytes text)
{
    size_t length = utf8_shown(text.data, text.length);
    if (length > 0)
        fwrite(text.data, 1, length, out);
    else
        fprintf(out, "\\x%02x", text.data[0]);
    return length > 0 ? length : 1;
}

void print_safe(FILE *out, struct bytes text)
{
    while (text.length > 0)
        text = bytes_from(text, print_character(out, text));
}

void print_column(FILE *out, struct bytes text, size_t width)
{
    print_safe(out, text);
    for (size_t i = text.length; i < width; i++)
        fputc(' ', out);
    fputs("  ", out);
}

/* How many bytes at the front are layout and harmless. */
static size_t white_space(struct bytes text)
{
    if (text.data[0] == '\r')
        return text.length > 1 && text.data[1] == '\n' ? 2 : 0;
    return text.data[0] == '\n' || text.data[0] == '\t';
}

void print_piece(FILE *out, struct bytes text)
{
    while (text.length > 0) {
        size_t kept = white_space(text);
        if (kept > 0)
            fwrite(text.data, 1, kept, out);
        text = bytes_from(text, kept > 0 ? kept : print_character(out, text));
    }
}

void print_bytes(FILE *out, struct bytes text, bool to_terminal)
{
    bool ends = text.length == 0 || text.data[text.length - 1] == '\n';
    if (!to_terminal) {
        if (text.length > 0)
            fwrite(text.data, 1, text.length, out);
        return;
    }
    print_piece(out, text);
    if (!ends)
        fputc('\n', out);
}

bool print_is_for_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void print_failure(const char *reason)
{
    fprintf(stderr, "%stenterhook: ", log_priority(LOG_ERROR));
    print_safe(stderr, bytes_of_text(reason));
    fputc('\n', stderr);
}

/* A well-formed sequence as one or two \u escapes. */
static void print_escape(FILE *out, struct bytes sequence)
{
    uint32_t code = sequence.length == 1 ? sequence.data[0]
                                         : sequence.data[0] & (0xffu >> (sequence.length + 1));
    for (size_t i = 1; i < sequence.length; i++)
        code = code << 6 | (sequence.data[i] & 0x3f);
    if (code < 0x10000)
        fprintf(out, "\\u%04x", code);
    else
        fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + (code & 0x3ff));
}

void print_json(FILE *out, struct bytes json)
{
    while (json.length > 0) {
        size_t length = utf8_sequence(json.data, json.length);
        if (json.data[0] < ' ' || utf8_shown(json.data, json.length) > 0)
            fwrite(json.data, 1, length, out);
        else if (length > 0)
            print_escape(out, bytes_of(json.data, length));
        else
            fputs("\\ufffd", out);
        json = bytes_from(json, length ? length : 1);
    }
}

/* Checks of the raw text. They come first because libyaml would guess an encoding from a byte order
 * mark and stop at a NUL, and because its messages know only an offset. */
#include "config/text.h"

#include "base/encoding.h"

void text_offset_problem(const struct source *source, size_t offset, struct problem_list *problems,
                         const char *text)
{
    unsigned line, column;
    source_place(source, offset, &line, &column);
    problem_add_unparsed(problems, source, line, column, NULL, "%s", text);
}

/* The first byte that is not part of valid UTF-8: the last character boundary at which what stands
 * before is still valid. Only called for text that is wrong, so it may take its time by lines. */
static size_t find_invalid(struct bytes text)
{
    size_t start = 0;
    for (;;) {
        const uint8_t *end = memchr(text.data + start, '\n', text.length - start);
        size_t next = end ? (size_t)(end - text.data) + 1 : text.length;
        if (!utf8_valid(bytes_of(text.data + start, next - start)) || next == text.length)
            break;
        start = next;
    }
    size_t low = start, length = 1;
    while (low < text.length) {
        for (length = 1; length <= 4 && low + length <= text.length; length++)
            if (utf8_valid(bytes_of(text.data + low, length)))
                break;
        if (length > 4 || low + length > text.length)
            break;
        low += length;
    }
    return low;
}

/* libyaml also ends lines at a CR alone, NEL, LS and PS, which nothing else does: then its lines
 * would not be those that are printed, and a mask could lie beside its secret. Returns the length
 * if there is none. */
static size_t find_odd_line_end(struct bytes text)
{
    static const struct bytes odd[] = {{(const uint8_t *)"\xc2\x85", 2},
                                       {(const uint8_t *)"\xe2\x80\xa8", 3},
                                       {(const uint8_t *)"\xe2\x80\xa9", 3}};
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\r' && (i + 1 == text.length || text.data[i + 1] != '\n'))
            return i;
        for (size_t j = 0; byte >= 0x80 && j < sizeof odd / sizeof *odd; j++)
            if (bytes_starts_with(bytes_from(text, i), odd[j]))
                return i;
    }
    return text.length;
}

bool text_check(const struct source *source, struct problem_list *problems)
{
    struct bytes text = source->text;
    if (text.length == 0)
        return true;
    const uint8_t *nul = memchr(text.data, 0, text.length);
    if (text.length > TEXT_MAX)
        text_offset_problem(source, 0, problems, "the file is larger than 16 MiB");
    else if (bytes_starts_with(text, bytes_of("\xef\xbb\xbf", 3)))
        text_offset_problem(source, 0, problems, "a byte order mark; save the file without one");
    else if (bytes_starts_with(text, bytes_of("\xff\xfe", 2)) ||
             bytes_starts_with(text, bytes_of("\xfe\xff", 2)))
        text_offset_problem(source, 0, problems, "this is UTF-16; save the file as UTF-8");
    else if (nul)
        text_offset_problem(source, (size_t)(nul - text.data), problems, "a NUL byte");
    else if (!utf8_valid(text))
        text_offset_problem(source, find_invalid(text), problems, "this is not UTF-8");
    else if (find_odd_line_end(text) < text.length)
        text_offset_problem(source, find_odd_line_end(text), problems,
                            "a line end is neither LF nor CR LF");
    else
        return true;
    return false;
}

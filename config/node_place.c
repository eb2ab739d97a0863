/* The parser of YAML tells where a scalar begins and what it says; between the two lie quotes and
 * escapes, which are walked through here once more. */
#include "config/node_place.h"

#include "base/encoding.h"

/* Bytes of the UTF-8 character at the front. */
static size_t character_length(struct bytes text)
{
    uint8_t first = text.data[0];
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return length <= text.length ? length : 1;
}

static struct bytes line_from(const struct source *source, unsigned line, unsigned column)
{
    struct bytes rest = source->text, found = {0};
    for (unsigned i = 0; i < line && rest.data; i++)
        found = bytes_split(&rest, '\n');
    for (unsigned i = 1; i < column && found.length; i++)
        found = bytes_from(found, character_length(found));
    return found;
}

static size_t utf8_length(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* What is written at the front: how many bytes of the file, and how many of the scalar. */
struct written {
    size_t length, meaning;
};

static struct written read_hex(struct bytes text, size_t digits)
{
    uint32_t code = 0;
    for (size_t i = 0; i < digits && 2 + i < text.length; i++)
        code = code << 4 | (uint32_t)hex_digit(text.data[2 + i]);
    return (struct written){2 + digits, utf8_length(code)};
}

static struct written read_escape(struct bytes text)
{
    switch (text.length > 1 ? text.data[1] : 0) {
    case 'x':
        return read_hex(text, 2);
    case 'u':
        return read_hex(text, 4);
    case 'U':
        return read_hex(text, 8);
    case 'N':
    case '_':
        return (struct written){2, 2}; /* U+0085, U+00A0 */
    case 'L':
    case 'P':
        return (struct written){2, 3}; /* U+2028, U+2029 */
    default:
        return (struct written){2, 1};
    }
}

static struct written read_character(struct bytes text, uint8_t quote)
{
    size_t length = character_length(text);
    if (quote == '"' && text.data[0] == '\\')
        return read_escape(text);
    if (quote == '\'' && text.data[0] == '\'')
        return (struct written){2, 1};
    return (struct written){length, length};
}

struct node node_place_inside(const struct node *node, size_t offset)
{
    struct node place = *node;
    if (node->kind != NODE_SCALAR || node->end_column == 0 || offset > node->length)
        return place;
    struct bytes text = line_from(node->source, node->line, node->column);
    uint8_t quote = node->quoted && text.length ? text.data[0] : 0;
    if (quote) {
        text = bytes_from(text, 1);
        place.column++;
    }
    for (size_t at = 0; at < offset && text.length > 0;) {
        struct written one = read_character(text, quote);
        at += one.meaning;
        /* an escape is ASCII: as many columns as bytes */
        place.column += text.data[0] < 0x80 ? (unsigned)one.length : 1;
        text = bytes_from(text, one.length);
    }
    place.end_column = place.column + 1;
    return place;
}

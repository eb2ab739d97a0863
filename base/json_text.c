/* Plain text is copied in runs, which is nearly all of it. */
#include "base/json_text.h"

#include "base/encoding.h"

size_t json_string_length(struct bytes text)
{
    size_t at = 1;
    while (at < text.length && text.data[at] != '"')
        at += 1 + (text.data[at] == '\\');
    return at < text.length ? at + 1 : text.length;
}

static bool escape_one(struct buffer *out, uint8_t byte)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte ? strchr(plain, byte) : NULL;
    if (found)
        return buffer_printf(out, "\\%c", letters[found - plain]);
    return byte < ' ' ? buffer_printf(out, "\\u%04x", byte)
                      : buffer_append_text(out, "\xef\xbf\xbd");
}

bool json_escape(struct buffer *out, struct bytes text)
{
    const uint8_t *at = text.data, *end = text.length ? at + text.length : at;
    while (at < end) {
        const uint8_t *plain = json_skip_plain(at, end);
        if (!buffer_append(out, at, (size_t)(plain - at)))
            return false;
        at = plain;
        if (at == end)
            break;
        size_t length = *at < 0x80 ? 0 : utf8_sequence(at, (size_t)(end - at));
        if (!(length ? buffer_append(out, at, length) : escape_one(out, *at)))
            return false;
        at += length ? length : 1;
    }
    return true;
}

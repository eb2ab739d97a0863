/* UUIDs (RFC 9562), JSON pointers (RFC 6901 and their relative form), regular expressions. */
#include "handlers/schema/format_checks.h"
#include "handlers/schema/regex.h"

bool format_uuid(struct bytes text)
{
    if (text.length != 36)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : !format_is_hex(text.data[i]))
            return false;
    }
    return true;
}

bool format_json_pointer(struct bytes text)
{
    if (text.length && text.data[0] != '/')
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '~' &&
            (i + 1 == text.length || (text.data[i + 1] != '0' && text.data[i + 1] != '1')))
            return false;
    return true;
}

/* "0", or digits without a leading 0; moves behind them. */
static bool take_count(struct bytes *text)
{
    size_t digits = 0;
    while (digits < text->length && format_is_digit(text->data[digits]))
        digits++;
    if (digits == 0 || (digits > 1 && text->data[0] == '0'))
        return false;
    *text = bytes_from(*text, digits);
    return true;
}

/* As 2020-12 refers to it, with "+1" or "-1" for an index beside the own one. */
bool format_relative_json_pointer(struct bytes text)
{
    if (!take_count(&text))
        return false;
    if (text.length && (text.data[0] == '+' || text.data[0] == '-')) {
        text = bytes_from(text, 1);
        if (!take_count(&text))
            return false;
    }
    return bytes_equal_text(text, "#") || format_json_pointer(text);
}

bool format_regex(struct bytes text)
{
    return regex_valid(text);
}

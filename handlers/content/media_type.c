/* What is no media type has no name that anybody asks for, and needs no refusal of its own. */
#include "handlers/content/media_type.h"

struct bytes media_type_name(struct bytes type)
{
    return bytes_trim(bytes_split(&type, ';'));
}

bool media_type_has_suffix(struct bytes name, const char *suffix)
{
    struct bytes subtype = name;
    size_t length = strlen(suffix);
    bytes_split(&subtype, '/');
    return subtype.length > length &&
           bytes_equal_nocase(bytes_from(subtype, subtype.length - length), bytes_of_text(suffix));
}

static struct bytes without_quotes(struct bytes text)
{
    if (text.length < 2 || text.data[0] != '"' || text.data[text.length - 1] != '"')
        return text;
    return bytes_of(text.data + 1, text.length - 2);
}

struct bytes media_type_parameter(struct bytes type, const char *name, size_t *count)
{
    struct bytes first = bytes_of(NULL, 0);
    *count = 0;
    bytes_split(&type, ';');
    while (type.length > 0) {
        struct bytes value = bytes_split(&type, ';');
        if (bytes_equal_nocase(bytes_trim(bytes_split(&value, '=')), bytes_of_text(name)) &&
            (*count)++ == 0)
            first = without_quotes(bytes_trim(value));
    }
    return first;
}

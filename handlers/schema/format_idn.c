/* Internationalized host names and mailboxes (RFC 6531): of labels, in ASCII or not. */
#include "handlers/schema/format_checks.h"
#include "handlers/schema/idn_label.h"

#include <string.h>

enum { HOST_MAX = 253 };

static bool take_ascii_label(struct bytes text, struct idn_name *name)
{
    name->length += text.length + 1;
    name->digit_first |= text.length && format_is_digit(text.data[0]);
    return format_hostname(text);
}

/* Length of the label in front: dots may be written in four ways (RFC 3490 section 3.1). */
static size_t label_length(struct bytes text, size_t *separator)
{
    static const char *const dots[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    for (size_t i = 0; i < text.length; i++)
        for (int d = 0; d < 4; d++)
            if (bytes_starts_with(bytes_from(text, i), bytes_of_text(dots[d]))) {
                *separator = strlen(dots[d]);
                return i;
            }
    *separator = 0;
    return text.length;
}

bool format_idn_hostname(struct bytes text)
{
    size_t separator = 1;
    struct idn_name name = {0};
    if (text.length == 0 || text.length > HOST_MAX * 4)
        return false;
    while (separator) {
        struct bytes label = bytes_of(text.data, label_length(text, &separator));
        if (!(idn_is_ascii(label) ? take_ascii_label(label, &name)
                                  : idn_u_label_valid(label, &name)))
            return false;
        text = bytes_from(text, label.length + separator);
    }
    /* RFC 5893 section 2, rule 1: where one label is right-to-left, none begins with a digit */
    return name.length - 1 <= HOST_MAX && !(name.right_to_left && name.digit_first);
}

bool format_idn_email(struct bytes text)
{
    struct bytes domain;
    return format_split_email(text, true, &domain) &&
           (format_address_literal(domain) || format_idn_hostname(domain));
}

/* The table of formats. All names work in all drafts: a format that a draft does not know yet says
 * nothing there by the letter, but whoever writes one means it. */
#include "handlers/schema/format.h"

#include "handlers/schema/format_checks.h"

static const struct format_row rows[] = {
    {"date", format_date, "a date such as 2026-11-24"},
    {"date-time", format_date_time, "a date and time such as 2026-11-24T03:15:24Z"},
    {"duration", format_duration, "a duration such as P3DT4H"},
    {"email", format_email, "an e-mail address", PRICE_NAME},
    {"hostname", format_hostname, "a host name", PRICE_NAME},
    {"idn-email", format_idn_email, "an e-mail address", PRICE_NAME},
    {"idn-hostname", format_idn_hostname, "a host name", PRICE_NAME},
    {"ipv4", format_ipv4, "an IPv4 address"},
    {"ipv6", format_ipv6, "an IPv6 address"},
    {"iri", format_iri, "an IRI"},
    {"iri-reference", format_iri_reference, "an IRI or a relative reference"},
    {"json-pointer", format_json_pointer, "a JSON pointer"},
    {"regex", format_regex, "a regular expression of ECMA-262", PRICE_REGEX},
    {"relative-json-pointer", format_relative_json_pointer, "a relative JSON pointer"},
    {"time", format_time, "a time such as 03:15:24Z"},
    {"uri", format_uri, "a URI"},
    {"uri-reference", format_uri_reference, "a URI or a relative reference"},
    {"uri-template", format_uri_template, "a URI template"},
    {"uuid", format_uuid, "a UUID"},
};

const struct format_row *format_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_equal_text(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* Labels beyond ASCII, as they are or as "xn--". */
static bool has_wide_label(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 0x80 || (i && text.data[i] == '-' && text.data[i - 1] == '-'))
            return true;
    return false;
}

size_t format_cost(const struct format_row *row, struct bytes text)
{
    if (row->price == PRICE_REGEX)
        return text.length * 2;
    if (row->price == PRICE_NAME && has_wide_label(text))
        return text.length * 2;
    return text.length / 16;
}

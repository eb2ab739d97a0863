/* The table of formats. All names work in all drafts: a format that a draft does not know yet says
 * nothing there by the letter, but whoever writes one means it. */
#include "handlers/schema/format.h"

static const struct format_row rows[] = {
    {"date", format_date, "a date such as 2026-11-24"},
    {"date-time", format_date_time, "a date and time such as 2026-11-24T03:15:24Z"},
    {"duration", format_duration, "a duration such as P3DT4H"},
    {"email", format_email, "an e-mail address"},
    {"hostname", format_hostname, "a host name"},
    {"idn-email", format_idn_email, "an e-mail address"},
    {"idn-hostname", format_idn_hostname, "a host name"},
    {"ipv4", format_ipv4, "an IPv4 address"},
    {"ipv6", format_ipv6, "an IPv6 address"},
    {"iri", format_iri, "an IRI"},
    {"iri-reference", format_iri_reference, "an IRI or a relative reference"},
    {"json-pointer", format_json_pointer, "a JSON pointer"},
    {"regex", format_regex, "a regular expression of ECMA-262"},
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

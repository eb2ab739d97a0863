/* The functions behind the formats, and what they share: for the files of the formats. */
#ifndef TENTERHOOK_SCHEMA_FORMAT_CHECKS_H
#define TENTERHOOK_SCHEMA_FORMAT_CHECKS_H

#include "base/bytes.h"

/* format_time.c */
bool format_date(struct bytes text);
bool format_time(struct bytes text);
bool format_date_time(struct bytes text);
bool format_duration(struct bytes text);

/* format_host.c */
bool format_hostname(struct bytes text);
bool format_ipv4(struct bytes text);
bool format_ipv6(struct bytes text);
bool format_email(struct bytes text);

/* format_idn.c */
bool format_idn_hostname(struct bytes text);
bool format_idn_email(struct bytes text);

/* format_uri.c */
bool format_uri(struct bytes text);
bool format_uri_reference(struct bytes text);
bool format_iri(struct bytes text);
bool format_iri_reference(struct bytes text);
bool format_uri_template(struct bytes text);

/* format_text.c */
bool format_uuid(struct bytes text);
bool format_json_pointer(struct bytes text);
bool format_relative_json_pointer(struct bytes text);
bool format_regex(struct bytes text);

/* For all of them: */
static inline bool format_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool format_is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

static inline bool format_is_hex(uint8_t c)
{
    return format_is_digit(c) || (uint8_t)((c | 0x20) - 'a') < 6;
}

/* local "@" rest; `wide` lets the local part be UTF-8. format_host.c */
bool format_split_email(struct bytes text, bool wide, struct bytes *domain);
bool format_address_literal(struct bytes domain);

#endif

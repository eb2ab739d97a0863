/* Internationalized host names: RFC 5890 to 5893. The rules want the tables of Unicode, which
 * libidn2 has and GnuTLS brings with it; it allocates, so it is asked only about labels outside of
 * ASCII. The contextual rules of RFC 5892 appendix A that libidn2 leaves to its callers are here. */
#include "base/encoding.h"
#include "handlers/schema/format.h"

#include <idn2.h>
#include <stdlib.h>

enum { HOST_MAX = 253, LABEL_CODES = 64 };

struct label {
    uint32_t codes[LABEL_CODES];
    size_t count;
};

static bool decode_label(struct bytes text, struct label *label)
{
    label->count = 0;
    while (text.length) {
        size_t length = utf8_sequence(text.data, text.length);
        if (length == 0 || label->count == LABEL_CODES)
            return false;
        uint32_t code = length == 1   ? text.data[0]
                        : length == 2 ? text.data[0] & 0x1f
                        : length == 3 ? text.data[0] & 0x0f
                                      : text.data[0] & 0x07;
        for (size_t i = 1; i < length; i++)
            code = code << 6 | (text.data[i] & 0x3f);
        label->codes[label->count++] = code;
        text = bytes_from(text, length);
    }
    return label->count > 0;
}

static bool in_range(uint32_t code, uint32_t from, uint32_t to)
{
    return code >= from && code <= to;
}

static bool is_greek(uint32_t code)
{
    return in_range(code, 0x370, 0x3ff) || in_range(code, 0x1f00, 0x1fff);
}

static bool is_hebrew(uint32_t code)
{
    return in_range(code, 0x591, 0x5f4);
}

/* Hiragana, Katakana or Han. */
static bool is_japanese(uint32_t code)
{
    return in_range(code, 0x3041, 0x3096) || in_range(code, 0x309d, 0x309f) ||
           in_range(code, 0x30a1, 0x30fa) || in_range(code, 0x30fc, 0x30ff) ||
           in_range(code, 0x3400, 0x4dbf) || in_range(code, 0x4e00, 0x9fff) || code == 0x3005 ||
           code == 0x3007 || in_range(code, 0x20000, 0x323af);
}

static bool any_code(const struct label *label, bool (*test)(uint32_t))
{
    for (size_t i = 0; i < label->count; i++)
        if (test(label->codes[i]))
            return true;
    return false;
}

static bool is_arabic_digit(uint32_t code)
{
    return in_range(code, 0x660, 0x669);
}

static bool is_extended_digit(uint32_t code)
{
    return in_range(code, 0x6f0, 0x6f9);
}

/* RFC 5892 appendix A.3 to A.9. */
static bool context_allows(const struct label *label, size_t at)
{
    uint32_t before = at ? label->codes[at - 1] : 0;
    uint32_t after = at + 1 < label->count ? label->codes[at + 1] : 0;
    switch (label->codes[at]) {
    case 0xb7:
        return before == 'l' && after == 'l';
    case 0x375:
        return is_greek(after);
    case 0x5f3:
    case 0x5f4:
        return is_hebrew(before);
    case 0x30fb:
        return any_code(label, is_japanese);
    case 0x302e: /* Hangul tone marks: disallowed by RFC 5892 section 2.6, as the ones below */
    case 0x302f:
    case 0x640:
    case 0x7fa:
    case 0x3031:
    case 0x3032:
    case 0x3033:
    case 0x3034:
    case 0x3035:
    case 0x303b:
        return false;
    }
    return true;
}

static bool context_good(const struct label *label)
{
    for (size_t i = 0; i < label->count; i++)
        if (!context_allows(label, i))
            return false;
    return !(any_code(label, is_arabic_digit) && any_code(label, is_extended_digit));
}

/* Whether libidn2 takes the label, and as itself: no mapping. */
static bool library_allows(struct bytes text)
{
    char copy[LABEL_CODES * 4 + 1];
    uint8_t *ascii = NULL;
    if (text.length >= sizeof copy || memchr(text.data, 0, text.length))
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    int result = idn2_lookup_u8((const uint8_t *)copy, &ascii, IDN2_NO_TR46);
    idn2_free(ascii);
    return result == IDN2_OK;
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static bool is_u_label(struct bytes text)
{
    struct label label;
    return decode_label(text, &label) && context_good(&label) && library_allows(text);
}

bool idn_label_valid(struct bytes a_label)
{
    char copy[64], *unicode = NULL;
    if (a_label.length >= sizeof copy)
        return false;
    memcpy(copy, a_label.data, a_label.length);
    copy[a_label.length] = '\0';
    bool good = idn2_to_unicode_8z8z(copy, &unicode, IDN2_NO_TR46) == IDN2_OK &&
                !is_ascii(bytes_of_text(unicode)) && is_u_label(bytes_of_text(unicode));
    idn2_free(unicode);
    return good;
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
    if (text.length == 0 || text.length > HOST_MAX * 4)
        return false;
    while (separator) {
        struct bytes label = bytes_of(text.data, label_length(text, &separator));
        if (!(is_ascii(label) ? format_hostname(label) : is_u_label(label)))
            return false;
        text = bytes_from(text, label.length + separator);
    }
    return true;
}

bool format_idn_email(struct bytes text)
{
    struct bytes domain;
    return format_split_email(text, true, &domain) &&
           (format_address_literal(domain) || format_idn_hostname(domain));
}

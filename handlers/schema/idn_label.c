/* Labels of internationalized host names: RFC 5890 to 5893. The rules want the tables of Unicode,
 * which libidn2 has and GnuTLS brings with it; it allocates, so it is asked only about labels
 * outside of ASCII. The contextual rules of RFC 5892 appendix A that libidn2 leaves to its callers
 * are here.
 */
#include "handlers/schema/idn_label.h"

#include "base/encoding.h"

#include <idn2.h>
#include <stdlib.h>

enum { LABEL_CODES = 64 };

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
        label->codes[label->count++] = utf8_decode(text.data, length);
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

/* Scripts written from right to left, roughly: the blocks that Unicode keeps for them. */
static bool is_right_to_left(uint32_t code)
{
    bool digit = is_arabic_digit(code) || is_extended_digit(code);
    return !digit && (in_range(code, 0x590, 0x8ff) || in_range(code, 0xfb1d, 0xfdff) ||
                      in_range(code, 0xfe70, 0xfefc) || in_range(code, 0x10800, 0x10fff) ||
                      in_range(code, 0x1e800, 0x1efff));
}

static bool is_european_digit(uint32_t code)
{
    return in_range(code, '0', '9') || is_extended_digit(code);
}

/* RFC 5893 section 2, rule 4; libidn2 has the other rules within a label. */
static bool digits_good(const struct label *label)
{
    return !(any_code(label, is_right_to_left) && any_code(label, is_arabic_digit) &&
             any_code(label, is_european_digit));
}

/* Whether libidn2 takes the label, and as itself: no mapping. */
static bool library_allows(struct bytes text, struct idn_name *name)
{
    char copy[LABEL_CODES * 4 + 1];
    uint8_t *ascii = NULL;
    if (text.length >= sizeof copy || memchr(text.data, 0, text.length))
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    int result = idn2_lookup_u8((const uint8_t *)copy, &ascii, IDN2_NO_TR46);
    if (result == IDN2_OK)
        name->length += strlen((const char *)ascii) + 1;
    idn2_free(ascii);
    return result == IDN2_OK;
}

bool idn_is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

/* RFC 5891 section 4.2.3.1, which libidn2 leaves to its callers as well. */
static bool hyphens_good(const struct label *label)
{
    const uint32_t *codes = label->codes;
    bool reserved = label->count >= 4 && codes[2] == '-' && codes[3] == '-';
    return !reserved && codes[0] != '-' && codes[label->count - 1] != '-';
}

bool idn_u_label_valid(struct bytes text, struct idn_name *name)
{
    struct label label;
    if (!decode_label(text, &label) || !hyphens_good(&label))
        return false;
    name->right_to_left |= any_code(&label, is_right_to_left);
    return context_good(&label) && digits_good(&label) && library_allows(text, name);
}

bool idn_a_label_valid(struct bytes label)
{
    char copy[64], *unicode = NULL;
    struct idn_name name = {0};
    if (label.length >= sizeof copy)
        return false;
    memcpy(copy, label.data, label.length);
    copy[label.length] = '\0';
    bool good = idn2_to_unicode_8z8z(copy, &unicode, IDN2_NO_TR46) == IDN2_OK &&
                !idn_is_ascii(bytes_of_text(unicode)) &&
                idn_u_label_valid(bytes_of_text(unicode), &name);
    idn2_free(unicode);
    return good;
}

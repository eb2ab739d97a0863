/* Host names (RFC 1123, and the A-labels of RFC 5890 in them), addresses (RFC 2673, RFC 4291) and
 * mailboxes (RFC 5321 section 4.1.2). */
#include "handlers/schema/format_checks.h"
#include "handlers/schema/idn_label.h"

enum { HOST_MAX = 253, LABEL_MAX = 63, LOCAL_MAX = 64 };

/* ---- host names ---- */

static bool is_label(struct bytes label)
{
    if (label.length == 0 || label.length > LABEL_MAX || label.data[0] == '-' ||
        label.data[label.length - 1] == '-')
        return false;
    for (size_t i = 0; i < label.length; i++)
        if (!format_is_letter(label.data[i]) && !format_is_digit(label.data[i]) &&
            label.data[i] != '-')
            return false;
    /* other labels with two hyphens there are reserved (RFC 5890 section 2.3.1), but are names */
    struct bytes prefix = bytes_of(label.data, label.length < 4 ? label.length : 4);
    return !bytes_equal_nocase(prefix, bytes_of_text("xn--")) || idn_a_label_valid(label);
}

bool format_hostname(struct bytes text)
{
    if (text.length == 0 || text.length > HOST_MAX)
        return false;
    for (struct bytes rest = text; rest.data;)
        if (!is_label(bytes_split(&rest, '.')))
            return false;
    return true;
}

/* ---- addresses ---- */

static bool is_dotted_quad(struct bytes text, bool leading_zeros)
{
    unsigned parts = 0;
    for (struct bytes rest = text; rest.data; parts++) {
        uint64_t number;
        struct bytes part = bytes_split(&rest, '.');
        if (part.length > 3 || !bytes_to_uint64(part, &number) || number > 255 ||
            (part.length > 1 && part.data[0] == '0' && !leading_zeros))
            return false;
    }
    return parts == 4;
}

bool format_ipv4(struct bytes text)
{
    return is_dotted_quad(text, false);
}

static bool is_group(struct bytes group)
{
    if (group.length == 0 || group.length > 4)
        return false;
    for (size_t i = 0; i < group.length; i++)
        if (!format_is_hex(group.data[i]))
            return false;
    return true;
}

/* How many 16-bit groups the colon-separated list has; -1 if it is none. An IPv4 address may stand
 * last where `tail` allows. */
static int count_groups(struct bytes list, bool tail)
{
    int count = 0;
    if (list.length == 0)
        return 0;
    for (struct bytes rest = list; rest.data; count++) {
        struct bytes group = bytes_split(&rest, ':');
        if (!rest.data && tail && memchr(group.data, '.', group.length)) {
            if (!format_ipv4(group))
                return -1;
            count++;
        } else if (!is_group(group)) {
            return -1;
        }
    }
    return count;
}

bool format_ipv6(struct bytes text)
{
    const uint8_t *gap = text.length ? memmem(text.data, text.length, "::", 2) : NULL;
    if (!gap)
        return count_groups(text, true) == 8;
    size_t before = (size_t)(gap - text.data);
    int head = count_groups(bytes_of(text.data, before), false);
    int tail = count_groups(bytes_from(text, before + 2), true);
    return head >= 0 && tail >= 0 && head + tail <= 7;
}

bool format_address_literal(struct bytes domain)
{
    if (domain.length < 2 || domain.data[0] != '[' || domain.data[domain.length - 1] != ']')
        return false;
    struct bytes inside = bytes_of(domain.data + 1, domain.length - 2);
    if (inside.length > 5 && bytes_equal_nocase(bytes_of(inside.data, 5), bytes_of_text("IPv6:")))
        return format_ipv6(bytes_from(inside, 5));
    return is_dotted_quad(inside, true); /* RFC 5321 section 4.1.3: Snum is 1*3DIGIT */
}

/* ---- mailboxes ---- */

static bool is_atom_byte(uint8_t c, bool wide)
{
    return format_is_letter(c) || format_is_digit(c) ||
           (c && c < 0x80 && strchr("!#$%&'*+-/=?^_`{|}~", c)) || (wide && c >= 0x80);
}

static bool is_dot_string(struct bytes local, bool wide)
{
    for (struct bytes rest = local; rest.data;) {
        struct bytes atom = bytes_split(&rest, '.');
        if (atom.length == 0)
            return false;
        for (size_t i = 0; i < atom.length; i++)
            if (!is_atom_byte(atom.data[i], wide))
                return false;
    }
    return local.length > 0;
}

static bool is_quoted_string(struct bytes local, bool wide)
{
    if (local.length < 2 || local.data[0] != '"' || local.data[local.length - 1] != '"')
        return false;
    for (size_t i = 1; i < local.length - 1; i++) {
        uint8_t c = local.data[i];
        bool escaped = c == '\\';
        if (escaped)
            c = local.data[++i];
        if (escaped && (i == local.length - 1 || c >= 0x80))
            return false;
        if ((c == '"' && !escaped) || c < ' ' || c == 0x7f || (c >= 0x80 && !wide))
            return false;
    }
    return true;
}

bool format_split_email(struct bytes text, bool wide, struct bytes *domain)
{
    const uint8_t *at = text.length ? memrchr(text.data, '@', text.length) : NULL;
    if (!at)
        return false;
    struct bytes local = bytes_of(text.data, (size_t)(at - text.data));
    *domain = bytes_from(text, local.length + 1);
    return local.length <= LOCAL_MAX &&
           (is_dot_string(local, wide) || is_quoted_string(local, wide));
}

bool format_email(struct bytes text)
{
    struct bytes domain;
    return format_split_email(text, false, &domain) &&
           (format_address_literal(domain) || format_hostname(domain));
}

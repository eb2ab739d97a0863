/* A credential that comes twice is refused, not chosen from: which one another party looked at is
 * not known. */
#include "handlers/auth/credentials.h"

bool credentials_header(const struct request *request, const char *name, struct bytes *value)
{
    size_t count;
    struct bytes found = request_header(request, name, &count);
    if (count != 1 || found.length == 0)
        return false;
    *value = found;
    return true;
}

bool credentials_authorization(const struct request *request, const char *scheme,
                               struct bytes *value)
{
    struct bytes rest;
    if (!credentials_header(request, "Authorization", &rest))
        return false;
    struct bytes given = bytes_split(&rest, ' ');
    rest = bytes_trim(rest);
    if (!bytes_equal_nocase(given, bytes_of_text(scheme)) || rest.length == 0)
        return false;
    *value = rest;
    return true;
}

static bool has_scheme(struct bytes header)
{
    return bytes_equal_nocase(header, bytes_of_text("Authorization"));
}

bool credentials_match(struct bytes header, const struct secret_list *secrets, struct bytes given,
                       size_t *which)
{
    return has_scheme(header) ? secret_list_matches_credentials(secrets, given, which)
                              : secret_list_matches(secrets, given, which);
}

bool credentials_take_prefix(struct bytes header, struct bytes prefix, struct bytes *text)
{
    const uint8_t *space = prefix.length ? memchr(prefix.data, ' ', prefix.length) : NULL;
    size_t scheme = space && has_scheme(header) ? (size_t)(space - prefix.data) : 0;
    if (text->length < prefix.length ||
        !bytes_equal_nocase(bytes_of(text->data, scheme), bytes_of(prefix.data, scheme)) ||
        !bytes_starts_with(bytes_from(*text, scheme), bytes_from(prefix, scheme)))
        return false;
    *text = bytes_from(*text, prefix.length);
    return true;
}

bool credentials_check_name(struct load *load, const struct node *node, const char *key,
                            const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (name[0] != '\0' && name[strspn(name, token)] == '\0')
        return true;
    const struct node *value = tree_find(node, key);
    return load_problem(load, value ? value : node, "\"%s\" cannot be the name of a header", name);
}

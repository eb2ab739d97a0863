/* Bits behind a prefix, which our file refuses, are cleared: they mean nothing in `webhook`. */
#include "server/import/network.h"

#include <arpa/inet.h>
#include <string.h>

enum { NETWORKS_MAX = 1000 };

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool read_bits(const char *slash, unsigned full, unsigned *bits)
{
    uint64_t number = full;
    if (slash && (!bytes_to_uint64(bytes_of_text(slash + 1), &number) || number > full))
        return false;
    *bits = (unsigned)number;
    return true;
}

/* `text` is NUL-terminated and its own. */
static bool read_network(char *text, struct arena *arena, struct bytes *network, bool *is_odd)
{
    uint8_t address[16];
    char shown[INET6_ADDRSTRLEN];
    char *slash = strchr(text, '/');
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    unsigned size = family == AF_INET ? 4 : 16, bits;
    if (!read_bits(slash, size * 8, &bits))
        return false;
    if (slash)
        *slash = '\0';
    if (inet_pton(family, text, address) != 1)
        return false;
    for (unsigned i = 0; i < size; i++) {
        unsigned kept = bits <= i * 8 ? 0 : bits - i * 8;
        address[i] &= kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);
    }
    inet_ntop(family, address, shown, sizeof shown);
    const char *made = bits == size * 8 ? arena_copy_text(arena, shown)
                                        : arena_format(arena, "%s/%u", shown, bits);
    *network = bytes_of_text(made);
    *is_odd |= family == AF_INET6 && !slash;
    return made != NULL;
}

bool networks_read(struct bytes text, struct arena *arena, struct bytes **networks, size_t *count,
                   bool *is_odd)
{
    size_t most = text.length / 2 < NETWORKS_MAX ? text.length / 2 + 1 : NETWORKS_MAX;
    struct bytes *found = arena_alloc_array(arena, most, sizeof *found);
    size_t number = 0;
    for (size_t i = 0, end; found && i < text.length; i = end) {
        for (end = i; end < text.length && !is_blank(text.data[end]);)
            end++;
        if (end == i) {
            end++;
            continue;
        }
        char *copy = arena_copy_bytes(arena, bytes_of(text.data + i, end - i));
        if (!copy || number == most || !read_network(copy, arena, &found[number], is_odd))
            return false;
        number++;
    }
    *networks = found;
    *count = number;
    return found != NULL;
}

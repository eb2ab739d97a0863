/* Looking things up in a request. Heads hold at most 64 headers, so a walk is as good as a table.
 */
#include "handlers/request.h"

#include "base/encoding.h"

#include <arpa/inet.h>
#include <stdio.h>

struct bytes request_header(const struct request *request, const char *name, size_t *count)
{
    struct bytes wanted = bytes_of_text(name), value = bytes_of(NULL, 0);
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (bytes_equal_nocase(header->name, wanted) && found++ == 0)
            value = header->value;
    }
    if (count)
        *count = found;
    return value;
}

bool request_header_text(const struct request *request, struct bytes name, struct buffer *room,
                         struct bytes *text)
{
    size_t count = 0;
    room->length = 0;
    *text = bytes_of(NULL, 0);
    for (size_t i = 0; i < request->header_count; i++) {
        struct bytes value = request->headers[i].value;
        if (!bytes_equal_nocase(request->headers[i].name, name))
            continue;
        if (count++ == 0) {
            *text = value.data ? value : bytes_of("", 0);
            continue;
        }
        if ((count == 2 && !utf8_append(room, *text)) || !buffer_append_text(room, ", ") ||
            !utf8_append(room, value))
            return false;
    }
    if (count == 1 && !utf8_valid(*text) && !utf8_append(room, *text))
        return false;
    if (room->length > 0)
        *text = buffer_bytes(room);
    return true;
}

struct bytes request_query(const struct request *request, const char *name, size_t *count)
{
    struct bytes rest = request->query, value = bytes_of(NULL, 0);
    size_t found = 0;
    while (rest.length > 0) {
        struct bytes parameter = bytes_split(&rest, '&');
        struct bytes key = bytes_split(&parameter, '=');
        if (bytes_equal_text(key, name) && found++ == 0)
            value = parameter;
    }
    if (count)
        *count = found;
    return value;
}

static bool is_mapped(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0;
}

struct client_key client_key(const struct client_address *client)
{
    struct client_key key = {.local = client->local};
    memcpy(key.address, client->address, is_mapped(client->address) ? 16 : 8);
    return key;
}

bool client_address_parse(int family, struct bytes text, uint8_t address[16])
{
    char plain[INET6_ADDRSTRLEN];
    uint8_t parsed[16] = {[10] = 0xff, [11] = 0xff};
    if (text.length == 0 || text.length >= sizeof plain || memchr(text.data, '\0', text.length))
        return false;
    memcpy(plain, text.data, text.length);
    plain[text.length] = '\0';
    if (inet_pton(family, plain, parsed + (family == AF_INET ? 12 : 0)) != 1)
        return false;
    memcpy(address, parsed, sizeof parsed);
    return true;
}

void client_format(const struct client_address *client, char text[CLIENT_TEXT_SIZE])
{
    const uint8_t *address = client->address;
    if (client->local)
        snprintf(text, CLIENT_TEXT_SIZE, "unix");
    else if (is_mapped(address))
        inet_ntop(AF_INET, address + 12, text, CLIENT_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address, text, CLIENT_TEXT_SIZE);
}

/* A header is taken whole or not at all. Of version 2 the extensions (TLVs) are passed over: their
 * bytes are within the length that the header says, and nothing here looks into them. What the
 * destination was is read and not used. */
#include "server/http/proxy_header.h"

#include <sys/socket.h>

static const uint8_t signature_v2[12] = "\r\n\r\n\0\r\nQUIT\n";
static const uint8_t signature_v1[6] = "PROXY ";
enum { V1_MAX = 107, V2_FIXED = 16, V4_ADDRESSES = 12, V6_ADDRESSES = 36, UNIX_ADDRESSES = 216 };

static enum proxy_parse refuse(const char **reason, const char *text)
{
    *reason = text;
    return PROXY_BAD;
}

/* Whether what has come is, as far as it goes, the beginning of `wanted`. */
static bool begins_as(struct bytes arrived, const uint8_t *wanted, size_t length)
{
    return memcmp(arrived.data, wanted, arrived.length < length ? arrived.length : length) == 0;
}

/* ---- version 1: a line of text ---- */

static bool is_port(struct bytes text)
{
    uint64_t number;
    return text.length <= 5 && bytes_to_uint64(text, &number) && number <= 65535 &&
           (text.length == 1 || text.data[0] != '0');
}

/* "TCP4 192.0.2.1 192.0.2.9 51000 443", between "PROXY " and the line's end. */
static bool parse_line(struct bytes line, struct proxy_header *header)
{
    uint8_t ignored[16];
    struct bytes word = bytes_split(&line, ' ');
    if (bytes_equal_text(word, "UNKNOWN")) {
        header->is_own = true;
        return true;
    }
    int family = bytes_equal_text(word, "TCP4") ? AF_INET : AF_INET6;
    if (family == AF_INET6 && !bytes_equal_text(word, "TCP6"))
        return false;
    struct bytes source = bytes_split(&line, ' '), destination = bytes_split(&line, ' ');
    struct bytes source_port = bytes_split(&line, ' ');
    return client_address_parse(family, source, header->client.address) &&
           client_address_parse(family, destination, ignored) && is_port(source_port) &&
           is_port(line);
}

static enum proxy_parse parse_v1(struct bytes arrived, struct proxy_header *header,
                                 const char **reason)
{
    size_t most = arrived.length < V1_MAX ? arrived.length : V1_MAX;
    const uint8_t *end = memchr(arrived.data, '\n', most);
    if (!end)
        return most < V1_MAX ? PROXY_PARTIAL : refuse(reason, "a PROXY line that does not end");
    size_t length = (size_t)(end - arrived.data) + 1;
    struct bytes line = bytes_from(bytes_of(arrived.data, length), sizeof signature_v1);
    if (line.length < 2 || line.data[line.length - 2] != '\r')
        return refuse(reason, "a PROXY line that does not end in CRLF");
    line.length -= 2;
    if (!parse_line(line, header))
        return refuse(reason, "a PROXY line that is malformed");
    header->length = length;
    return PROXY_WHOLE;
}

/* ---- version 2: binary ---- */

enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };
enum { UNSPECIFIED = 0x00, TCP_IPV4 = 0x11, TCP_IPV6 = 0x21, UNIX_STREAM = 0x31 };

static enum proxy_parse take_addresses(uint8_t family, struct bytes block,
                                       struct proxy_header *header, const char **reason)
{
    static const char short_block[] = "a PROXY header that is too short for its addresses";
    uint8_t *address = header->client.address;
    switch (family) {
    case TCP_IPV4:
        if (block.length < V4_ADDRESSES)
            return refuse(reason, short_block);
        memset(address + 10, 0xff, 2);
        memcpy(address + 12, block.data, 4);
        return PROXY_WHOLE;
    case TCP_IPV6:
        if (block.length < V6_ADDRESSES)
            return refuse(reason, short_block);
        memcpy(address, block.data, 16);
        return PROXY_WHOLE;
    case UNIX_STREAM:
        header->is_own = true;
        return block.length < UNIX_ADDRESSES ? refuse(reason, short_block) : PROXY_WHOLE;
    case UNSPECIFIED:
        header->is_own = true;
        return PROXY_WHOLE;
    default:
        return refuse(reason, "a PROXY header of something other than TCP");
    }
}

static enum proxy_parse parse_v2(struct bytes arrived, struct proxy_header *header,
                                 const char **reason)
{
    if (arrived.length < V2_FIXED)
        return PROXY_PARTIAL;
    uint8_t command = arrived.data[12], family = arrived.data[13];
    size_t length = (size_t)arrived.data[14] << 8 | arrived.data[15];
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY)
        return refuse(reason, "a PROXY header of an unknown version or command");
    if (V2_FIXED + length > PROXY_HEADER_MAX)
        return refuse(reason, "a PROXY header that is too long");
    if (arrived.length < V2_FIXED + length)
        return PROXY_PARTIAL;
    header->length = V2_FIXED + length;
    if (command == COMMAND_PROXY)
        return take_addresses(family, bytes_of(arrived.data + V2_FIXED, length), header, reason);
    header->is_own = true;
    return PROXY_WHOLE;
}

enum proxy_parse proxy_header_parse(struct bytes arrived, struct proxy_header *header,
                                    const char **reason)
{
    *header = (struct proxy_header){0};
    if (arrived.length == 0)
        return PROXY_PARTIAL;
    if (begins_as(arrived, signature_v2, sizeof signature_v2))
        return parse_v2(arrived, header, reason);
    if (!begins_as(arrived, signature_v1, sizeof signature_v1))
        return refuse(reason, "no PROXY header");
    return arrived.length < sizeof signature_v1 ? PROXY_PARTIAL : parse_v1(arrived, header, reason);
}

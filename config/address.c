/* IPv4 is kept as mapped IPv6 everywhere, so that a list is compared in one way. A prefix with bits
 * behind its end is refused: it is as likely a wrong length as a wrong address. */
#include "config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ---- listen ---- */

static bool is_loopback(const char *host)
{
    struct in6_addr v6;
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

static bool is_host_name(const char *host)
{
    for (const char *c = host; *c; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            *c != '-' && *c != '.')
            return false;
    return host[0] != '\0';
}

static bool parse_port(const char *text, unsigned *port)
{
    uint64_t number;
    struct bytes digits = bytes_of_text(text);
    if (!bytes_to_uint64(digits, &number) || number > 65535 ||
        (digits.length > 1 && text[0] == '0'))
        return false;
    *port = (unsigned)number;
    return true;
}

/* With or without the zone of a link-local address: fe80::1%eth0. */
static bool is_ipv6(const char *host)
{
    char plain[LISTEN_HOST_MAX];
    unsigned char address[16];
    size_t length = strcspn(host, "%");
    if (host[length] && (!host[length + 1] || strchr(host + length + 1, '%')))
        return false;
    memcpy(plain, host, length);
    plain[length] = '\0';
    return inet_pton(AF_INET6, plain, address) == 1;
}

static bool check_host(const char *text, bool bracketed, const char *host, struct error *err)
{
    unsigned char address[16];
    if (bracketed)
        return is_ipv6(host) || error_set(err, "\"%s\" is not an IPv6 address", host);
    if (strchr(host, ':'))
        return error_set(err, "\"%s\": an IPv6 address must be in brackets, as in [::1]:8443",
                         text);
    if (host[0] == '\0')
        return error_set(err, "\"%s\" has no address; for all addresses write 0.0.0.0%s or [::]%s",
                         text, text, text);
    bool numeric = host[strspn(host, "0123456789.")] == '\0';
    if (numeric && inet_pton(AF_INET, host, address) != 1)
        return error_set(err, "\"%s\" is not an IPv4 address", host);
    return is_host_name(host) || error_set(err, "\"%s\" is not a host", host);
}

static bool parse_tcp(const char *text, struct listen_address *address, struct error *err)
{
    static const char expected[] = "host:port, [v6]:port, unix:/path or systemd:NAME";
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    const char *end = bracketed ? strchr(text, ']') : colon;
    if (!colon || !end || (bracketed && end + 1 != colon) || strchr(text, '/'))
        return error_set(err, "\"%s\" is not an address: %s", text, expected);
    size_t length = (size_t)(end - text) - bracketed;
    if (length >= sizeof address->host)
        return error_set(err, "\"%s\" is too long", text);
    memcpy(address->host, text + bracketed, length);
    address->host[length] = '\0';
    if (!check_host(text, bracketed, address->host, err))
        return false;
    if (!parse_port(colon + 1, &address->port))
        return error_set(err, "\"%s\" is not a port (0 to 65535)", colon + 1);
    address->loopback = is_loopback(address->host);
    return true;
}

bool listen_address_parse(const char *text, struct listen_address *address, struct error *err)
{
    *address = (struct listen_address){.kind = LISTEN_TCP};
    if (strncmp(text, "systemd:", 8) == 0) {
        address->kind = LISTEN_SYSTEMD;
        address->name = text + 8;
        return address->name[0] || error_set(err, "\"%s\" has no socket name", text);
    }
    if (strncmp(text, "unix:", 5) != 0)
        return parse_tcp(text, address, err);
    address->kind = LISTEN_UNIX;
    address->name = text + 5;
    if (!address->name[0])
        return error_set(err, "\"%s\" has no path", text);
    if (strlen(address->name) > LISTEN_UNIX_MAX)
        return error_set(err,
                         "the path of a unix socket may have at most %d bytes; this one has %zu",
                         LISTEN_UNIX_MAX, strlen(address->name));
    return true;
}

/* ---- prefixes ---- */

/* Clears what is behind the prefix; true if there was nothing. */
static bool clear_host_bits(struct prefix *prefix)
{
    bool clean = true;
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = prefix->bits <= i * 8 ? 0 : prefix->bits - i * 8;
        uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);
        clean = clean && !(prefix->address[i] & ~mask);
        prefix->address[i] &= mask;
    }
    return clean;
}

static bool parse_address(const char *text, struct prefix *prefix, unsigned *bits)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET, text, prefix->address + 12) == 1) {
        memcpy(prefix->address, mapped, sizeof mapped);
        *bits = 32;
        return true;
    }
    *bits = 128;
    return inet_pton(AF_INET6, text, prefix->address) == 1;
}

static bool refuse_host_bits(const char *text, const struct prefix *network, bool v4,
                             struct error *err)
{
    char shown[INET6_ADDRSTRLEN];
    inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? 12 : 0), shown, sizeof shown);
    return error_set(err, "\"%s\" has bits set after its prefix; did you mean \"%s/%u\"?", text,
                     shown, network->bits - (v4 ? 96 : 0));
}

bool prefix_parse(const char *text, struct prefix *prefix, struct error *err)
{
    char address[INET6_ADDRSTRLEN];
    struct prefix parsed = {.bits = 0};
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    unsigned full, bits;
    uint64_t number;
    if (length < sizeof address)
        memcpy(address, text, length);
    address[length < sizeof address ? length : 0] = '\0';
    if (!parse_address(address, &parsed, &full))
        return error_set(err, "\"%.80s\" is not an address or a network such as 192.0.2.0/24",
                         text);
    bits = full;
    if (slash) {
        struct bytes digits = bytes_of_text(slash + 1);
        if (!bytes_to_uint64(digits, &number) || number > full ||
            (digits.length > 1 && slash[1] == '0'))
            return error_set(err, "\"%.80s\": the prefix length must be 0 to %u", text, full);
        bits = (unsigned)number;
    }
    parsed.bits = bits + (full == 32 ? 96 : 0);
    if (!clear_host_bits(&parsed))
        return refuse_host_bits(text, &parsed, full == 32, err);
    *prefix = parsed;
    return true;
}

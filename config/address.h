/* Addresses as people write them: where to listen, and prefixes of clients. */
#ifndef TENTERHOOK_CONFIG_ADDRESS_H
#define TENTERHOOK_CONFIG_ADDRESS_H

#include "base/bytes.h"
#include "base/error.h"

enum listen_kind { LISTEN_TCP, LISTEN_UNIX, LISTEN_SYSTEMD };

enum { LISTEN_HOST_MAX = 128, LISTEN_UNIX_MAX = 107 };

struct listen_address {
    enum listen_kind kind;
    char host[LISTEN_HOST_MAX]; /* TCP: without brackets */
    unsigned port;              /* TCP; 0: any */
    const char *name;           /* the path of a unix socket, the name of a systemd one */
    bool loopback;              /* TCP: only this machine can reach it */
};

/* host:port, [v6]:port, unix:PATH, systemd:NAME. `name` points into `text`. */
bool listen_address_parse(const char *text, struct listen_address *address, struct error *err);

/* An address prefix; IPv4 is kept as mapped IPv6 (::ffff:a.b.c.d, bits + 96). */
struct prefix {
    uint8_t address[16];
    unsigned bits;
};

struct prefix_list {
    struct prefix *items;
    size_t count;
};

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits behind the prefix have to be zero: the
 * error says what was probably meant. */
bool prefix_parse(const char *text, struct prefix *prefix, struct error *err);

#endif

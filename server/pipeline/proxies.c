/* A list of hops is parsed from its right end, and no further than trusted proxies wrote it: the
 * stranger's part may be anything. In Forwarded a comma may be inside quotes. Read from the left, a
 * quote that a stranger has opened would swallow what the proxy has added; read from the right, the
 * proxy's part is well-formed by itself, whatever is left of it. */
#include "server/pipeline/proxies.h"

#include "base/encoding.h"
#include "handlers/admission/address.h"

#include <sys/socket.h>

enum { HOPS_MAX = 64 };

/* What one proxy says about who connected to it. Spans are empty where it says nothing. */
struct hop {
    struct bytes address, proto, host;
};

/* The elements of all fields of one name, from the last to the first. */
struct walk {
    const struct request *request;
    const char *name;
    size_t before;     /* fields from this index on have been taken */
    struct bytes rest; /* of the field at `before` */
    bool is_quoting;   /* commas may be inside quotes */
};

bool proxies_trust(const struct trusted_proxies *trusted, const struct client_address *client)
{
    return client->local ? trusted->local : prefix_list_holds(&trusted->networks, client->address);
}

/* ---- elements ---- */

static struct walk walk_of(const struct request *request, const char *name, bool is_quoting)
{
    return (struct walk){.request = request,
                         .name = name,
                         .before = request->header_count,
                         .is_quoting = is_quoting};
}

/* A quote with an odd number of backslashes before it is part of a quoted string. */
static bool is_escaped(struct bytes text, size_t at)
{
    size_t slashes = 0;
    while (slashes < at && text.data[at - slashes - 1] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* Where the last element begins. */
static size_t last_element(struct bytes text, bool is_quoting)
{
    bool in_quotes = false;
    for (size_t at = text.length; at > 0; at--) {
        uint8_t c = text.data[at - 1];
        if (is_quoting && c == '"' && !(in_quotes && is_escaped(text, at - 1)))
            in_quotes = !in_quotes;
        else if (c == ',' && !in_quotes)
            return at;
    }
    return 0;
}

/* The next element to the left; empty ones are passed over, as lists have it (RFC 9110, 5.6.1). */
static bool walk_take(struct walk *walk, struct bytes *element)
{
    for (;;) {
        while (walk->rest.length == 0) {
            if (walk->before == 0)
                return false;
            const struct header *header = &walk->request->headers[--walk->before];
            if (bytes_equal_nocase(header->name, bytes_of_text(walk->name)))
                walk->rest = header->value;
        }
        size_t begin = last_element(walk->rest, walk->is_quoting);
        *element = bytes_trim(bytes_from(walk->rest, begin));
        walk->rest.length = begin ? begin - 1 : 0;
        if (element->length > 0)
            return true;
    }
}

/* ---- addresses ---- */

enum named { NAMED_ADDRESS, NAMED_NOBODY, NAMED_BADLY };

static bool is_port(struct bytes text)
{
    uint64_t number;
    return text.length <= 5 && bytes_to_uint64(text, &number) && number <= 65535;
}

static bool parse_ip(int family, struct bytes text, struct client_address *client)
{
    struct client_address parsed = {.local = false};
    const uint8_t *zone = memchr(text.data, '%', text.length);
    if (zone && family == AF_INET6)
        text.length = (size_t)(zone - text.data);
    if (!client_address_parse(family, text, parsed.address))
        return false;
    *client = parsed;
    return true;
}

/* "[v6]" or "[v6]:port". */
static bool parse_bracketed(struct bytes text, struct client_address *client)
{
    const uint8_t *end = memchr(text.data, ']', text.length);
    if (!end)
        return false;
    size_t inside = (size_t)(end - text.data) - 1;
    struct bytes behind = bytes_from(text, inside + 2);
    if (behind.length > 0 && (behind.data[0] != ':' || !is_port(bytes_from(behind, 1))))
        return false;
    return parse_ip(AF_INET6, bytes_of(text.data + 1, inside), client);
}

/* A proxy that will not or cannot say it: RFC 7239, 6.2 and 6.3, and nginx on a unix socket. */
static bool is_nobody(struct bytes text)
{
    return text.data[0] == '_' || bytes_equal_nocase(text, bytes_of_text("unknown")) ||
           bytes_starts_with(text, bytes_of_text("unix:")) || bytes_equal_text(text, "unix");
}

/* An address as proxies write it: some add the port, to IPv4 also without brackets. */
static enum named parse_node(struct bytes text, struct client_address *client)
{
    if (text.length == 0)
        return NAMED_BADLY;
    if (is_nobody(text))
        return NAMED_NOBODY;
    if (text.data[0] == '[')
        return parse_bracketed(text, client) ? NAMED_ADDRESS : NAMED_BADLY;
    if (parse_ip(AF_INET6, text, client))
        return NAMED_ADDRESS;
    struct bytes port = text, host = bytes_split(&port, ':');
    if (port.data && !is_port(port))
        return NAMED_BADLY;
    return parse_ip(AF_INET, host, client) ? NAMED_ADDRESS : NAMED_BADLY;
}

/* ---- RFC 7239 ---- */

/* A quoted string at the front of `*rest`, unescaped. */
static bool take_quoted(struct bytes *rest, struct arena *arena, struct bytes *value)
{
    uint8_t *out = arena_alloc(arena, rest->length + 1);
    size_t length = 0, at = 1;
    for (; out && at < rest->length && rest->data[at] != '"'; at++) {
        if (rest->data[at] == '\\' && ++at == rest->length)
            return false;
        out[length++] = rest->data[at];
    }
    if (!out || at >= rest->length)
        return false;
    *value = bytes_of(out, length);
    *rest = bytes_from(*rest, at + 1);
    return true;
}

/* Up to the next ";". */
static bool take_plain(struct bytes *rest, struct bytes *value)
{
    size_t length = 0;
    while (length < rest->length && rest->data[length] != ';')
        length++;
    *value = bytes_trim(bytes_of(rest->data, length));
    *rest = bytes_from(*rest, length);
    return value->length > 0 && !memchr(value->data, '"', value->length) &&
           !memchr(value->data, ' ', value->length);
}

/* One "name=value" and the ";" behind it. */
static bool take_pair(struct bytes *rest, struct arena *arena, struct bytes *name,
                      struct bytes *value)
{
    size_t length = 0;
    while (length < rest->length && rest->data[length] != '=' && rest->data[length] != ';')
        length++;
    *name = bytes_of(rest->data, length);
    if (length == 0 || memchr(rest->data, ' ', length) || memchr(rest->data, '\t', length) ||
        length == rest->length || rest->data[length] != '=')
        return false;
    *rest = bytes_from(*rest, length + 1);
    bool is_quoted = rest->length > 0 && rest->data[0] == '"';
    if (!(is_quoted ? take_quoted(rest, arena, value) : take_plain(rest, value)))
        return false;
    *rest = bytes_trim(*rest);
    if (rest->length == 0)
        return true;
    if (rest->data[0] != ';')
        return false;
    *rest = bytes_trim(bytes_from(*rest, 1));
    return true;
}

static bool parse_element(struct bytes element, struct arena *arena, struct hop *hop)
{
    const struct {
        const char *name;
        struct bytes *value;
    } known[] = {{"for", &hop->address}, {"proto", &hop->proto}, {"host", &hop->host}};
    *hop = (struct hop){0};
    while (element.length > 0) {
        struct bytes name, value;
        if (!take_pair(&element, arena, &name, &value))
            return false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (!bytes_equal_nocase(name, bytes_of_text(known[i].name)))
                continue;
            if (known[i].value->data) /* each at most once */
                return false;
            *known[i].value = value;
        }
    }
    return true;
}

/* ---- host and protocol ---- */

static bool is_host(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c && strchr("-._~%:[]", c)))
            return false;
    }
    return text.length > 0 && text.data[0] != ':';
}

/* Host becomes the one that the sender used, so that all who read it see that one. */
static bool set_host(struct request *request, struct bytes host)
{
    size_t count = request->header_count, at = 0;
    struct header *headers = arena_alloc_array(request->arena, count + 1, sizeof *headers);
    if (!headers)
        return false;
    memcpy(headers, request->headers, count * sizeof *headers);
    while (at < count && !bytes_equal_nocase(headers[at].name, bytes_of_text("host")))
        at++;
    headers[at] = (struct header){bytes_of_text("Host"), host};
    request->headers = headers;
    request->header_count = at < count ? count : count + 1;
    return true;
}

static struct verdict take_host(struct request *request, const struct hop *hop)
{
    bool is_https = bytes_equal_nocase(hop->proto, bytes_of_text("https"));
    bool is_http = bytes_equal_nocase(hop->proto, bytes_of_text("http"));
    if (hop->proto.length > 0 && !is_https && !is_http)
        return verdict_refuse(REPLY_BAD_REQUEST, "a proxy names an invalid protocol");
    if (hop->proto.length > 0)
        request->secure = is_https;
    if (hop->host.length == 0)
        return GO_ON;
    if (!is_host(hop->host))
        return verdict_refuse(REPLY_BAD_REQUEST, "a proxy names an invalid host");
    return set_host(request, hop->host) ? GO_ON
                                        : verdict_refuse(REPLY_MEMORY_FULL, "no memory for Host");
}

/* Beside X-Forwarded-For: the last value is the nearest proxy's. */
static void find_x_host(const struct request *request, struct hop *hop)
{
    struct walk hosts = walk_of(request, "X-Forwarded-Host", false);
    struct walk protos = walk_of(request, "X-Forwarded-Proto", false);
    *hop = (struct hop){0};
    walk_take(&hosts, &hop->host);
    walk_take(&protos, &hop->proto);
}

/* ---- the walk ---- */

/* From one hop to the one before it. False: the walk is over, or `*verdict` refuses. */
static bool step_back(struct request *request, struct walk *walk, struct hop *hop,
                      struct verdict *verdict)
{
    struct bytes element;
    struct hop said = {0};
    if (!walk_take(walk, &element))
        return false;
    if (!walk->is_quoting)
        said.address = element;
    else if (!parse_element(element, request->arena, &said)) {
        *verdict = verdict_refuse(REPLY_BAD_REQUEST, "Forwarded of a trusted proxy is malformed");
        return false;
    }
    *hop = said;
    if (walk->is_quoting && !said.address.data)
        return false; /* it says nothing about who that was */
    struct client_address client;
    enum named named = parse_node(said.address, &client);
    if (named == NAMED_BADLY)
        *verdict = verdict_refuse(REPLY_BAD_REQUEST, "a trusted proxy names no address");
    if (named == NAMED_ADDRESS)
        request->client = client;
    return named == NAMED_ADDRESS;
}

struct verdict proxies_find_client(const struct server_settings *server, struct request *request)
{
    const struct trusted_proxies *trusted = &server->trusted_proxies;
    bool is_rfc7239 = server->forwarded == FORWARDED_RFC7239;
    struct verdict verdict = GO_ON;
    struct hop hop = {0};
    request->is_unnamed = proxies_trust(trusted, &request->client);
    if (!request->is_unnamed || request->is_own || server->forwarded == FORWARDED_OFF)
        return verdict;
    struct walk walk = walk_of(request, is_rfc7239 ? "Forwarded" : "X-Forwarded-For", is_rfc7239);
    int hops = 0;
    while (hops < HOPS_MAX && proxies_trust(trusted, &request->client) &&
           step_back(request, &walk, &hop, &verdict))
        hops++;
    request->is_unnamed = proxies_trust(trusted, &request->client);
    request->is_named = hops > 0;
    if (verdict.reply != REPLY_NONE) {
        verdict.close = true;
        return verdict;
    }
    if (!server->forwarded_host)
        return verdict;
    if (!is_rfc7239)
        find_x_host(request, &hop);
    return take_host(request, &hop);
}

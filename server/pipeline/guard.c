/* libmicrohttpd 0.9.75 accepts many heads that two servers in a row can read differently: two
 * lengths, a length beside a transfer coding, unknown codings, names with blanks in them. Each is
 * refused here by the rules of RFC 9110 and 9112, in a list of checks that each examine one thing.
 * Nothing is repaired: a head is accepted as it is, or refused and the connection closed.
 *
 * The raw target is decoded here as well, once; the library has been told not to decode it. */
#include "server/pipeline/guard.h"

#include "base/encoding.h"

struct guard {
    struct request *request;
    int64_t *content_length;
};

static struct verdict refuse(enum reply reply, const char *reason)
{
    return (struct verdict){.reply = reply, .reason = reason, .close = true};
}

/* ---- characters ---- */

enum character {
    TOKEN = 1 << 0,  /* RFC 9110, 5.6.2 */
    VALUE = 1 << 1,  /* field values: no control bytes but the tab; 8-bit bytes are opaque */
    TARGET = 1 << 2, /* visible ASCII but "#", which is never sent, and the backslash */
    HOST = 1 << 3,   /* RFC 3986 host and port; no "@", so no userinfo */
};

static unsigned character_class(uint8_t c)
{
    bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    unsigned class = 0;
    if (c && (alphanumeric || strchr("!#$%&'*+-.^_`|~", c)))
        class |= TOKEN;
    if (c == '\t' || (c >= ' ' && c != 0x7f))
        class |= VALUE;
    if (c > ' ' && c < 0x7f && c != '#' && c != '\\')
        class |= TARGET;
    if (c && (alphanumeric || strchr("-._~%:[]!$&'()*+;=", c)))
        class |= HOST;
    return class;
}

static bool all_of(struct bytes text, enum character wanted)
{
    static uint8_t classes[256];
    static bool filled;
    if (!filled) {
        for (int c = 0; c < 256; c++)
            classes[c] = (uint8_t)character_class((uint8_t)c);
        filled = true;
    }
    for (size_t i = 0; i < text.length; i++)
        if (!(classes[text.data[i]] & wanted))
            return false;
    return true;
}

/* ---- the request line ---- */

static bool is_http_1_1(const struct request *request)
{
    return bytes_equal_text(request->version, "HTTP/1.1");
}

static struct verdict check_version(struct guard *guard)
{
    if (is_http_1_1(guard->request) || bytes_equal_text(guard->request->version, "HTTP/1.0"))
        return GO_ON;
    return refuse(REPLY_VERSION, "an unsupported version of HTTP");
}

static struct verdict check_method(struct guard *guard)
{
    struct bytes method = guard->request->method;
    if (method.length == 0 || method.length > GUARD_METHOD_MAX || !all_of(method, TOKEN))
        return refuse(REPLY_BAD_REQUEST, "the method is not a token, or is too long");
    return GO_ON;
}

static struct verdict check_target(struct guard *guard)
{
    struct bytes target = guard->request->target;
    if (target.length > GUARD_TARGET_MAX)
        return refuse(REPLY_URI_TOO_LONG, "the target is too long");
    if (target.length == 0 || target.data[0] != '/')
        return refuse(REPLY_BAD_TARGET, "the target is not in origin form");
    guard->request->query = target;
    guard->request->path = bytes_split(&guard->request->query, '?');
    return GO_ON;
}

static bool has_dot_segment(struct bytes path)
{
    while (path.length > 0) {
        struct bytes segment = bytes_split(&path, '/');
        if (bytes_equal_text(segment, ".") || bytes_equal_text(segment, ".."))
            return true;
    }
    return false;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

static size_t count_byte(struct bytes text, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == byte;
    return count;
}

/* Decodes the path into the arena. An encoded slash shows as one slash too many. */
static struct verdict check_path(struct guard *guard)
{
    struct request *request = guard->request;
    struct bytes raw = request->path;
    size_t length;
    uint8_t *text = arena_alloc(request->arena, raw.length);
    if (!text)
        return refuse(REPLY_MEMORY_FULL, "no memory for the path");
    if (!all_of(raw, TARGET) || !percent_decode(raw, text, raw.length, &length))
        return refuse(REPLY_NOT_FOUND, "the path is not well-formed");
    struct bytes path = bytes_of(text, length);
    if (has_control(path) || !utf8_valid(path))
        return refuse(REPLY_NOT_FOUND, "the path contains forbidden bytes");
    if (count_byte(path, '/') != count_byte(raw, '/') || count_byte(path, '\\') > 0)
        return refuse(REPLY_NOT_FOUND, "the path contains an encoded slash");
    if (has_dot_segment(path))
        return refuse(REPLY_NOT_FOUND, "the path contains dot segments");
    request->path = path;
    return GO_ON;
}

/* The query is kept as sent; only its bytes and its size are judged. */
static struct verdict check_query(struct guard *guard)
{
    struct bytes query = guard->request->query;
    if (!all_of(query, TARGET))
        return refuse(REPLY_BAD_TARGET, "the query contains forbidden bytes");
    if (query.length > 0 && count_byte(query, '&') >= GUARD_PARAMETERS_MAX)
        return refuse(REPLY_URI_TOO_LONG, "the query has too many parameters");
    return GO_ON;
}

/* ---- the fields ---- */

static struct verdict check_field(const struct header *header)
{
    if (header->name.length > GUARD_NAME_MAX || header->value.length > GUARD_VALUE_MAX)
        return refuse(REPLY_HEADER_TOO_LARGE, "a header is too large");
    if (header->name.length == 0 || !all_of(header->name, TOKEN))
        return refuse(REPLY_BAD_REQUEST, "a header name is not a token");
    if (!all_of(header->value, VALUE))
        return refuse(REPLY_BAD_REQUEST, "a header value contains control bytes");
    return GO_ON;
}

static struct verdict check_fields(struct guard *guard)
{
    const struct request *request = guard->request;
    if (request->header_count > GUARD_HEADERS_MAX)
        return refuse(REPLY_HEADER_TOO_LARGE, "too many headers");
    for (size_t i = 0; i < request->header_count; i++) {
        struct verdict verdict = check_field(&request->headers[i]);
        if (verdict.reply != REPLY_NONE)
            return verdict;
    }
    return GO_ON;
}

static struct verdict check_host(struct guard *guard)
{
    size_t count;
    struct bytes host = bytes_trim(request_header(guard->request, "Host", &count));
    if (count == 0 && !is_http_1_1(guard->request))
        return GO_ON;
    if (count != 1)
        return refuse(REPLY_BAD_REQUEST, "not exactly one Host");
    if (host.length == 0 || host.data[0] == ':' || !all_of(host, HOST))
        return refuse(REPLY_BAD_REQUEST, "the Host is empty or not a host");
    return GO_ON;
}

/* The value without the blanks before it. Those behind it stay: a library that did not trim them
 * has not understood the field, and what it makes of the body then is not known. */
static struct bytes framing_value(const struct request *request, const char *name, size_t *count)
{
    struct bytes value = request_header(request, name, count);
    while (value.length > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = bytes_from(value, 1);
    return value;
}

static struct verdict check_length(struct guard *guard)
{
    size_t count;
    uint64_t length;
    struct bytes text = framing_value(guard->request, "Content-Length", &count);
    *guard->content_length = 0;
    if (count == 0)
        return GO_ON;
    if (count > 1)
        return refuse(REPLY_BAD_REQUEST, "more than one Content-Length");
    if (text.length == 0 || (text.length > 1 && text.data[0] == '0'))
        return refuse(REPLY_BAD_REQUEST, "a Content-Length that is not a plain number");
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return refuse(REPLY_BAD_REQUEST, "a Content-Length that is not a plain number");
    if (!bytes_to_uint64(text, &length) || length > INT64_MAX)
        return refuse(REPLY_TOO_LARGE, "a Content-Length that is too large");
    *guard->content_length = (int64_t)length;
    return GO_ON;
}

static struct verdict check_coding(struct guard *guard)
{
    size_t count, lengths;
    struct bytes coding = framing_value(guard->request, "Transfer-Encoding", &count);
    request_header(guard->request, "Content-Length", &lengths);
    if (count == 0)
        return GO_ON;
    if (count > 1 || lengths > 0)
        return refuse(REPLY_BAD_REQUEST, "more than one framing of the body");
    if (!is_http_1_1(guard->request))
        return refuse(REPLY_BAD_REQUEST, "a transfer coding before HTTP/1.1");
    if (!bytes_equal_nocase(coding, bytes_of_text("chunked")))
        return refuse(REPLY_NOT_IMPLEMENTED, "a transfer coding other than chunked");
    *guard->content_length = -1;
    return GO_ON;
}

static struct verdict check_expect(struct guard *guard)
{
    size_t count;
    struct bytes expect = bytes_trim(request_header(guard->request, "Expect", &count));
    if (count == 0 || (count == 1 && bytes_equal_nocase(expect, bytes_of_text("100-continue"))))
        return GO_ON;
    return refuse(REPLY_EXPECTATION, "an expectation other than 100-continue");
}

/* From here on values are without the blanks around them. */
static struct verdict trim_values(struct guard *guard)
{
    struct request *request = guard->request;
    struct header *headers =
        arena_alloc_array(request->arena, request->header_count, sizeof *headers);
    if (!headers)
        return refuse(REPLY_MEMORY_FULL, "no memory for the headers");
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] =
            (struct header){request->headers[i].name, bytes_trim(request->headers[i].value)};
    request->headers = headers;
    return GO_ON;
}

struct verdict guard_check(struct request *request, int64_t *content_length)
{
    /* framing first: whatever else is wrong, a head that could be two is answered as such */
    static struct verdict (*const checks[])(struct guard *) = {
        check_version, check_method, check_fields, check_length, check_coding, check_host,
        check_expect,  check_target, check_path,   check_query,  trim_values,
    };
    struct guard guard = {.request = request, .content_length = content_length};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct verdict verdict = checks[i](&guard);
        if (verdict.reply != REPLY_NONE)
            return verdict;
    }
    return GO_ON;
}

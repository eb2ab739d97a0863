/* From what libmicrohttpd has parsed to a struct request of spans. The spans point into
 * libmicrohttpd's memory of the connection, which keeps the head until the request is completed;
 * only the target is a copy of ours, because libmicrohttpd splits the query in place.
 *
 * Only headers of the head are copied: a trailer never becomes one of them.
 *
 * libmicrohttpd 0.9.75 accepts several forms that hide a second meaning: a folded line becomes part
 * of the name of its header, a line that begins with ":" or NUL ends the head, NUL cuts names,
 * values and targets, and lines may end in a bare LF. The values that it hands out do not show
 * this, but their positions do: the head stays in place, with CRLF and ":" overwritten with NUL, so
 * the values must follow each other without a gap and end where the head ends. head_is_tight()
 * checks that. Version 0.9.77 has a new parser and refuses all of it; the version is checked at run
 * time, since both have the same soname. */
#include "server/http/private.h"

#include "server/pipeline/guard.h"

struct head {
    struct request *request;
    struct header *headers; /* room for one more than are allowed, so that too many show */
    size_t count;
};

static enum MHD_Result head_add(void *cls, enum MHD_ValueKind kind, const char *name,
                                size_t name_length, const char *value, size_t value_length)
{
    struct head *head = cls;
    (void)kind;
    head->headers[head->count++] =
        (struct header){bytes_of(name, name_length), bytes_of(value, value ? value_length : 0)};
    return head->count > GUARD_HEADERS_MAX ? MHD_NO : MHD_YES;
}

/* Bytes of the head on the wire, from the method to the empty line. */
static size_t head_size(const struct connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

/* Expects CRLF, overwritten; returns the beginning of the next line. NULL: it is something else. */
static const uint8_t *line_end(const uint8_t *at)
{
    return at[0] == '\0' && at[1] == '\0' ? at + 2 : NULL;
}

/* From a name at `at` over ":" and blanks to the end of its line. */
static const uint8_t *header_end(const struct header *header, const uint8_t *at)
{
    const uint8_t *next = at + header->name.length;
    if (header->name.data != at || header->value.data <= next || *next != '\0')
        return NULL;
    for (next++; next < header->value.data; next++)
        if (*next != ' ' && *next != '\t')
            return NULL;
    return line_end(next + header->value.length);
}

static const uint8_t *request_line_end(const struct request *request, const char *target_at)
{
    const uint8_t *target = request->method.data + request->method.length + 1;
    const uint8_t *version = target + request->target.length + 1;
    if ((const uint8_t *)target_at != target || request->version.data != version)
        return NULL;
    return line_end(version + request->version.length);
}

static bool head_is_tight(const struct connection *connection, const struct request *request)
{
    const uint8_t *end = request->method.data + head_size(connection);
    const uint8_t *at = request_line_end(request, connection->target_at);
    for (size_t i = 0; at && i < request->header_count; i++)
        at = header_end(&request->headers[i], at);
    return at && line_end(at) == end;
}

struct verdict http_head_read(struct http_request *http_request, const char *method,
                              const char *version)
{
    struct connection *connection = http_request->connection;
    struct request *request = &http_request->exchange.request;
    struct head head = {.request = request};
    request->method = bytes_of_text(method);
    request->version = bytes_of_text(version);
    request->target = buffer_bytes(&connection->target);
    request->client = connection->client;
    request->is_own = connection->is_own;
    request->secure = connection->tls.session != NULL;
    request->now_ms = clock_unix_ms();
    head.headers = arena_alloc_array(request->arena, GUARD_HEADERS_MAX + 1, sizeof *head.headers);
    if (!head.headers || !connection->target_at)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the head");
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, head_add, &head);
    request->headers = head.headers;
    request->header_count = head.count;
    /* what is cut off here for being too much is refused by the guard */
    if (head.count > GUARD_HEADERS_MAX || request->target.length > GUARD_TARGET_MAX)
        return GO_ON;
    const struct settings *settings = connection->endpoint->http->process->settings;
    if (head_size(connection) > (size_t)settings->server.max_header)
        return verdict_refuse(REPLY_HEADER_TOO_LARGE, "the head is longer than max_header");
    if (library_is_lax() && !head_is_tight(connection, request))
        return verdict_refuse(REPLY_BAD_REQUEST,
                              "the head has lines that are not in the plain form");
    return GO_ON;
}

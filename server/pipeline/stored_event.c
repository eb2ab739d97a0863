/* The request is made again as far as it was stored; its values come from what is stored, as they
 * do when an action is started. */
#include "server/pipeline/stored_event.h"

#include "base/clock.h"
#include "handlers/admission/event_names.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/content.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "handlers/value/stored.h"

#include <sys/socket.h>

enum { HEADERS_MAX = 128 };

/* ---- the request ---- */

static struct bytes copy(struct arena *arena, struct bytes text)
{
    char *copied = arena_copy_bytes(arena, text);
    return bytes_of(copied, copied ? text.length : 0);
}

/* Those that were stored, and the media type. */
static bool read_headers(struct request *request, const struct event *event)
{
    struct json_object *stored = NULL;
    struct json_fault fault;
    struct header *list = arena_alloc_array(request->arena, HEADERS_MAX + 1, sizeof *list);
    const struct bytes type = bytes_of_text("content-type"); /* among them it may be two, joined */
    size_t count = 0;
    if (!list)
        return false;
    if (event->content_type.length > 0)
        list[count++] = (struct header){type, event->content_type};
    bool parsed = payload_parse(event->headers, &json_limits_default, &stored, &fault);
    if (parsed && value_type(stored) == TYPE_OBJECT)
        for (struct member m = member_first(stored); m.entry && count < HEADERS_MAX;
             member_next(&m)) {
            struct bytes name = bytes_of_text(member_name(&m));
            if (value_type(member_value(&m)) == TYPE_STRING && !bytes_equal(name, type))
                list[count++] =
                    (struct header){copy(request->arena, name),
                                    copy(request->arena, value_string(member_value(&m)))};
        }
    if (parsed)
        payload_release(stored);
    request->headers = list;
    request->header_count = count;
    return true;
}

static struct client_address read_client(struct bytes text)
{
    struct client_address client = {.local = bytes_equal_text(text, "unix")};
    if (!client_address_parse(AF_INET, text, client.address))
        client_address_parse(AF_INET6, text, client.address);
    return client;
}

bool stored_event_begin(struct exchange *exchange, const struct event *event)
{
    struct request *request = &exchange->request;
    exchange->stored = event;
    request->method = event->method;
    request->path = event->path;
    request->version = bytes_of_text("HTTP/1.1");
    request->now_ms = event->received_ms;
    request->client = read_client(event->client);
    request->body = event->body;
    request->event_type = event->type;
    request->message_id = event->message_id;
    return read_headers(request, event);
}

/* ---- its values and names ---- */

/* The segments of the path are those of the route as it is now. */
static bool read_params(struct request *request, struct bytes stored, struct bytes *params)
{
    struct field_list segments;
    *params = stored;
    return request->path.length == 0 ||
           (path_fields(request, &segments) && field_list_json(&segments, request->arena, params));
}

static void fill_values(struct exchange *exchange, const char *received, struct bytes params)
{
    const struct event *event = exchange->stored;
    const struct request *request = &exchange->request;
    bool is_form = !content_body_is_json(request) && content_type_is_form(event->content_type);
    const struct stored_values stored = {
        .headers = event->headers,
        .query = event->query,
        .params = params,
        .payload = request->json ? request->payload : bytes_of(NULL, 0),
        .form_text = is_form ? event->body : bytes_of(NULL, 0),
        .parts = request->form,
        .id = event->id,
        .received = bytes_of_text(received),
        .attempt = bytes_of_text("1"),
        .client = event->client,
        .method = event->method,
        .path = event->path,
        .host = event->host,
        .route = bytes_of_text(request->route->name),
    };
    value_context_of_stored(&exchange->values, &stored);
    exchange->values.evaluator = exchange->pipeline->evaluator;
}

/* A name that the route file defines is found anew; where it is not found, and where the provider
 * defines it, it is what it was. */
struct verdict stored_event_decode(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct event *event = exchange->stored;
    const struct event_names *names = event_names_of(request->route);
    struct event_source source = route_event_source(request->route);
    char *received = arena_alloc(request->arena, CLOCK_TEXT_SIZE);
    struct bytes params;
    if (!received || !read_params(request, event->params, &params))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the values of an event");
    clock_format_unix_ms(event->received_ms, received);
    fill_values(exchange, received, params);
    if (names->event.count && !source.names_events)
        request->event_type = bytes_of(NULL, 0);
    if (names->message_id.count && !source.names_messages)
        request->message_id = bytes_of(NULL, 0);
    struct verdict verdict = event_names_take(names, false, &exchange->values, request);
    if (request->event_type.length == 0)
        request->event_type = event->type;
    if (request->message_id.length == 0)
        request->message_id = event->message_id;
    exchange->values.type = request->event_type;
    exchange->values.delivery = request->message_id;
    return verdict;
}

/* An attribute of an event in binary mode is a header whose name begins with ce-; the media type of
 * the data is the Content-Type. Which attributes an event needs is asked of the JSON, once for both
 * modes. */
#include "handlers/content/cloudevents.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/json_path.h"
#include "handlers/content/media_type.h"

#include <errno.h>

static const char prefix[] = "ce-";
enum { PREFIX_LENGTH = sizeof prefix - 1 };

static struct verdict refuse(struct request *request, const char *name, const char *what)
{
    const char *reason =
        arena_format(request->arena, "the attribute \"%s\" of the CloudEvent %s", name, what);
    struct verdict verdict = verdict_refuse(
        REPLY_BAD_CONTENT, reason ? reason : "an attribute of the CloudEvent is wrong");
    verdict.message = verdict.reason;
    return verdict;
}

enum cloudevents_mode cloudevents_mode(struct bytes type)
{
    struct bytes name = media_type_name(type), format = name;
    struct bytes kind = bytes_split(&format, '+');
    if (bytes_equal_nocase(kind, bytes_of_text("application/cloudevents-batch")))
        return CLOUDEVENTS_BATCH;
    if (!bytes_equal_nocase(kind, bytes_of_text("application/cloudevents")))
        return CLOUDEVENTS_BINARY;
    return bytes_equal_nocase(format, bytes_of_text("json")) ? CLOUDEVENTS_STRUCTURED
                                                             : CLOUDEVENTS_OTHER;
}

/* ---- what every event has ---- */

static bool find(const struct request *request, const char *name, bool last_counts,
                 struct bytes *value)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    const struct json_path path = {.steps = &step, .count = 1};
    return last_counts ? json_path_find_last(request->payload, &path, value)
                       : json_path_find(request->payload, &path, value);
}

struct verdict cloudevents_check(struct request *request, bool last_counts)
{
    static const struct {
        const char *name;
        bool is_required;
    } attributes[] = {
        {"specversion", true}, {"id", true},    {"source", true},           {"type", true},
        {"subject", false},    {"time", false}, {"datacontenttype", false}, {"dataschema", false}};
    struct bytes value, both;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *name = attributes[i].name;
        bool is_there =
            find(request, name, last_counts, &value) && !bytes_equal_text(value, "null");
        if (!is_there && attributes[i].is_required)
            return refuse(request, name, "is missing");
        if (is_there && (value.data[0] != '"' || value.length == sizeof "\"\"" - 1))
            return refuse(request, name, "is not a text");
        if (i == 0 && !bytes_equal_text(value, "\"1.0\""))
            return refuse(request, name, "is not \"1.0\"");
    }
    if (find(request, "data", last_counts, &value) &&
        find(request, "data_base64", last_counts, &both))
        return refuse(request, "data_base64", "stands beside \"data\"");
    return GO_ON;
}

/* ---- binary mode ---- */

/* `CE-Type` is the attribute "type", in lower case. Other headers, names that no attribute can have
 * and those that stand elsewhere are none. */
static bool take_name(struct bytes header, char *name, size_t size)
{
    if (header.length <= PREFIX_LENGTH || header.length - PREFIX_LENGTH >= size ||
        !bytes_equal_nocase(bytes_of(header.data, PREFIX_LENGTH), bytes_of_text(prefix)))
        return false;
    struct bytes rest = bytes_from(header, PREFIX_LENGTH);
    for (size_t i = 0; i < rest.length; i++) {
        uint8_t c =
            rest.data[i] >= 'A' && rest.data[i] <= 'Z' ? rest.data[i] + ('a' - 'A') : rest.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
        name[i] = (char)c;
    }
    name[rest.length] = '\0';
    return strcmp(name, "data") != 0 && strcmp(name, "datacontenttype") != 0;
}

/* The text of a value: first without the quotes that older senders write, then with each %XX as the
 * byte that it stands for. A % that is followed by something else is itself. `out` has room for
 * value.length. */
static struct bytes decode(struct bytes value, uint8_t *out)
{
    uint8_t *end = out, *decoded = out;
    bool quoted = value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"';
    struct bytes inside = quoted ? bytes_of(value.data + 1, value.length - 2) : value;
    for (size_t i = 0; i < inside.length; i++) {
        i += quoted && inside.data[i] == '\\' && i + 1 < inside.length;
        *end++ = inside.data[i];
    }
    for (const uint8_t *at = out; at < end; at++) {
        bool is_escape =
            *at == '%' && end - at > 2 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0;
        *decoded++ = is_escape ? (uint8_t)(hex_digit(at[1]) << 4 | hex_digit(at[2])) : *at;
        at += is_escape ? 2 : 0;
    }
    return bytes_of(out, (size_t)(decoded - out));
}

/* What is not UTF-8 comes from a sender that writes ISO-8859-1, as Node.js does. data NULL: no
 * memory. */
static struct bytes of_latin1(struct arena *arena, struct bytes text)
{
    uint8_t *out = arena_alloc(arena, 2 * text.length + 1);
    size_t length = 0;
    for (size_t i = 0; out && i < text.length; i++) {
        uint8_t c = text.data[i];
        if (c >= 0x80)
            out[length++] = (uint8_t)(0xc0 | c >> 6);
        out[length++] = c >= 0x80 ? (uint8_t)(0x80 | (c & 0x3f)) : c;
    }
    return bytes_of(out, length);
}

static bool put_name(struct buffer *out, const char *name)
{
    return buffer_append_text(out, out->length > 1 ? ",\"" : "\"") &&
           buffer_append_text(out, name) && buffer_append_text(out, "\":");
}

static bool put_member(struct buffer *out, const char *name, struct bytes text)
{
    return put_name(out, name) && json_append_string(out, text);
}

static struct verdict too_long(const struct request *request)
{
    return errno == ENOMEM || request->made.length == 0
               ? verdict_refuse(REPLY_MEMORY_FULL, "no memory for the JSON of a CloudEvent")
               : verdict_refuse(REPLY_TOO_LARGE, "a CloudEvent that is more than 16 MiB as JSON");
}

static struct verdict put_attribute(struct request *request, const struct header *header)
{
    enum { NAME_SIZE = 64 };
    char name[NAME_SIZE];
    size_t count;
    if (!take_name(header->name, name, sizeof name))
        return GO_ON;
    uint8_t *room = arena_alloc(request->arena, header->value.length + 1);
    if (!room)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for an attribute");
    struct bytes text = decode(header->value, room);
    request_header(request, arena_format(request->arena, "%s%s", prefix, name), &count);
    if (count > 1)
        return refuse(request, name, "comes more than once");
    if (!utf8_valid(text))
        text = of_latin1(request->arena, text);
    if (!text.data)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for an attribute");
    return put_member(&request->made, name, text) ? GO_ON : too_long(request);
}

static bool put_base64(struct buffer *out, struct bytes data)
{
    if (!put_name(out, "data_base64") || !buffer_append_text(out, "\"") ||
        !buffer_reserve(out, BASE64_SIZE(data.length)))
        return false;
    base64_encode(data, (char *)out->data + out->length);
    out->length += BASE64_SIZE(data.length) - 1; /* its NUL is overwritten by what follows */
    return buffer_append_text(out, "\"");
}

static bool put_data(struct buffer *out, enum cloudevents_data kind, struct bytes body,
                     struct bytes json)
{
    switch (kind) {
    case CLOUDEVENTS_NONE:
        return true;
    case CLOUDEVENTS_JSON:
        return put_name(out, "data") && buffer_append_bytes(out, json);
    case CLOUDEVENTS_TEXT:
        return put_member(out, "data", body);
    case CLOUDEVENTS_BASE64:
        break;
    }
    return put_base64(out, body);
}

struct verdict cloudevents_make(struct request *request, struct bytes type,
                                enum cloudevents_data kind, struct bytes json)
{
    struct buffer *out = &request->made;
    errno = 0;
    bool done = buffer_append_text(out, "{");
    for (size_t i = 0; done && i < request->header_count; i++) {
        struct verdict verdict = put_attribute(request, &request->headers[i]);
        if (verdict.reply != REPLY_NONE)
            return verdict;
    }
    done = done && (!type.data || put_member(out, "datacontenttype", type)) &&
           put_data(out, kind, request->body, json) && buffer_append_text(out, "}");
    return done ? GO_ON : too_long(request);
}

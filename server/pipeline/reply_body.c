/* The JSON of an answer. It contains nothing of the request except the id that the event was given,
 * the locations in the body that fail a schema, and the name or limit that fails the guard. */
#include "base/buffer.h"
#include "base/json_text.h"
#include "server/pipeline/pipeline.h"

static struct bytes text_bytes(const char *text)
{
    return bytes_of_text(text ? text : "{}");
}

static struct bytes ignored_body(struct arena *arena, const char *reason)
{
    struct buffer out;
    buffer_init(&out, 1024);
    bool good = buffer_append_text(&out, "{\"ignored\":\"") &&
                json_escape(&out, bytes_of_text(reason)) && buffer_append_text(&out, "\"}");
    const char *copy = good ? arena_copy_bytes(arena, buffer_bytes(&out)) : NULL;
    buffer_finish(&out);
    return text_bytes(copy);
}

/* A person who presses "Redeliver" reads only this. */
static struct bytes duplicate_body(struct arena *arena, const struct verdict *verdict,
                                   const char *id)
{
    if (!verdict->can_replay)
        return text_bytes(arena_format(arena, "{\"id\":\"%s\",\"duplicate\":true}", id));
    return text_bytes(arena_format(
        arena, "{\"id\":\"%s\",\"duplicate\":true,\"replay\":\"tenterhook replay %s\"}", id, id));
}

static struct bytes message_body(struct arena *arena, const struct verdict *verdict)
{
    struct buffer out;
    buffer_init(&out, 4096);
    bool good =
        buffer_printf(&out, "{\"error\":\"%s\",\"message\":\"", reply_rows[verdict->reply].code) &&
        json_escape(&out, bytes_of_text(verdict->message)) && buffer_append_text(&out, "\"}");
    const char *copy = good ? arena_copy_bytes(arena, buffer_bytes(&out)) : NULL;
    buffer_finish(&out);
    return text_bytes(copy);
}

static struct bytes error_body(struct arena *arena, const struct verdict *verdict)
{
    const struct reply_row *row = &reply_rows[verdict->reply];
    if (verdict->message)
        return message_body(arena, verdict);
    if (verdict->details.length == 0)
        return text_bytes(
            arena_format(arena, "{\"error\":\"%s\",\"message\":\"%s\"}", row->code, row->text));
    return text_bytes(arena_format(arena, "{\"error\":\"%s\",\"message\":\"%s\",\"errors\":%.*s}",
                                   row->code, row->text, (int)verdict->details.length,
                                   (const char *)verdict->details.data));
}

struct bytes reply_body(struct arena *arena, const struct verdict *verdict, const char *id)
{
    if (verdict->empty_body)
        return bytes_of(NULL, 0);
    if (verdict->body.length > 0 || verdict->reply == REPLY_CHALLENGE)
        return verdict->body;
    switch (verdict->reply) {
    case REPLY_ACCEPTED:
        return text_bytes(arena_format(arena, "{\"id\":\"%s\"}", id ? id : ""));
    case REPLY_AGAIN:
        return text_bytes(arena_format(arena, "{\"id\":\"%s\",\"again\":true}", id ? id : ""));
    case REPLY_DUPLICATE:
        return duplicate_body(arena, verdict, id ? id : "");
    case REPLY_QUARANTINED:
        return text_bytes(
            arena_format(arena, "{\"id\":\"%s\",\"quarantined\":true}", id ? id : ""));
    case REPLY_HEALTHY:
        return text_bytes("{\"status\":\"ok\"}");
    case REPLY_IGNORED:
        return ignored_body(arena, verdict->message ? verdict->message : verdict->reason);
    default:
        return error_body(arena, verdict);
    }
}

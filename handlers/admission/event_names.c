/* What is repeated is refused, as it is for presets: it could be read as either. */
#include "handlers/admission/event_names.h"

#include "base/crypto.h"
#include "base/encoding.h"

enum { NAME_MAX_BYTES = 256 };
static const char nul_reason[] = "the event type or the delivery id holds U+0000";

/* ---- loading ---- */

/* What an event does not have before it has these names. */
static bool may_name(const struct reference *reference)
{
    switch (reference->root) {
    case REFERENCE_EVENT_ID:
    case REFERENCE_EVENT_TYPE:
    case REFERENCE_EVENT_DELIVERY:
    case REFERENCE_EVENT_ATTEMPT:
    case REFERENCE_ACTION_NAME:
        return false;
    default:
        return true;
    }
}

static bool read_value(struct load *load, const struct node *node, const struct row *row,
                       struct reference_list *list)
{
    char subject[32];
    struct reference *reference = &list->items[list->count];
    snprintf(subject, sizeof subject, "\"%s\"", row->name);
    if (!reference_load(load, node, subject, reference))
        return false;
    if (!may_name(reference))
        return load_problem(load, node, "%s cannot be %s: it is not known yet", subject,
                            reference->text);
    list->count++;
    return true;
}

static bool read_values(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct reference_list *list = field;
    bool several = node->kind == NODE_SEQUENCE, ok = true;
    list->items =
        arena_alloc_array(load_arena(load), several ? node->count + 1 : 1, sizeof *list->items);
    if (!list->items)
        return load_problem(load, node, "no memory for the values");
    if (!several)
        return read_value(load, node, row, list);
    if (!node->first)
        return load_problem(load, node, "\"%s\" needs at least 1", row->name);
    for (const struct node *item = node->first; item; item = item->next)
        ok = read_value(load, item, row, list) && ok;
    return ok;
}

#define VALUES_SYNTAX                                                                              \
    "a value such as `header.NAME`, `query.NAME`, `form.NAME` or `payload.PATH`, or a list of "    \
    "them"
#define VALUES_SCHEMA                                                                              \
    "{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "            \
    "\"string\"}}]}"

static const struct row event_names_rows[] = {
    {.name = "event",
     .example = "payload.type",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct event_names, event),
     .read = read_values,
     .syntax = VALUES_SYNTAX,
     .json_schema = VALUES_SCHEMA,
     .sentence = "Where the type of an event is, for `events` and actions, if the provider does "
                 "not define it; the first value that is present."},
    {.name = "delivery",
     .example = "header.x-delivery",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct event_names, message_id),
     .read = read_values,
     .syntax = VALUES_SYNTAX,
     .json_schema = VALUES_SCHEMA,
     .sentence = "Where the sender's message id is, by which `dedupe` recognizes a repeated "
                 "message, if the provider does not define it; the first value that is present."},
};
static const struct row_section event_names_keys = {
    .name = "names of events",
    .sentence = "Where the type and the id of an event are.",
    .rows = event_names_rows,
    .row_count = ROW_COUNT(event_names_rows),
    .size = sizeof(struct event_names)};
const struct route_part event_names_route_part = {.keys = &event_names_keys};

static bool be_one(struct reference_list *list, struct arena *arena, const char *text)
{
    struct reference *reference = arena_alloc(arena, sizeof *reference);
    if (!reference || !reference_parse(bytes_of_text(text), arena, reference, NULL, NULL))
        return false;
    *list = (struct reference_list){.items = reference, .count = 1};
    return true;
}

bool event_names_of_cloudevents(struct event_names *names, struct arena *arena, bool events_known,
                                bool messages_known)
{
    bool needs_event = names->event.count == 0 && !events_known;
    bool needs_id = names->message_id.count == 0 && !messages_known;
    return (!needs_event || be_one(&names->event, arena, "payload.type")) &&
           (!needs_id || (be_one(&names->message_id, arena, "payload.id") &&
                          be_one(&names->source, arena, "payload.source")));
}

/* ---- the walk ---- */

/* A header that is repeated is no list here. */
static bool is_repeated(const struct reference *reference, const struct value *value,
                        const struct request *request)
{
    size_t count = 0;
    if (reference->root != REFERENCE_HEADER)
        return value->repeated;
    for (size_t i = 0; i < request->header_count; i++)
        count += bytes_equal_nocase(request->headers[i].name, reference->name);
    return count > 1;
}

static bool is_name(const struct value *value)
{
    return (value->kind == VALUE_STRING || value->kind == VALUE_NUMBER ||
            value->kind == VALUE_BOOLEAN) &&
           value->text.length > 0 && value->text.length <= NAME_MAX_BYTES;
}

static struct verdict take_first(const struct reference_list *list, struct value_context *context,
                                 struct request *request, struct bytes *name)
{
    struct value value = {.kind = VALUE_MISSING};
    for (size_t i = 0; i < list->count && value.kind <= VALUE_NULL; i++) {
        if (!value_resolve(context, &list->items[i], &value))
            return value_refusal(context);
        if (is_repeated(&list->items[i], &value, request))
            return verdict_refuse(REPLY_UNPROCESSABLE,
                                  "the delivery id or the event type is there more than once");
        if (value.kind >= VALUE_ARRAY)
            value.kind = VALUE_MISSING;
    }
    if (!is_name(&value))
        return GO_ON;
    char *copy = arena_copy_bytes(request->arena, value.text);
    if (!copy)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for a name");
    *name = bytes_of(copy, value.text.length);
    return GO_ON;
}

static bool all_lie_in_body(const struct reference_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].root != REFERENCE_PAYLOAD && list->items[i].root != REFERENCE_FORM)
            return false;
    return true;
}

/* Commands read them as C strings. */
static bool holds_nul(struct bytes name)
{
    return name.length && memchr(name.data, 0, name.length);
}

/* The id and whose it is, as a digest. Where one ends and the other begins is told by the length.
 */
static struct verdict take_joint_key(const struct event_names *names, struct value_context *context,
                                     struct request *request)
{
    struct value source;
    uint8_t digest[HASH_MAX_SIZE];
    char *text = arena_alloc(request->arena, 2 * HASH_MAX_SIZE + 1);
    const char *length = arena_format(request->arena, "%zu:", request->message_id.length);
    if (!value_resolve(context, &names->source.items[0], &source))
        return value_refusal(context);
    struct hash_stream *hash = text && length ? hash_create(HASH_SHA256) : NULL;
    bool done = hash && hash_feed(hash, bytes_of_text(length)) &&
                hash_feed(hash, request->message_id) && hash_feed(hash, source.text);
    hash_destroy(hash, done ? digest : NULL);
    if (!done)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the key of a message");
    hex_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    request->dedupe_key = bytes_of_text(text);
    return GO_ON;
}

struct verdict event_names_take(const struct event_names *names, bool body_is_signed,
                                struct value_context *context, struct request *request)
{
    struct verdict verdict = GO_ON;
    if (names->event.count && request->event_type.length == 0)
        verdict = take_first(&names->event, context, request, &request->event_type);
    context->type = request->event_type;
    bool named = names->message_id.count && request->message_id.length == 0;
    if (verdict.reply == REPLY_NONE && named)
        verdict = take_first(&names->message_id, context, request, &request->message_id);
    context->delivery = request->message_id;
    if (verdict.reply != REPLY_NONE)
        return verdict;
    if (holds_nul(request->event_type) || holds_nul(request->message_id))
        return (struct verdict){
            .reply = REPLY_UNPROCESSABLE, .reason = nul_reason, .message = nul_reason};
    if (!named || request->message_id.length == 0)
        return GO_ON;
    bool id_is_signed = body_is_signed && all_lie_in_body(&names->message_id);
    if (names->source.count > 0 && (id_is_signed || request->dedupe_key.length == 0))
        return take_joint_key(names, context, request);
    if (id_is_signed)
        request->dedupe_key = request->message_id;
    return GO_ON;
}

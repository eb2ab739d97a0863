/* The language is that of presets (docs/providers-language.md); of its values only those are taken
 * that every request has, whatever signs it. What is repeated is refused, as it is for presets: it
 * could be read as either. */
#include "handlers/admission/event_names.h"

enum { NAME_MAX_BYTES = 256 };

/* ---- loading ---- */

/* One value, whose name is all there: a star or a parameter could mean a header with credentials.
 */
static bool may_name(const struct signed_ref *ref)
{
    if (ref->kind == SIGNED_HEADER)
        return !ref->parameter && !ref->family && !strchr(ref->name, '*');
    return ref->kind == SIGNED_QUERY || ref->kind == SIGNED_FORM || ref->kind == SIGNED_PAYLOAD;
}

static bool read_value(struct load *load, const struct node *node, const struct row *row,
                       struct signed_list *list)
{
    struct error err;
    struct signed_ref *ref = &list->items[list->count];
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_mismatch(load, node, row, "header.NAME, query.NAME, form.NAME or payload.PATH");
    if (!signed_ref_parse(node->text, load_arena(load), ref, &err) || !may_name(ref))
        return load_problem(load, node,
                            "\"%s\" must be header.NAME, query.NAME, form.NAME or payload.PATH, "
                            "not \"%.100s\"",
                            row->name, node->text);
    list->count++;
    return true;
}

static bool read_values(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct signed_list *list = field;
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

#define VALUES_SYNTAX "`header.NAME`, `query.NAME`, `form.NAME`, `payload.PATH`, or a list of them"
#define VALUES_SCHEMA                                                                              \
    "{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "            \
    "\"string\"}}]}"

static const struct row event_names_rows[] = {
    {.name = "event",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct event_names, event),
     .read = read_values,
     .syntax = VALUES_SYNTAX,
     .json_schema = VALUES_SCHEMA,
     .sentence = "Where the type of an event is, for `events` and actions, if the provider does "
                 "not define it; the first value that is present."},
    {.name = "delivery",
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

/* ---- the walk ---- */

static struct verdict take_first(const struct signed_list *list, struct request *request,
                                 struct bytes *name)
{
    struct signed_source source = signed_source_of(request);
    struct bytes value;
    enum signed_outcome outcome = signed_get_first(&source, list, &value);
    struct verdict verdict = GO_ON;
    if (outcome == SIGNED_REPEATED) {
        verdict = verdict_refuse(REPLY_UNPROCESSABLE,
                                 "the delivery id or the event type is there more than once");
    } else if (outcome == SIGNED_FOUND && value.length > 0 && value.length <= NAME_MAX_BYTES) {
        char *copy = arena_copy_bytes(request->arena, value);
        if (copy)
            *name = bytes_of(copy, value.length);
        else
            verdict = verdict_refuse(REPLY_MEMORY_FULL, "no room for a name");
    }
    signed_source_finish(&source);
    return verdict;
}

static bool all_lie_in_body(const struct signed_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!signed_needs_body(&list->items[i]))
            return false;
    return true;
}

struct verdict event_names_take(const struct event_names *names, bool body_is_signed,
                                struct request *request)
{
    struct verdict verdict = GO_ON;
    if (names->event.count && request->event_type.length == 0)
        verdict = take_first(&names->event, request, &request->event_type);
    if (verdict.reply != REPLY_NONE || !names->message_id.count || request->message_id.length > 0)
        return verdict;
    verdict = take_first(&names->message_id, request, &request->message_id);
    if (request->message_id.length > 0 && body_is_signed && all_lie_in_body(&names->message_id))
        request->dedupe_key = request->message_id;
    return verdict;
}

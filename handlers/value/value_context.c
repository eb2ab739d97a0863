/* A value is found in two steps: first where it is, then, of a string with escapes or percent
 * signs, what it says. The second step writes into one buffer that the context keeps, so that a
 * thousand tests of a long string cost the memory of one. */
#include "handlers/value/value_context.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "handlers/content/content.h"
#include "handlers/content/json_path.h"
#include "handlers/content/payload.h"
#include "handlers/content/query.h"

#include <stdio.h>

enum { SCRATCH_MAX = INT32_MAX };

void value_context_of_request(struct value_context *context, const struct request *request)
{
    static const char any_id[] = "00000000-0000-0000-0000-000000000000";
    *context = (struct value_context){
        .request = request,
        .id = bytes_of_text(any_id),
        .type = request->event_type,
        .delivery = request->message_id,
        .attempt = bytes_of_text("1"),
        .method = request->method,
        .path = request->path,
        .host = request_header(request, "Host", NULL),
        .route = bytes_of_text(request->route ? request->route->name : NULL),
    };
}

void value_context_finish(struct value_context *context)
{
    if (context->index_made)
        payload_index_finish(&context->index);
    if (context->form_good)
        form_finish(&context->form);
    if (context->tree_made)
        payload_release(context->tree);
    buffer_finish(&context->scratch);
    context->index_tried = context->index_made = context->form_tried = context->form_good = false;
    context->tree_made = false;
    context->steps = 0;
}

/* ---- what it costs ---- */

bool value_take_steps(struct value_context *context, size_t steps)
{
    context->steps += steps;
    return context->steps <= VALUE_STEPS_MAX;
}

bool value_steps_are_over(const struct value_context *context)
{
    return context->steps > VALUE_STEPS_MAX;
}

struct verdict value_refusal(const struct value_context *context)
{
    static const char text[] = "the values of the event take more steps than a request may cost";
    if (!value_steps_are_over(context))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the values of the event");
    return (struct verdict){.reply = REPLY_UNPROCESSABLE, .reason = text, .message = text};
}

/* ---- strings ---- */

static void set_string(struct value *value, struct bytes text)
{
    *value = (struct value){.kind = VALUE_STRING, .text = text};
}

static void set_if_known(struct value *value, struct bytes text)
{
    *value = (struct value){.kind = VALUE_MISSING};
    if (text.data)
        set_string(value, text);
}

/* Room for `size` bytes in the scratch, which is emptied. */
static uint8_t *scratch_take(struct value_context *context, size_t size)
{
    struct buffer *scratch = &context->scratch;
    scratch->limit = SCRATCH_MAX;
    scratch->length = 0;
    return buffer_reserve(scratch, size + 1) ? scratch->data : NULL;
}

/* The inside of a JSON string. */
static bool decode_json(struct value_context *context, struct bytes inside, struct bytes *text)
{
    enum { SEARCHED_A_STEP = 64, DECODED_A_STEP = 8 };
    *text = inside;
    if (!value_take_steps(context, inside.length / SEARCHED_A_STEP))
        return false;
    if (!memchr(inside.data, '\\', inside.length))
        return true;
    uint8_t *out = value_take_steps(context, inside.length / DECODED_A_STEP)
                       ? scratch_take(context, inside.length)
                       : NULL;
    if (out)
        *text = bytes_of(out, json_unescape(inside, out));
    return out;
}

static struct bytes without_quotes(struct bytes quoted)
{
    return bytes_of(quoted.data + 1, quoted.length - 2);
}

/* ---- the payload ---- */

/* Stored is the text of a form; of a request it is decoded already, unless its route takes any
 * content as it is. */
static struct bytes form_text(const struct value_context *context)
{
    const struct request *request = context->request;
    if (!request)
        return context->form_text;
    return !content_body_is_json(request) && content_type_is_form(content_type(request))
               ? request->body
               : bytes_of(NULL, 0);
}

/* A multipart form is read before there is a context. */
static const struct form *find_form(struct value_context *context)
{
    if (context->request && context->request->form)
        return context->request->form;
    if (context->parts)
        return context->parts;
    struct bytes text = form_text(context);
    if (!context->form_tried && text.length > 0)
        context->form_good = form_decode(text, &context->form);
    context->form_tried = true;
    return context->form_good ? &context->form : NULL;
}

struct bytes value_payload(struct value_context *context)
{
    const struct request *request = context->request;
    if (!request)
        return context->payload;
    return request->json ? request->payload : bytes_of(NULL, 0);
}

void value_absence(struct value_context *context, const struct reference *reference,
                   char room[VALUE_ABSENCE_SIZE])
{
    const struct request *request = context->request;
    struct bytes text = form_text(context);
    bool is_form = text.length > 0 || context->parts || (request && request->form);
    struct bytes field = request ? request->field_looked_for : bytes_of(NULL, 0);
    room[0] = '\0';
    if (reference->root != REFERENCE_PAYLOAD || value_payload(context).length > 0)
        return;
    if (!is_form)
        snprintf(room, VALUE_ABSENCE_SIZE, ": there is no body that is JSON");
    else if (field.length > 0)
        snprintf(room, VALUE_ABSENCE_SIZE, ": the body is a form without a field \"%.*s\"",
                 field.length < 64 ? (int)field.length : 64, (const char *)field.data);
    else
        snprintf(room, VALUE_ABSENCE_SIZE, ": the body is a form%s",
                 text.length > 0 && byte_is_among(text.data[0], "{[")
                     ? " by its Content-Type, though it looks like JSON"
                     : "");
}

/* NULL: there is no payload. `*good` is false where memory is what is missing. */
static const struct payload_index *find_index(struct value_context *context, bool *good)
{
    struct bytes payload = context->index_tried ? context->index.text : value_payload(context);
    if (!context->index_tried && payload.length)
        context->index_made = payload_index_build(&context->index, payload);
    context->index_tried = true;
    *good = context->index_made || payload.length == 0;
    return context->index_made ? &context->index : NULL;
}

static enum value_kind kind_of_text(uint8_t first)
{
    switch (first) {
    case '"':
        return VALUE_STRING;
    case '{':
        return VALUE_OBJECT;
    case '[':
        return VALUE_ARRAY;
    case 't':
    case 'f':
        return VALUE_BOOLEAN;
    case 'n':
        return VALUE_NULL;
    default:
        return VALUE_NUMBER;
    }
}

bool value_at(struct value_context *context, uint32_t place, struct value *value)
{
    struct bytes text = payload_index_text(&context->index, place);
    if (!value_take_steps(context, 1))
        return false;
    *value = (struct value){.kind = kind_of_text(text.data[0]), .text = text, .place = place};
    return value->kind != VALUE_STRING || decode_json(context, without_quotes(text), &value->text);
}

/* ---- paths ---- */

struct walk {
    struct value_context *context;
    const struct reference *reference;
    bool (*visit)(void *caller, struct value *value);
    void *caller;
    bool stopped, failed;
};

static void walk_found(struct walk *walk, uint32_t place)
{
    struct value value;
    if (!value_at(walk->context, place, &value))
        walk->failed = true;
    walk->stopped = walk->failed || !walk->visit(walk->caller, &value);
}

/* Nothing is where the path leads, at least not from this element on. */
static void walk_missing(struct walk *walk)
{
    struct value missing = {.kind = VALUE_MISSING};
    walk->stopped = !walk->visit(walk->caller, &missing);
}

static bool take_step(struct walk *walk, const struct reference_step *step, uint32_t *place)
{
    const struct payload_index *index = &walk->context->index;
    size_t looks = 0;
    bool found = step->kind == STEP_NAME
                     ? payload_index_member(index, *place, step->name, place, &looks)
                     : payload_index_element(index, *place, step->kind == STEP_FROM_END,
                                             step->index, place, &looks);
    if (!value_take_steps(walk->context, looks))
        walk->failed = walk->stopped = true;
    return found && !walk->failed;
}

/* Recurses once for each [*] of the reference, of which there are at most REFERENCE_STEPS_MAX. */
static void walk_from(struct walk *walk, uint32_t place, size_t step)
{
    const struct payload_index *index = &walk->context->index;
    const struct reference *reference = walk->reference;
    for (; step < reference->step_count; step++) {
        if (reference->steps[step].kind == STEP_EACH)
            break;
        if (!take_step(walk, &reference->steps[step], &place)) {
            if (!walk->failed)
                walk_missing(walk);
            return;
        }
    }
    if (step == reference->step_count) {
        walk_found(walk, place);
        return;
    }
    bool is_array = index->text.data[index->values[place].start] == '[';
    uint32_t end = payload_index_end(index, place);
    if (!is_array || payload_index_first(place) == end) {
        walk_missing(walk);
        return;
    }
    for (uint32_t at = payload_index_first(place); at < end && !walk->stopped;
         at = payload_index_next(index, at))
        walk_from(walk, at, step + 1);
}

static bool walk_payload(struct walk *walk)
{
    bool good;
    const struct payload_index *index = find_index(walk->context, &good);
    if (index)
        walk_from(walk, 0, 0);
    else if (good)
        walk_missing(walk);
    return good && !walk->failed;
}

/* ---- names ---- */

/* A member of a stored object: a string, or a list where the name came more than once. */
static bool find_stored(struct value_context *context, struct bytes object, struct bytes name,
                        struct value *value)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = name};
    struct json_path path = {.steps = &step, .count = 1};
    struct bytes raw;
    *value = (struct value){.kind = VALUE_MISSING};
    if (object.length == 0 || !json_path_find(object, &path, &raw) || raw.length < 2)
        return true;
    value->repeated = raw.data[0] == '[';
    if (raw.data[0] != '"')
        return true;
    struct bytes text;
    if (!decode_json(context, without_quotes(raw), &text))
        return false;
    set_string(value, text);
    return true;
}

static bool find_header(struct value_context *context, struct bytes name, struct value *value)
{
    struct bytes text;
    if (!context->request)
        return find_stored(context, context->headers, name, value);
    context->scratch.limit = SCRATCH_MAX;
    if (!request_header_text(context->request, name, &context->scratch, &text))
        return false;
    set_if_known(value, text);
    return true;
}

static void set_single(struct value *value, struct bytes text, size_t count)
{
    set_if_known(value, count == 1 ? text : bytes_of(NULL, 0));
    value->repeated = count > 1;
}

static bool find_field(struct value_context *context, const struct field_list *fields,
                       struct bytes name, struct value *value)
{
    size_t count = 0;
    struct bytes text = fields ? field_list_find(fields, name, &count) : bytes_of(NULL, 0);
    set_single(value, text, count);
    return !fields || value_take_steps(context, fields->count);
}

static bool find_query(struct value_context *context, struct bytes name, struct value *value)
{
    if (!context->request)
        return find_stored(context, context->query, name, value);
    return find_field(context, context->request->parameters, name, value);
}

static bool find_param(struct value_context *context, struct bytes name, struct value *value)
{
    if (!context->request)
        return find_stored(context, context->params, name, value);
    return find_field(context, context->request->segments, name, value);
}

static bool find_form_field(struct value_context *context, struct bytes name, struct value *value)
{
    const struct form *form = find_form(context);
    size_t count = 0;
    struct bytes text = form ? form_find(form, name, &count) : bytes_of(NULL, 0);
    set_single(value, text, count);
    return true;
}

/* ---- what is known of the event ---- */

static struct bytes client_text(struct value_context *context)
{
    if (context->client.data || !context->request)
        return context->client;
    client_format(&context->request->client, context->client_text);
    return bytes_of_text(context->client_text);
}

static struct bytes received_text(struct value_context *context)
{
    if (context->received.data || !context->request)
        return context->received;
    clock_format_unix_ms(context->request->now_ms, context->received_text);
    return bytes_of_text(context->received_text);
}

static struct bytes known_text(struct value_context *context, enum reference_root root)
{
    static const size_t offsets[REFERENCE_ROOT_COUNT] = {
        [REFERENCE_EVENT_ID] = offsetof(struct value_context, id),
        [REFERENCE_EVENT_TYPE] = offsetof(struct value_context, type),
        [REFERENCE_EVENT_DELIVERY] = offsetof(struct value_context, delivery),
        [REFERENCE_EVENT_ATTEMPT] = offsetof(struct value_context, attempt),
        [REFERENCE_REQUEST_METHOD] = offsetof(struct value_context, method),
        [REFERENCE_REQUEST_PATH] = offsetof(struct value_context, path),
        [REFERENCE_REQUEST_HOST] = offsetof(struct value_context, host),
        [REFERENCE_ROUTE_NAME] = offsetof(struct value_context, route),
        [REFERENCE_ACTION_NAME] = offsetof(struct value_context, action),
    };
    if (root == REFERENCE_CLIENT_ADDRESS)
        return client_text(context);
    if (root == REFERENCE_EVENT_RECEIVED)
        return received_text(context);
    return *(const struct bytes *)((const char *)context + offsets[root]);
}

typedef bool name_finder(struct value_context *context, struct bytes name, struct value *value);

static bool find_named(struct value_context *context, const struct reference *reference,
                       struct value *value)
{
    static name_finder *const finders[REFERENCE_ROOT_COUNT] = {
        [REFERENCE_HEADER] = find_header,
        [REFERENCE_QUERY] = find_query,
        [REFERENCE_PATH] = find_param,
        [REFERENCE_FORM] = find_form_field,
    };
    if (finders[reference->root])
        return finders[reference->root](context, reference->name, value);
    struct bytes text = known_text(context, reference->root);
    set_if_known(value, text.length ? text : bytes_of(NULL, 0));
    return true;
}

/* ---- what others call ---- */

bool value_each(struct value_context *context, const struct reference *reference,
                bool (*visit)(void *caller, struct value *value), void *caller)
{
    struct walk walk = {
        .context = context, .reference = reference, .visit = visit, .caller = caller};
    struct value value;
    if (reference->root == REFERENCE_PAYLOAD)
        return walk_payload(&walk);
    if (!find_named(context, reference, &value))
        return false;
    visit(caller, &value);
    return true;
}

static bool keep_first(void *caller, struct value *value)
{
    *(struct value *)caller = *value;
    return value->kind == VALUE_MISSING;
}

bool value_resolve(struct value_context *context, const struct reference *reference,
                   struct value *value)
{
    return value_each(context, reference, keep_first, value);
}

/* ---- as text ---- */

bool value_append(struct buffer *out, const struct value *value, bool as_json)
{
    if (value->kind == VALUE_OBJECT || value->kind == VALUE_ARRAY)
        return json_append_compact(out, value->text);
    if (value->kind == VALUE_STRING && as_json)
        return json_append_string(out, value->text);
    return buffer_append_bytes(out, value->text);
}

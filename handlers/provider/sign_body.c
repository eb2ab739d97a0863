/* A body that holds what a scheme looks for in it, made of the paths alone:
 * {"event":{"type":"test"}} for payload.event.type. Values are strings but for times in
 * milliseconds, the first element stands for every one. */
#include "handlers/provider/sign_body.h"

#include "base/encoding.h"
#include "base/json_text.h"

/* The steps of a value's path from the top; an item's begin with those of `each`. */
static const struct json_step *step_at(const struct signing *signing,
                                       const struct sign_value *value, size_t depth)
{
    const struct json_path *each = &signing->plan->scheme->each.path;
    const struct json_path *path = &value->ref->path;
    if (value->ref->kind == SIGNED_ITEM) {
        if (depth < each->count)
            return &each->steps[depth];
        depth -= each->count;
    }
    return depth < path->count ? &path->steps[depth] : NULL;
}

static bool in_json(const struct sign_value *value)
{
    return value->ref->kind == SIGNED_PAYLOAD || value->ref->kind == SIGNED_ITEM;
}

static bool same_step(const struct json_step *a, const struct json_step *b)
{
    if (!a || !b)
        return a == b;
    bool name = a->kind == JSON_STEP_NAME;
    return name == (b->kind == JSON_STEP_NAME) && (!name || bytes_equal(a->name, b->name));
}

/* Whether both paths agree in their first `depth` steps. */
static bool same_start(const struct signing *signing, const struct sign_value *a,
                       const struct sign_value *b, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (!same_step(step_at(signing, a, i), step_at(signing, b, i)))
            return false;
    }
    return true;
}

/* A time in milliseconds is a number with those who have it in the body, one in seconds a string.
 */
static bool is_number(const struct signing *signing, const struct sign_value *value)
{
    const struct scheme_time *time = &signing->plan->scheme->time;
    return value->ref == &time->in && time->unit == TIME_MILLISECONDS;
}

static bool put_json(struct signing *signing, const struct sign_value *first, size_t depth);

/* All members of the object that `first` leads into, each once. */
static bool put_members(struct signing *signing, const struct sign_value *first, size_t depth)
{
    const struct sign_value *end = signing->values + signing->value_count;
    bool comma = false;
    for (const struct sign_value *value = signing->values; value < end; value++) {
        if (!in_json(value) || !same_start(signing, first, value, depth))
            continue;
        const struct sign_value *before = signing->values;
        while (before < value &&
               !(in_json(before) && same_start(signing, value, before, depth + 1)))
            before++;
        if (before < value)
            continue;
        const struct json_step *step = step_at(signing, value, depth);
        if (!step || step->kind != JSON_STEP_NAME)
            return false;
        if (!buffer_append_text(&signing->body, comma ? ",\"" : "\"") ||
            !json_escape(&signing->body, step->name) ||
            !buffer_append_text(&signing->body, "\":") || !put_json(signing, value, depth + 1))
            return false;
        comma = true;
    }
    return true;
}

static bool put_json(struct signing *signing, const struct sign_value *first, size_t depth)
{
    const struct json_step *step = step_at(signing, first, depth);
    struct buffer *out = &signing->body;
    if (!step && is_number(signing, first))
        return buffer_append_bytes(out, first->value);
    if (!step)
        return buffer_append_text(out, "\"") && json_escape(out, first->value) &&
               buffer_append_text(out, "\"");
    if (step->kind != JSON_STEP_NAME)
        return buffer_append_text(out, "[") && put_json(signing, first, depth + 1) &&
               buffer_append_text(out, "]");
    return buffer_append_text(out, "{") && put_members(signing, first, depth) &&
           buffer_append_text(out, "}");
}

static bool put_escaped(struct buffer *out, struct bytes text)
{
    return percent_encode(out, text, "-._");
}

static bool put_form(struct signing *signing)
{
    struct buffer *out = &signing->body;
    for (size_t i = 0; i < signing->value_count; i++) {
        const struct sign_value *value = &signing->values[i];
        if (value->ref->kind != SIGNED_FORM)
            continue;
        if ((out->length && !buffer_append_text(out, "&")) ||
            !put_escaped(out, bytes_of_text(value->ref->name)) || !buffer_append_text(out, "=") ||
            !put_escaped(out, value->value))
            return false;
    }
    return true;
}

static const struct sign_value *first_of(const struct signing *signing, bool form)
{
    for (size_t i = 0; i < signing->value_count; i++) {
        const struct sign_value *value = &signing->values[i];
        if (form ? value->ref->kind == SIGNED_FORM : in_json(value))
            return value;
    }
    return NULL;
}

bool sign_build_body(struct signing *signing, struct error *err)
{
    const struct sign_value *json = first_of(signing, false), *form = first_of(signing, true);
    buffer_consume(&signing->body, signing->body.length);
    bool done = form   ? put_form(signing)
                : json ? put_json(signing, json, 0)
                       : buffer_append_text(&signing->body, "{\"hello\":\"tenterhook\"}");
    signing->request.body = buffer_bytes(&signing->body);
    return done || error_set(err, "the body that the scheme requires cannot be made");
}

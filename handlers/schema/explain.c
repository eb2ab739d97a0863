/* From frames to words. A collector either keeps failures (at most ten, their texts in the caller's
 * arena) or, when it probes a branch, only weighs them: the branch of a failed anyOf or oneOf with
 * the least weight is the one that was probably meant, and its reasons are the ones to tell. A
 * wrong type or a wrong constant says "not this branch" louder than anything further inside. */
#include "handlers/schema/explain.h"

#include "base/encoding.h"
#include "handlers/schema/eval.h"
#include "handlers/schema/place.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_BYTES = 4096, SENTENCE_BYTES = 512, PROBES_MAX = 256 };

struct collector {
    struct arena *arena;
    struct schema_failures *failures;
    const struct frame *base; /* probing from here; NULL: collecting */
    unsigned weight;
};

bool collector_full(const struct collector *collector)
{
    return !collector->base && collector->failures->count == SCHEMA_FAILURES_MAX;
}

/* ---- locations ---- */

static bool put_instance(struct buffer *out, const struct frame *frame)
{
    if (!frame)
        return true;
    return put_instance(out, frame->up) &&
           (frame->place == PLACE_SAME ||
            (frame->place == PLACE_MEMBER ? pointer_append(out, frame->member)
                                          : pointer_append_index(out, frame->item)));
}

static bool put_tokens(struct buffer *out, const struct frame *frame)
{
    if (frame->keyword == KEYWORD_NONE)
        return true; /* the outermost */
    return pointer_append(out, keyword_rows[frame->keyword].name) &&
           (!frame->token || pointer_append(out, frame->token)) &&
           (frame->index == INDEX_NONE || pointer_append_index(out, frame->index));
}

static bool put_schema(struct buffer *out, const struct frame *frame)
{
    return !frame || (put_schema(out, frame->up) && put_tokens(out, frame));
}

/* From the last place where a location is known. */
static bool put_absolute(struct buffer *out, const struct frame *frame)
{
    const char *known = frame->node->location ? frame->node->location : frame->location;
    if (known)
        return buffer_append_text(out, known);
    return !frame->up || (put_absolute(out, frame->up) && put_tokens(out, frame));
}

/* What `put` writes, with the keyword behind it, as text in the arena. */
static const char *location(struct collector *collector, const struct frame *frame,
                            bool (*put)(struct buffer *, const struct frame *),
                            enum keyword keyword)
{
    struct buffer text;
    buffer_init(&text, LOCATION_BYTES);
    put(&text, frame);
    if (keyword != KEYWORD_NONE)
        pointer_append(&text, keyword_rows[keyword].name);
    const char *copy = arena_copy_bytes(collector->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return copy ? copy : "";
}

/* ---- reports ---- */

static unsigned depth_below(const struct frame *frame, const struct frame *base)
{
    unsigned depth = 0;
    for (; frame && frame != base; frame = frame->up)
        depth += frame->place != PLACE_SAME;
    return depth;
}

static unsigned failure_weight(const struct frame *frame, const struct frame *base,
                               enum keyword keyword)
{
    unsigned depth = depth_below(frame, base);
    bool constant = keyword == KEYWORD_CONST || keyword == KEYWORD_ENUM;
    if (keyword == KEYWORD_TYPE && depth == 0)
        return 10000;
    if (constant && depth <= 1)
        return 1000;
    if (keyword == KEYWORD_REQUIRED && depth == 0)
        return 50;
    return depth < 10 ? 20 - depth : 10;
}

bool collector_weighs(struct collector *collector, const struct frame *frame, enum keyword keyword)
{
    if (collector->base)
        collector->weight += failure_weight(frame, collector->base, keyword);
    return collector->base;
}

bool eval_report(struct schema_evaluator *ev, const struct frame *frame, enum keyword keyword,
                 const char *format, ...)
{
    struct collector *collector = ev->collector;
    if (collector_full(collector))
        return false;
    struct schema_failure *failure = &collector->failures->items[collector->failures->count++];
    char sentence[SENTENCE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    utf8_drop_halves(sentence);
    failure->keyword = keyword_rows[keyword == KEYWORD_NONE ? frame->keyword : keyword].name;
    failure->instance = location(collector, frame, put_instance, KEYWORD_NONE);
    failure->schema = location(collector, frame, put_schema, keyword);
    failure->absolute = location(collector, frame, put_absolute, keyword);
    failure->sentence = arena_copy_text(collector->arena, sentence);
    if (!failure->sentence)
        failure->sentence = "";
    return false;
}

/* ---- branches ---- */

static unsigned probe(struct schema_evaluator *ev, struct frame *frame, const struct step *step,
                      uint32_t branch)
{
    const struct branches *branches = step->data;
    struct collector *outer = ev->collector, prober = {.base = frame};
    struct frame child = frame_same(frame, branches->nodes[branch], step->keyword, branch, NULL);
    ev->collector = &prober;
    eval_node(ev, &child);
    ev->collector = outer;
    return prober.weight;
}

static uint32_t closest_branch(struct schema_evaluator *ev, struct frame *frame,
                               const struct step *step, unsigned *weight)
{
    const struct branches *branches = step->data;
    uint32_t count = branches->count < PROBES_MAX ? branches->count : PROBES_MAX, best = 0;
    for (uint32_t i = 0; i < count && !ev->abandoned; i++) {
        unsigned now = probe(ev, frame, step, i);
        if (i > 0 && now >= *weight)
            continue;
        *weight = now;
        best = i;
    }
    return best;
}

bool explain_branches(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct branches *branches = step->data;
    struct collector *collector = ev->collector;
    unsigned weight = 0;
    uint32_t best = closest_branch(ev, frame, step, &weight);
    if (collector->base) { /* inside a probe: as bad as the best of them */
        collector->weight += weight;
        return false;
    }
    eval_report(ev, frame, step->keyword, "must match %s of %u schemas; number %u is the closest",
                step->keyword == KEYWORD_ONE_OF ? "exactly one" : "at least one", branches->count,
                best);
    struct frame child = frame_same(frame, branches->nodes[best], step->keyword, best, NULL);
    eval_node(ev, &child);
    return false;
}

/* ---- the public part ---- */

enum schema_verdict schema_explain(struct schema_evaluator *ev, const struct schema *schema,
                                   struct json_object *value, struct arena *arena,
                                   struct schema_failures *failures)
{
    struct collector collector = {.arena = arena, .failures = failures};
    failures->count = 0;
    return eval_collect(ev, schema, value, &collector);
}

static bool put_text(struct buffer *out, const char *before, const char *text)
{
    struct json_object *string = json_object_new_string(text);
    if (!string)
        return false;
    bool good = buffer_append_text(out, before) &&
                buffer_append_text(
                    out, json_object_to_json_string_ext(string, JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(string);
    return good;
}

static bool put_failure(struct buffer *out, const struct schema_failure *failure)
{
    return put_text(out, "{\"valid\":false,\"keywordLocation\":", failure->schema) &&
           put_text(out, ",\"absoluteKeywordLocation\":", failure->absolute) &&
           put_text(out, ",\"instanceLocation\":", failure->instance) &&
           put_text(out, ",\"error\":", failure->sentence) && buffer_append_text(out, "}");
}

bool schema_write_basic(struct buffer *out, enum schema_verdict verdict,
                        const struct schema_failures *failures)
{
    if (verdict == SCHEMA_VALID)
        return buffer_append_text(out, "{\"valid\":true}");
    if (!buffer_append_text(out, "{\"valid\":false,\"errors\":["))
        return false;
    for (size_t i = 0; i < failures->count; i++)
        if ((i && !buffer_append_text(out, ",")) || !put_failure(out, &failures->items[i]))
            return false;
    return buffer_append_text(out, "]}");
}

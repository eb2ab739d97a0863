/* From frames to words. A collector either keeps failures (at most ten, their texts in the caller's
 * arena) or, when it probes a branch, only weighs them: the branch of a failed anyOf or oneOf with
 * the least weight is the one that was probably meant, and its reasons are the ones to tell. */
#include "handlers/schema/explain.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/schema/eval.h"
#include "handlers/schema/location.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_BYTES = 4096, SENTENCE_BYTES = 512, PROBES_MAX = 256 };

#define CUT "\u2026" /* behind what was cut */
#define BRANCH_NONE UINT32_MAX
#define WEIGHT_OUTER (UINT64_C(1) << 32)
#define WEIGHT_OTHER (UINT64_C(1) << 48)

struct collector {
    struct arena *arena;
    struct schema_failures *failures;
    const struct frame *base; /* probing from here; NULL: collecting */
    uint64_t weight, limit;   /* of a probe, which ends where it is no better than others */
};

bool collector_full(const struct collector *collector)
{
    return collector->base ? collector->weight >= collector->limit
                           : collector->failures->count == SCHEMA_FAILURES_MAX;
}

/* ---- locations ---- */

static bool put_instance(struct buffer *out, const struct frame *frame)
{
    if (!frame)
        return true;
    return put_instance(out, frame->up) &&
           (frame->relation == RELATION_SAME ||
            (frame->relation == RELATION_MEMBER ? pointer_append(out, frame->member)
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
    bool whole = put(&text, frame) &&
                 (keyword == KEYWORD_NONE || pointer_append(&text, keyword_rows[keyword].name));
    text.limit += sizeof CUT;
    if (!whole)
        buffer_append_text(&text, CUT);
    const char *copy = arena_copy_bytes(collector->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return copy ? copy : "";
}

/* ---- reports ---- */

static unsigned depth_below(const struct frame *frame, const struct frame *base)
{
    unsigned depth = 0;
    for (; frame && frame != base; frame = frame->up)
        depth += frame->relation != RELATION_SAME;
    return depth;
}

/* A branch that wants another type of value, or another constant, is not the one that was meant;
 * then what fails at the value itself, forbids one of its members or is another constant there
 * outweighs any number of faults further inside. */
static uint64_t failure_weight(const struct frame *frame, const struct frame *base,
                               enum keyword keyword)
{
    unsigned depth = depth_below(frame, base);
    bool telling = keyword == KEYWORD_NONE || keyword == KEYWORD_CONST || keyword == KEYWORD_ENUM;
    if (depth == 0)
        return telling || keyword == KEYWORD_TYPE ? WEIGHT_OTHER : WEIGHT_OUTER;
    return depth == 1 && telling ? WEIGHT_OUTER : 1;
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

/* The weight of a branch, or UINT64_MAX if it is not less than `limit` or took too long. Inside of
 * another probe, what counts is how far from that one's value. */
static uint64_t probe(struct schema_evaluator *ev, struct frame *frame, const struct step *step,
                      uint32_t branch, uint64_t limit)
{
    const struct branches *branches = step->data;
    struct collector *outer = ev->collector;
    struct collector prober = {.base = outer->base ? outer->base : frame, .limit = limit};
    struct frame child = frame_same(frame, branches->nodes[branch], step->keyword, branch, NULL);
    ev->collector = &prober;
    eval_node(ev, &child);
    ev->collector = outer;
    return ev->abandoned || prober.weight >= limit ? UINT64_MAX : prober.weight;
}

/* The same with a share of the steps that are left; the other half is for what comes behind. */
static uint64_t probe_within(struct schema_evaluator *ev, struct frame *frame,
                             const struct step *step, uint32_t branch, uint32_t left,
                             uint64_t limit)
{
    size_t all = ev->limits.steps, share = (all - ev->steps) / 2 / left;
    ev->limits.steps = ev->steps + share;
    uint64_t weight = probe(ev, frame, step, branch, limit);
    if (ev->steps > ev->limits.steps)
        ev->steps = ev->limits.steps;
    ev->limits.steps = all;
    ev->abandoned = NULL;
    return weight;
}

/* BRANCH_NONE if all take too long. */
static uint32_t closest_branch(struct schema_evaluator *ev, struct frame *frame,
                               const struct step *step, uint64_t limit, uint64_t *weight)
{
    const struct branches *branches = step->data;
    uint32_t count = branches->count < PROBES_MAX ? branches->count : PROBES_MAX;
    uint32_t best = BRANCH_NONE;
    *weight = limit;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t now = probe_within(ev, frame, step, i, count - i, *weight);
        if (now == UINT64_MAX)
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
    if (collector_full(collector))
        return false;
    uint64_t weight, room = collector->base ? collector->limit - collector->weight : UINT64_MAX;
    uint32_t best = closest_branch(ev, frame, step, room, &weight);
    if (collector->base) { /* inside a probe: as bad as the best of them */
        collector->weight += weight;
        return false;
    }
    const char *number = step->keyword == KEYWORD_ONE_OF ? "exactly one" : "at least one";
    if (best == BRANCH_NONE)
        return eval_report(ev, frame, step->keyword, "must match %s of %u schemas", number,
                           branches->count);
    eval_report(ev, frame, step->keyword, "must match %s of %u schemas; number %u is the closest",
                number, branches->count, best);
    struct frame child = frame_same(frame, branches->nodes[best], step->keyword, best, NULL);
    eval_node(ev, &child);
    return false;
}

/* ---- the public part ---- */

/* Of the whole value, if there is room. */
static void add_whole(struct schema_failures *failures, const char *sentence)
{
    if (failures->count < SCHEMA_FAILURES_MAX)
        failures->items[failures->count++] = (struct schema_failure){
            "", "", "", "", sentence ? sentence : "does not conform to the schema"};
}

enum schema_verdict schema_explain(struct schema_evaluator *ev, const struct schema *schema,
                                   struct json_object *value, struct arena *arena,
                                   struct schema_failures *failures)
{
    struct collector collector = {.arena = arena, .failures = failures};
    failures->count = 0;
    enum schema_verdict verdict = eval_collect(ev, schema, value, &collector);
    if (verdict == SCHEMA_ABANDONED)
        add_whole(failures,
                  arena_format(arena, "could not be checked to the end: %s", ev->abandoned));
    else if (verdict == SCHEMA_INVALID && failures->count == 0)
        add_whole(failures, NULL);
    return verdict;
}

static bool put_text(struct buffer *out, const char *before, const char *text)
{
    return buffer_append_text(out, before) && json_escape(out, bytes_of_text(text)) &&
           buffer_append_text(out, "\"");
}

/* A document without a URI has no absolute locations. */
static bool put_failure(struct buffer *out, const struct schema_failure *failure)
{
    return put_text(out, "{\"valid\":false,\"keywordLocation\":\"", failure->schema) &&
           (!*failure->absolute || *failure->absolute == '#' ||
            put_text(out, ",\"absoluteKeywordLocation\":\"", failure->absolute)) &&
           put_text(out, ",\"instanceLocation\":\"", failure->instance) &&
           put_text(out, ",\"error\":\"", failure->sentence) && buffer_append_text(out, "}");
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

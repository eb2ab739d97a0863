/* Turns frames into locations: the locations of a failure are written out from the frames, and its
 * weight measures the distance of a branch from the one that was probably meant. */
#include "handlers/schema/collector.h"

#include "base/encoding.h"
#include "handlers/schema/eval_frame.h"
#include "handlers/schema/location.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_BYTES = 4096, SENTENCE_BYTES = 512 };

#define CUT "\u2026" /* behind what was cut */
#define WEIGHT_OUTER (UINT64_C(1) << 32)
#define WEIGHT_OTHER (UINT64_C(1) << 48)

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

bool collector_report(struct collector *collector, const struct frame *frame, enum keyword keyword,
                      const char *format, ...)
{
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

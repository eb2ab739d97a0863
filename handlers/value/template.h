/* Text with values of an event in it: `deploy {{ payload.ref | default main }}`. Parsed when the
 * configuration is loaded. */
#ifndef TENTERHOOK_HANDLERS_VALUE_TEMPLATE_H
#define TENTERHOOK_HANDLERS_VALUE_TEMPLATE_H

#include "handlers/value/value_context.h"

enum { TEMPLATE_PARTS_MAX = 256 };

struct template_part {
    struct bytes literal; /* if it is not a value */
    bool is_value;
    struct reference reference;
    size_t offset;             /* of the reference, in the text */
    struct bytes default_text; /* with `reference.has_default` */
    bool as_json;
};

struct template
{
    struct template_part *parts;
    size_t count;
    const char *text; /* as written */
};

/* Parses `{{ reference | default TEXT | json }}` among plain text. Text without {{ is one literal
 * part, and so is the text of {literal: …}: template_literal. On a fault writes the sentence and
 * the fault's offset in `text`, in bytes; both may be NULL. */
bool template_parse(struct bytes text, struct arena *arena, struct template *template,
                    struct error *err, size_t *offset);
bool template_literal(struct bytes text, struct arena *arena, struct template *template);

/* Whether it has no values. */
bool template_is_literal(const struct template *template);
/* Whether what it makes can begin with a byte that the sender chooses. */
bool template_begins_with_value(const struct template *template);
/* The literal text before its first value; all of it if there is none. */
struct bytes template_fixed_prefix(const struct template *template);

/* False if the visitor returned false. */
bool template_visit(const struct template *template, const struct reference_visitor *visitor);

enum template_outcome {
    TEMPLATE_DONE,
    TEMPLATE_MISSING,  /* a value is missing and has no default */
    TEMPLATE_NULL,     /* a value is null and has no default */
    TEMPLATE_REPEATED, /* the same, because its name comes more than once */
    TEMPLATE_NUL,      /* a value holds U+0000 */
    TEMPLATE_TOO_LONG,
    TEMPLATE_NOT_UTF8, /* a value would not be the same in JSON, and has to stand in it */
    TEMPLATE_LIMIT,    /* to find the value takes more steps than a request may cost */
    TEMPLATE_NO_MEMORY
};

/* Appends the text to `out`, at most `limit` bytes (and `out` must have room for them). On a
 * failure `out` is as before, and `*culprit` (may be NULL) is the reference that failed, or NULL.
 */
enum template_outcome template_render(const struct template *template,
                                      struct value_context *context, size_t limit,
                                      struct buffer *out, const struct reference **culprit);

/* The same for a text that is one line: values are escaped (line_text.h), and the defaults that
 * stand for them. A value may hold U+0000. */
enum template_outcome template_render_line(const struct template *template,
                                           struct value_context *context, size_t limit,
                                           struct buffer *out, const struct reference **culprit);

/* "is null and has no default" …: what follows the name of the culprit in a message. */
const char *template_outcome_text(enum template_outcome outcome);

#endif

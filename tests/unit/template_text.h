/* A rendered template as one NUL-terminated text, for tests. */
#ifndef TENTERHOOK_TESTS_UNIT_TEMPLATE_TEXT_H
#define TENTERHOOK_TESTS_UNIT_TEMPLATE_TEXT_H

#include "handlers/value/template.h"

/* As template_render, into `arena`. */
static inline enum template_outcome template_text(const struct template *template,
                                                  struct value_context *context, size_t limit,
                                                  struct arena *arena, struct bytes *text,
                                                  const struct reference **culprit)
{
    struct buffer out;
    buffer_init(&out, limit);
    enum template_outcome outcome = template_render(template, context, limit, &out, culprit);
    if (outcome == TEMPLATE_DONE) {
        const char *copy = arena_copy_bytes(arena, buffer_bytes(&out));
        *text = bytes_of(copy, copy ? out.length : 0);
        outcome = copy ? TEMPLATE_DONE : TEMPLATE_NO_MEMORY;
    }
    buffer_finish(&out);
    return outcome;
}

#endif

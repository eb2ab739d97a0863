/* References and templates as they stand in a route file: read with their faults at their places.
 */
#ifndef TENTERHOOK_HANDLERS_VALUE_REFERENCE_LOAD_H
#define TENTERHOOK_HANDLERS_VALUE_REFERENCE_LOAD_H

#include "config/load.h"
#include "handlers/value/template.h"

struct reference_list {
    struct reference *items;
    size_t count;
};

/* Reads the scalar `node`, which is a reference and nothing else. `subject` is what messages call
 * it: "\"value\"". False after a problem, at the line and column of the fault. */
bool reference_load(struct load *load, const struct node *node, const char *subject,
                    struct reference *reference);

/* The place of the file at which a reference that was loaded stands, for a later message. */
struct node reference_place(const struct load *load, const struct reference *reference);

/* Reads the scalar `node` as a template, or the mapping {literal: TEXT} as text that is taken as it
 * is. */
bool template_load(struct load *load, const struct node *node, const char *subject,
                   struct template *template);

#endif

/* YAML, as config/tree.h reads it, as JSON text. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_YAML_JSON_H
#define TENTERHOOK_HANDLERS_CONTENT_YAML_JSON_H

#include "base/buffer.h"
#include "config/tree.h"

/* Appends `node` by the core schema of YAML 1.2: plain null, booleans and numbers are what they
 * look like, everything else is a string. Numbers keep their digits. What JSON cannot say (.inf,
 * .nan) is added to `problems`; false then, or when the buffer is full. */
bool yaml_json_append(struct buffer *out, const struct node *node, struct problem_list *problems);

#endif

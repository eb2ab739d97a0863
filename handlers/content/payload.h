/* JSON text as a tree: json-c behind the guard. For schemas, conditions and templates. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_PAYLOAD_H
#define TENTERHOOK_HANDLERS_CONTENT_PAYLOAD_H

#include "handlers/content/json.h"

struct json_object;

/* Parses what json_check (within `limits`) lets pass. The caller owns `*value`, which is NULL for
 * JSON null (payload_release). Every number keeps what was written: integers beyond 64 bits become
 * decimals whose text ends in JSON_BIG_SUFFIX (handlers/schema/value.h). False with the fault,
 * whose reason is "no memory" at offset 0 when that is what is missing. */
bool payload_parse(struct bytes text, const struct json_limits *limits, struct json_object **value,
                   struct json_fault *fault);

/* The same for a text that has passed json_check, which gave `summary`: without a second look. */
bool payload_build(struct bytes text, const struct json_summary *summary,
                   struct json_object **value, struct json_fault *fault);

/* Whether the tree of a text of that length may be built where bodies have at most `max_body`
 * bytes: it may take 16 times as much memory, and 128 MiB in any case. */
bool payload_fits(const struct json_summary *summary, size_t text_length, size_t max_body);

void payload_release(struct json_object *value);

/* The first token of a JSON pointer (RFC 6901), unescaped and cut to `size`, NUL included; returns
 * what stands behind it, or NULL if there is none. */
const char *payload_pointer_token(const char *pointer, char *token, size_t size);

/* Where the value under a JSON pointer begins in `text`, which has passed the guard; where the
 * pointer leads nowhere, the innermost value on the way. For messages that show the line. */
size_t payload_locate(struct bytes text, const char *pointer);

#endif

/* The value of an event by which events belong together: `per` of concurrency and of coalesce. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_EVENT_KEY_H
#define TENTERHOOK_HANDLERS_ADMISSION_EVENT_KEY_H

#include "config/row.h"
#include "handlers/value/value_context.h"
#include "handlers/verdict.h"

/* No event has this key: it is not asked for one. */
#define EVENT_KEY_NONE INT64_C(0)
/* Of all events that lack the value. */
#define EVENT_KEY_COMMON INT64_C(1)

/* A row's `read`: a reference that events may share, into a struct reference. */
bool event_key_read(struct load *load, const struct node *node, const struct row *row, void *field);

/* The key of the event: a hash of the value's text, from 1 on. A value that is missing, null or
 * given more than once is EVENT_KEY_COMMON. Goes on, or the refusal of value_refusal. */
struct verdict event_key_find(struct value_context *context, const struct reference *per,
                              int64_t *key);

#endif

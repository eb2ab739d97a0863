/* The context of an event that is stored: for templates of a command, long after the request. */
#ifndef TENTERHOOK_HANDLERS_VALUE_STORED_H
#define TENTERHOOK_HANDLERS_VALUE_STORED_H

#include "handlers/value/value_context.h"

/* What the journal has of an event, and what the runner adds. A span that is not known has no data.
 */
struct stored_values {
    struct bytes headers;     /* a JSON object: lower-case name to string */
    struct bytes query;       /* a JSON object: name to string, or to a list of strings */
    struct bytes params;      /* a JSON object: name to string */
    struct bytes payload;     /* the JSON of the body (content_stored_payload); empty: none */
    struct bytes form_text;   /* the body if it is a form */
    const struct form *parts; /* what is read of it if it is a multipart form; NULL: it is none */
    struct bytes id, type, delivery, received, attempt;
    struct bytes client, method, path, host, route, action;
};

/* The spans outlive the context. value_context_finish ends it. */
void value_context_of_stored(struct value_context *context, const struct stored_values *stored);

#endif

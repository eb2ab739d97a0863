/* One event as references see it, before it is stored or after: its values are found when they are
 * asked for, and the payload is indexed once for all of them. */
#ifndef TENTERHOOK_HANDLERS_VALUE_VALUE_CONTEXT_H
#define TENTERHOOK_HANDLERS_VALUE_VALUE_CONTEXT_H

#include "base/buffer.h"
#include "handlers/content/form.h"
#include "handlers/request.h"
#include "handlers/value/payload_index.h"
#include "handlers/value/reference.h"
#include "handlers/verdict.h"

struct schema_evaluator;
struct json_object;

/* What all questions about one event may cost together, in steps: a value of the payload that is
 * looked at, an operand that is compared, a place where an expression is tried, some bytes that are
 * read. A sender chooses the payload, and this is a few dozen milliseconds. */
enum { VALUE_STEPS_MAX = 5000000 };

enum value_kind {
    VALUE_MISSING,
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
};

struct value {
    enum value_kind kind;
    bool repeated; /* MISSING, because a query or a form has the name more than once */
    /* A string without its quotes and escapes; anything else of the payload as it was sent. Lives
     * as long as the context, but the text of a string only until the next call with it. */
    struct bytes text;
    uint32_t place; /* in the payload's index; 0 also for what is not of the payload */
};

/* Zeroed, then filled in by value_context_of_request or value_context_of_stored (stored.h). Must
 * not be copied. The spans outlive it; a span whose data is NULL is not known, or not yet. */
struct value_context {
    /* What it is made of: a request, or what is stored of one. */
    const struct request *request; /* NULL: of the journal */
    struct bytes headers, params;  /* stored: JSON objects of strings */
    struct bytes query;            /* stored: the same, with a list where a name is repeated */
    struct bytes payload;          /* stored: JSON; empty: there is none */
    struct bytes form_text;        /* stored: a body that is a form; empty: it is none */
    const struct form *parts;      /* stored: one that is a multipart form; NULL: it is none */
    struct bytes id, type, delivery, received, attempt;
    struct bytes client, method, path, host, route, action;
    struct schema_evaluator *evaluator; /* of conditions with a schema; NULL: none is asked for */

    /* What has been made of it. */
    struct payload_index index;
    bool index_tried, index_made;
    struct form form;
    bool form_tried, form_good;
    struct json_object *tree; /* of the payload, for schemas; admission/condition.c makes it */
    bool tree_made;
    struct buffer scratch; /* the string that was decoded last */
    size_t steps;          /* what it has cost; past VALUE_STEPS_MAX nothing is found */
    char client_text[CLIENT_TEXT_SIZE], received_text[32];
};

/* Of a request whose body has passed content_check, and whose target is read. What is not known
 * before an event is stored is what it may look like: a UUID, the attempt 1. What is known is what
 * value_context_of_stored will say. The arena of the request is not used. */
void value_context_of_request(struct value_context *context, const struct request *request);
/* Frees what was made; it would be made again, and the steps are counted anew. */
void value_context_finish(struct value_context *context);

/* The JSON text of the payload, which has passed the guard; empty: there is none. */
struct bytes value_payload(struct value_context *context);

/* Why a value is missing though its path may be right: there is no payload at all. Written to
 * `room`; empty: there is a payload, or the reference leads elsewhere. */
enum { VALUE_ABSENCE_SIZE = 160 };
void value_absence(struct value_context *context, const struct reference *reference,
                   char room[VALUE_ABSENCE_SIZE]);

/* Counts steps; false if that is too many. */
bool value_take_steps(struct value_context *context, size_t steps);
bool value_steps_are_over(const struct value_context *context);
/* The answer where one of the functions below has returned false, which it does without memory and
 * where the steps are over. */
struct verdict value_refusal(const struct value_context *context);

/* What the reference leads to; of several ([*]) the first that is there. */
bool value_resolve(struct value_context *context, const struct reference *reference,
                   struct value *value);
/* Calls `visit` with each value that it leads to, until it returns false. An element of [*] from
 * which the rest of the path leads nowhere counts as VALUE_MISSING, and so does a list without
 * elements: `visit` is called at least once. */
bool value_each(struct value_context *context, const struct reference *reference,
                bool (*visit)(void *caller, struct value *value), void *caller);

/* The value at a place in the payload's index, which has been asked for something. */
bool value_at(struct value_context *context, uint32_t place, struct value *value);

/* Appends a value as a template says it: a string as it is or, `as_json`, with quotes and escapes;
 * objects and arrays without the blanks between their parts. False when the buffer is full. */
bool value_append(struct buffer *out, const struct value *value, bool as_json);

#endif

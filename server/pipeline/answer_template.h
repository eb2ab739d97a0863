/* An answer as the route file defines it: a status, a media type, headers and a body. Headers and
 * body may hold values of the event. They are rendered before the event is stored, with a gap for
 * the id, which is known only afterwards. */
#ifndef TENTERHOOK_SERVER_PIPELINE_ANSWER_TEMPLATE_H
#define TENTERHOOK_SERVER_PIPELINE_ANSWER_TEMPLATE_H

#include "handlers/value/reference_load.h"
#include "handlers/verdict.h"

enum {
    ANSWER_BODY_MAX = 64 << 10,    /* bytes, with the values in it */
    ANSWER_HEADERS_MAX = 32,       /* headers of an answer */
    ANSWER_HEADER_BYTES = 4 << 10, /* of all of them together, names and values */
};

struct answer_body {
    bool is_set;
    struct template text;
};

struct answer_header {
    const char *name;
    struct template value;
};

struct answer_headers {
    struct answer_header *items;
    size_t count;
};

/* The headers and the body for one event. */
struct rendered_answer {
    bool is_made;
    struct bytes body;
    struct verdict_header *headers; /* as many as the template has */
    char **ids;                     /* where the id of the event goes */
    size_t id_count;
};

struct answer_template {
    int64_t status;          /* 0: as it would be otherwise */
    const char *type;        /* NULL: as it would be otherwise */
    struct answer_body body; /* not set: as it would be otherwise; "": none */
    struct answer_headers headers;
    struct rendered_answer plain; /* is_made: the template holds no value */
};

/* Rows' readers: a template, or {literal: TEXT}; and a mapping of names to such. */
bool answer_template_read_body(struct load *load, const struct node *node, const struct row *row,
                               void *field);
bool answer_template_read_headers(struct load *load, const struct node *node, const struct row *row,
                                  void *field);
#define ANSWER_TEXT_SCHEMA                                                                         \
    "{\"type\": [\"string\", \"number\", \"boolean\", \"object\"], \"properties\": {\"literal\": " \
    "{\"type\": \"string\"}}, \"additionalProperties\": false}"
#define ANSWER_HEADERS_SCHEMA                                                                      \
    "{\"type\": \"object\", \"additionalProperties\": " ANSWER_TEXT_SCHEMA "}"
/* The row of the media type; `of` is a literal. */
#define ANSWER_TYPE_ROW(place, of)                                                                 \
    {                                                                                              \
        .name = "type", .type = ROW_TEXT, .offset = place, .min = 1, .max = 200,                   \
        .sentence = "The media type of " of "; without it `text/plain; charset=utf-8`."            \
    }

/* The rules of a section that has all of it, `node`. `has_output`: the body is not here. */
bool answer_template_finish(struct load *load, const struct node *node,
                            struct answer_template *answer, bool has_output);
/* Calls the visitor for every value in it; false if that returned false. */
bool answer_template_visit(const struct answer_template *answer,
                           const struct reference_visitor *visitor);

/* Renders headers and body for an event that is not stored yet, in `arena`. REPLY_NONE, or the
 * refusal: the event lacks a value, or a value is not allowed where it is used. */
struct verdict answer_template_render(const struct answer_template *answer,
                                      struct value_context *context, struct arena *arena,
                                      struct rendered_answer *made);
/* Gives the verdict the status, the type, the headers and the body. `id` of the event, "" where it
 * has none. A template with values that was not rendered for this event (an ignored one) sets only
 * the status. */
void answer_template_apply(const struct answer_template *answer, const struct rendered_answer *made,
                           const char *id, struct verdict *verdict);

#endif

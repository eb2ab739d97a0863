/* The words of an answer as the route file has them: a status, a media type, headers and a body.
 * Headers and body may hold values of the event, which are put in before it is stored; the id is
 * known only afterwards, and takes the place that was left for it. */
#ifndef TENTERHOOK_SERVER_PIPELINE_WORDING_H
#define TENTERHOOK_SERVER_PIPELINE_WORDING_H

#include "handlers/value/reference_load.h"
#include "handlers/verdict.h"

enum {
    WORDING_BODY_MAX = 64 << 10,    /* bytes, with the values in it */
    WORDING_HEADERS_MAX = 32,       /* headers of an answer */
    WORDING_HEADER_BYTES = 4 << 10, /* of all of them together, names and values */
};

struct wording_body {
    bool is_set;
    struct template text;
};

struct wording_header {
    const char *name;
    struct template value;
};

struct wording_headers {
    struct wording_header *items;
    size_t count;
};

/* The words for one event. */
struct wording_made {
    bool is_made;
    struct bytes body;
    struct verdict_header *headers; /* as many as the wording has */
    char **ids;                     /* where the id of the event belongs */
    size_t id_count;
};

struct wording {
    int64_t status;           /* 0: as it would be otherwise */
    const char *type;         /* NULL: as it would be otherwise */
    struct wording_body body; /* not set: as it would be otherwise; "": none */
    struct wording_headers headers;
    struct wording_made plain; /* is_made: no value stands in it */
};

/* Rows' readers: a template, or {literal: TEXT}; and a mapping of names to such. */
bool wording_read_body(struct load *load, const struct node *node, const struct row *row,
                       void *field);
bool wording_read_headers(struct load *load, const struct node *node, const struct row *row,
                          void *field);
#define WORDING_TEXT_SCHEMA                                                                        \
    "{\"type\": [\"string\", \"number\", \"boolean\", \"object\"], \"properties\": {\"literal\": " \
    "{\"type\": \"string\"}}, \"additionalProperties\": false}"
#define WORDING_HEADERS_SCHEMA                                                                     \
    "{\"type\": \"object\", \"additionalProperties\": " WORDING_TEXT_SCHEMA "}"
/* The row of the media type; `of` is a literal. */
#define WORDING_TYPE_ROW(place, of)                                                                \
    {                                                                                              \
        .name = "type", .type = ROW_TEXT, .offset = place, .min = 1, .max = 200,                   \
        .sentence = "The media type of " of "; without it `text/plain; charset=utf-8`."            \
    }

/* The rules of a section that has all of it, `node`. `has_output`: the body is not here. */
bool wording_finish(struct load *load, const struct node *node, struct wording *wording,
                    bool has_output);
/* Calls the visitor for every value in it; false if that returned false. */
bool wording_visit(const struct wording *wording, const struct reference_visitor *visitor);

/* Makes the words for an event that is not stored yet, in `arena`. REPLY_NONE, or why the event
 * cannot be answered so: it lacks a value, or one does not belong where it stands. */
struct verdict wording_make(const struct wording *wording, struct value_context *context,
                            struct arena *arena, struct wording_made *made);
/* Words the verdict. `id` of the event, "" where it has none. What has values and was not made for
 * this event (one that is ignored) says only the status. */
void wording_put(const struct wording *wording, const struct wording_made *made, const char *id,
                 struct verdict *verdict);

#endif

/* CloudEvents over HTTP (the HTTP protocol binding of CloudEvents 1.0): an event that comes in the
 * head and the body of a request is made what it is in JSON, so that both modes are read alike. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_CLOUDEVENTS_H
#define TENTERHOOK_HANDLERS_CONTENT_CLOUDEVENTS_H

#include "handlers/request.h"
#include "handlers/verdict.h"

enum cloudevents_mode {
    CLOUDEVENTS_BINARY,     /* the media type is that of the data */
    CLOUDEVENTS_STRUCTURED, /* application/cloudevents+json */
    CLOUDEVENTS_BATCH,      /* application/cloudevents-batch, in whatever format */
    CLOUDEVENTS_OTHER       /* another format of the whole event */
};
enum cloudevents_mode cloudevents_mode(struct bytes type);

/* Whether request->payload is an event: its required attributes are there. Goes on, or refuses with
 * 400, naming the attribute. `last_counts`: of names that are repeated. */
struct verdict cloudevents_check(struct request *request, bool last_counts);

/* How the data of an event in binary mode stands in its JSON. */
enum cloudevents_data {
    CLOUDEVENTS_NONE,   /* there is no body */
    CLOUDEVENTS_JSON,   /* "data": the JSON of the body */
    CLOUDEVENTS_TEXT,   /* "data": the body as a string */
    CLOUDEVENTS_BASE64, /* "data_base64" */
};

/* Writes the event in binary mode as JSON to the empty request->made, up to its limit; `type` is
 * the media type of the data (data NULL: none), `json` the body as JSON, where it is that. Goes on,
 * or refuses: 400 for an attribute that comes twice, 413. Whether all attributes are there says
 * cloudevents_check. */
struct verdict cloudevents_make(struct request *request, struct bytes type,
                                enum cloudevents_data kind, struct bytes json);

#endif

/* Whether a body is what the route takes: by its media type, and by its own bytes. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_CONTENT_H
#define TENTERHOOK_HANDLERS_CONTENT_CONTENT_H

#include "handlers/content/content_keys.h"
#include "handlers/content/form.h"
#include "handlers/content/json.h"
#include "handlers/verdict.h"

/* What a body has to be: what the route says, or what its sender sends (route_content). */
struct content_wanted {
    int kind;               /* enum content_kind */
    const char *json_field; /* of a form, whose JSON is the payload; NULL: none */
    bool needs_field;       /* a form without it is refused; otherwise it is a form as any other */
};

/* The most bytes of JSON that are made of a body; it goes to the journal beside the body. */
enum { CONTENT_MADE_MAX = 16 * 1024 * 1024 };

/* Holds headers and body against `wanted`: goes on with request->json, form, json_field and payload
 * set where the body has them, or REPLY_MEDIA_TYPE or REPLY_BAD_CONTENT. */
struct verdict content_check(struct request *request, const struct content_wanted *wanted);

/* The same for an event that was stored with the JSON that was made of its body (empty: none was):
 * a route that makes JSON of bodies has it as it was made then. */
struct verdict content_check_stored(struct request *request, const struct content_wanted *wanted,
                                    struct bytes made);

/* Whether the body itself is the payload, and not a field of it or what was made of it. */
bool content_body_is_json(const struct request *request);

/* The form that a body is by its Content-Type, urlencoded or multipart/form-data. A route's limits
 * of the latter are not asked for, only those that none is beyond. False where it is none, or
 * without memory (errno is ENOMEM); then there is nothing to finish. */
bool content_read_form(struct bytes type, struct bytes body, struct form *form);

/* Whether routes of this kind of content read multipart/form-data. */
bool content_takes_multipart(int kind);

/* Frees request->form and request->made, into which the payload may point: all are gone then. */
void content_release(struct request *request);

/* The JSON of a body that was accepted with it before: of the field of that name of a form (empty:
 * none), or all of it if `is_json`. A field is decoded into `room`, which has body.length bytes.
 * False: it has no JSON. */
bool content_stored_payload(struct bytes body, bool is_json, struct bytes json_field, uint8_t *room,
                            struct bytes *payload);

/* What has to be JSON in a form: its only field of that name, or the only file of it that does not
 * say it is something else. False: it has none, or several. */
bool content_form_payload(const struct form *form, struct bytes json_field, struct bytes *payload);

/* The Content-Type of a request. One that comes more than once is none, unless it is the same each
 * time: whoever judges a body, and whoever reads it later, goes by this. */
struct bytes content_type(const struct request *request);

/* Whether `type` is application/json or something+json, in UTF-8 as far as it says. */
bool content_type_is_json(struct bytes type);
/* Whether `type` is that of an HTML form, application/x-www-form-urlencoded. */
bool content_type_is_form(struct bytes type);
/* Whether `type` is multipart/form-data. */
bool content_type_is_multipart(struct bytes type);

#endif

/* Values of a request as a description of signing names them — header.x-name, query.name,
 * form.name, payload.a.b, signature.t, body, time … — and templates of them. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNED_VALUE_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNED_VALUE_H

#include "base/crypto.h"
#include "handlers/content/form.h"
#include "handlers/content/json_path.h"
#include "handlers/request.h"

enum signed_value_kind {
    SIGNED_ABSENT,
    SIGNED_HEADER,    /* a name that ends in * stands for all headers that begin so */
    SIGNED_QUERY,     /* decoded */
    SIGNED_FORM,      /* decoded field of a form body */
    SIGNED_PAYLOAD,   /* scalar in a JSON body */
    SIGNED_ITEM,      /* scalar in the element that `each` stands at */
    SIGNED_CLAIM,     /* scalar in the claims of a JWS, once it is proven */
    SIGNED_SIGNATURE, /* entry of that name, or at that position ("[0]"), beside the signature */
    SIGNED_PARAMETER, /* said beside the provider's name */
    SIGNED_BODY,
    SIGNED_TIME,       /* as sent */
    SIGNED_MESSAGE_ID, /* the id of the message */
    SIGNED_METHOD,
    SIGNED_URL,         /* public_url with the query that came */
    SIGNED_SORTED_FORM, /* all form fields, by name, name and value joined */
    SIGNED_CRC32,       /* of the body, decimal */
    SIGNED_SECRET,      /* the key itself: plain hashes only */
};

struct signed_ref {
    enum signed_value_kind kind;
    const char *name;      /* HEADER, QUERY, FORM, SIGNATURE, PARAMETER */
    struct json_path path; /* PAYLOAD, ITEM, CLAIM */
    const char *parameter; /* HEADER: the parameter that holds its name; NULL: `name` */
    bool family;           /* HEADER: a family stands before `name` */
    const char *text;      /* as written */
};

struct signed_list {
    struct signed_ref *items;
    size_t count;
};

enum signed_filter {
    FILTER_NONE,
    FILTER_JSON,
    FILTER_HMAC_HEX,
    FILTER_HMAC_BASE64,
    FILTER_SHA256, /* the 32 bytes */
    FILTER_SHA256_HEX,
    FILTER_SHA256_BASE64,
    FILTER_SHA256_BASE64URL
};

struct signed_template_part {
    struct bytes literal; /* where the ref is absent */
    struct signed_ref ref;
    bool optional; /* `| default`: empty where it is missing */
    enum signed_filter filter;
};

struct signed_template {
    struct signed_template_part *parts;
    size_t count;
    const char *text; /* as written */
};

bool signed_ref_parse(const char *text, struct arena *arena, struct signed_ref *ref,
                      struct error *err);
/* `{{ref}}`, `{{ref | default}}`, `{{ref | json}}`, `{{ref | sha256_hex}}` among plain text. */
bool signed_template_parse(const char *text, struct arena *arena, struct signed_template *template,
                           struct error *err);
bool signed_template_uses(const struct signed_template *template, enum signed_value_kind kind);

enum { SIGNATURE_FIELDS_MAX = 32 };

struct signature_field {
    struct bytes name, value;
};

/* All that values are taken from. Zeroed, then filled in by the caller; signed_source_finish frees
 * the form. */
struct signed_source {
    const struct request *request;
    const struct text_map *parameters;
    const char *family; /* of headers, that this message belongs to; NULL: none */
    struct bytes url, time, message_id, secret;
    struct bytes item;   /* JSON */
    struct bytes claims; /* JSON of a JWS; empty before it is proven */
    struct signature_field fields[SIGNATURE_FIELDS_MAX];
    size_t field_count;
    /* A value was wanted of a body that is not unfolded yet. It is none of that body's: what is
     * read out of the bytes as sent could be something else when they are unfolded. */
    bool was_folded;
    struct form form;
    bool form_tried, form_good;
    uint8_t *sorted;        /* text of SIGNED_SORTED_FORM */
    const char *json_field; /* of forms, whose JSON stands for that of the body; NULL: none */
    struct bytes json;      /* of the body */
    bool json_tried, json_good, json_repeats; /* names are repeated: the last counts */
    enum hash_kind hash;                      /* of the hmac filters; their key is `secret` */
};

void signed_source_finish(struct signed_source *source);

enum signed_outcome {
    SIGNED_FOUND,
    SIGNED_MISSING,
    SIGNED_REPEATED,  /* what should be single is there twice */
    SIGNED_MALFORMED, /* the body is not the JSON or form that it would have to be */
};

/* Values of the body want request->body complete. Text that has to be made lives in the request's
 * arena, or in `source`. */
enum signed_outcome signed_get(struct signed_source *source, const struct signed_ref *ref,
                               struct bytes *value);
/* The first of the list that is there. */
enum signed_outcome signed_get_first(struct signed_source *source, const struct signed_list *list,
                                     struct bytes *value);
/* Whether a header of that name is meant by `ref`, whose name may end in *, be a parameter or begin
 * with `family`. */
bool signed_header_matches(const struct signed_ref *ref, const struct text_map *parameters,
                           const char *family, struct bytes name);
/* The value of a parameter, or NULL. */
const char *signed_parameter(const struct text_map *parameters, const char *name);
/* Whether the body has to be complete before this can be said. */
bool signed_needs_body(const struct signed_ref *ref);

/* The JSON body once it has passed the guard; false otherwise. */
bool signed_source_json(struct signed_source *source, struct bytes *json);
/* json_path_find in that body, or in a piece of it. */
bool signed_source_find(const struct signed_source *source, struct bytes json,
                        const struct json_path *path, struct bytes *value);

/* Feeds parts [from, to) to `put`; SIGNED_FOUND or what went wrong. Pieces other than the body and
 * the last part are bounded, printable and free of the literal that follows them, so that what is
 * signed can be read in one way only. */
enum signed_outcome signed_template_render(const struct signed_template *template, size_t from,
                                           size_t to, struct signed_source *source,
                                           bool (*put)(void *context, struct bytes piece),
                                           void *context);

/* The whole template as text in the request's arena. */
enum signed_outcome signed_template_text(const struct signed_template *template,
                                         struct signed_source *source, struct bytes *text);

#endif

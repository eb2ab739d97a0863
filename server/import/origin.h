/* Translates a value of the request (source and name of `webhook`) into a reference of ours. */
#ifndef TENTERHOOK_SERVER_IMPORT_ORIGIN_H
#define TENTERHOOK_SERVER_IMPORT_ORIGIN_H

#include "server/import/old_hook.h"

/* How the body of a hook's requests is read. */
struct origin_body {
    bool is_form;            /* names of the payload are fields of a form */
    bool is_either;          /* or members of JSON: each request is one or the other */
    bool is_xml;             /* its values are texts, named as that program names them */
    struct bytes json_field; /* the field whose JSON is the payload; data NULL: none */
};

enum origin_form {
    ORIGIN_REFERENCE,
    ORIGIN_CONSTANT, /* the same text in every request */
    ORIGIN_NOTHING   /* no reference can say it */
};

struct origin {
    enum origin_form form;
    struct bytes text;  /* the reference, or the constant */
    struct bytes other; /* the reference in a form, where `text` is one in JSON; data NULL: none */
    const char *reason; /* of ORIGIN_NOTHING: a sentence */
    bool is_typed;      /* the value may be a number, true, false or null */
    bool is_payload;    /* a value of the body, or all of it */
    bool is_whole;      /* all of the payload */
    bool is_client;     /* the client's address, here without the port */
};

/* What is made lives in `arena`. */
void origin_translate(const struct old_value *value, const struct origin_body *body,
                      struct arena *arena, struct origin *origin);

/* Whether the value is read out of the body. */
bool origin_is_payload(const struct old_value *value);

#endif

/* XML in a body, read without a document type, entities or anything from outside, as JSON. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_XML_H
#define TENTERHOOK_HANDLERS_CONTENT_XML_H

#include "base/buffer.h"

struct xml_limits {
    unsigned depth; /* of elements, at most XML_DEPTH_MAX (xml_tree.h) */
    size_t values;  /* elements and attributes */
};

struct xml_fault {
    enum xml_fault_kind {
        XML_MALFORMED, /* or not taken: `reason`, at `offset` */
        XML_TOO_DEEP,
        XML_TOO_MANY,   /* values */
        XML_TOO_LONG,   /* for `json` */
        XML_TOO_VARIED, /* names, or attributes of one element */
        XML_NO_MEMORY
    } kind;
    size_t offset;      /* in bytes */
    const char *reason; /* a constant */
};

/* The encodings that are read, beside what a declaration or a byte order mark in the text says:
 * UTF-8, UTF-16, ISO-8859-1, US-ASCII. NULL: another one, which cannot be read. */
const char *xml_encoding(struct bytes charset);

/* Appends the document as JSON (docs/contents.md) to the empty `json`, as far as its limit goes.
 * `encoding` is one of xml_encoding, or NULL where only the text says it. Time and memory grow with
 * the length of the text: a node of 24 bytes for each value and each text between two tags. */
bool xml_to_json(struct bytes text, const char *encoding, const struct xml_limits *limits,
                 struct buffer *json, struct xml_fault *fault);

#endif

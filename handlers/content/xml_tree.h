/* An XML document on its way to JSON: elements, attributes and texts in the order in which they
 * come, each in a few bytes, and the JSON that they make. docs/contents.md says which. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_XML_TREE_H
#define TENTERHOOK_HANDLERS_CONTENT_XML_TREE_H

#include "base/buffer.h"
#include "base/siphash.h"

enum { XML_DEPTH_MAX = 1000 };

/* A node is its number; 0 is none. */
struct xml_node {
    uint32_t name;    /* its number in `names`; 0: a text */
    uint32_t sibling; /* the next child of the same element */
    uint32_t same;    /* the next one with the same name among them */
    uint32_t from;    /* an element's first child; where the text of the others begins */
    uint32_t length;  /* of that text */
    bool is_element;
    bool follows; /* another one of the same name comes before */
};

struct xml_name {
    uint32_t from, length; /* in `text` */
    uint32_t chained;      /* the next name of the same bucket */
    uint32_t element;      /* in which it was met last, */
    uint32_t node;         /* there as that child */
};

struct xml_level {
    uint32_t element, last; /* and its last child */
};

struct xml_tree {
    struct xml_node *nodes;
    struct xml_name *names;
    uint32_t *buckets;
    size_t count, capacity, name_count, name_capacity, bucket_count;
    struct siphash_key key;
    struct buffer text; /* of names, attributes and texts */
    size_t pending;     /* where the text begins of which the end has not come */
    struct xml_level levels[XML_DEPTH_MAX + 1];
    unsigned depth;
};

/* A document whose names and texts have at most `text_max` bytes together. */
void xml_tree_init(struct xml_tree *tree, size_t text_max);
void xml_tree_finish(struct xml_tree *tree);

/* The document in its order. The caller sees to it that elements are closed as they were opened,
 * that there is one root and that the depth stays below XML_DEPTH_MAX. `name` is as it is written,
 * its prefix included. False without memory. */
bool xml_tree_open(struct xml_tree *tree, struct bytes name);
bool xml_tree_attribute(struct xml_tree *tree, struct bytes name, struct bytes value);
bool xml_tree_text(struct xml_tree *tree, struct bytes text);
bool xml_tree_close(struct xml_tree *tree);

/* Appends the document as JSON, once; false where `out` is full or without memory. */
bool xml_tree_append_json(struct xml_tree *tree, struct buffer *out);

#endif

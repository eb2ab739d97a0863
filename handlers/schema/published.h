/* The published meta-schemas, which are in the program (meta/, embedded at build). */
#ifndef TENTERHOOK_SCHEMA_PUBLISHED_H
#define TENTERHOOK_SCHEMA_PUBLISHED_H

struct json_object;

/* The published meta-schema document of that URI (no fragment), the caller's; or NULL. */
struct json_object *published_document(const char *uri);

#endif

/* Bodies that are XML: their media types, their limits, and what their senders are told. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_XML_BODY_H
#define TENTERHOOK_HANDLERS_CONTENT_XML_BODY_H

#include "handlers/content/json.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

/* Whether `type` is application/xml, text/xml or something+xml. */
bool xml_body_has_type(struct bytes type);

/* Writes request->body, whose media type is `type`, as JSON to the empty request->made, up to its
 * limit. Goes on, or refuses: 400 for what is no XML or beyond `limits`, 413 for what would take
 * too much room, 415 for a charset that is not read. */
struct verdict xml_body_read(struct request *request, struct bytes type,
                             const struct json_limits *limits);

#endif

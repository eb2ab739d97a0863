/* The JSON envelope: one line that holds all we know of an event, for pipes and for `stdin: event`.
 *
 *   {"id":"…","route":"…","action":"…","event":"push","delivery":"…",
 *    "received":"2026-11-24T03:15:24.123Z","client":"192.0.2.1","attempt":1,
 *    "content_type":"application/json","method":"POST","path":"/a/b","params":{…},"query":{…},
 *    "headers":{…},"payload":{…}}
 *
 * "payload" is the JSON as it came or was made of the body, without the space between its tokens:
 * numbers keep their digits, strings their escapes, objects their order. A body without JSON is
 * "body_base64"; if it is a form, its fields are "form" besides. */
#ifndef TENTERHOOK_HANDLERS_ACTION_ENVELOPE_H
#define TENTERHOOK_HANDLERS_ACTION_ENVELOPE_H

#include "base/buffer.h"
#include "handlers/action/action.h"

/* Appends the envelope, without a line end and holding none. False if `out` is full. */
bool envelope_append(struct buffer *out, const struct delivery *delivery);

#endif

/* One delivery as a sender's page shows it and people copy it: lines that say where it went, its
 * headers, its payload. Written down by a browser and an editor, so the payload is not the bytes
 * that were sent. */
#ifndef TENTERHOOK_SERVER_CAPTURE_PASTE_H
#define TENTERHOOK_SERVER_CAPTURE_PASTE_H

#include "base/arena.h"
#include "base/error.h"
#include "handlers/request.h"

enum { PASTE_HEADERS_MAX = 100, PASTE_LINES_MAX = 400 };

struct paste {
    struct bytes method; /* empty: not said */
    struct bytes url;    /* never empty */
    struct header headers[PASTE_HEADERS_MAX];
    size_t header_count;
    struct bytes payload; /* without blanks and line ends around it; lines end in LF */
    bool quotes_replaced; /* typographic quotes made it no JSON */
};

/* Reads `text`, of which the spans are parts, or of `arena`. Of headers, what belongs to one
 * connection or to the bytes as sent is left out (Content-Length), and so are empty ones. The
 * reason of a failure names the line and what to do. */
bool paste_read(struct bytes text, struct arena *arena, struct paste *paste, struct error *err);

/* Whether `text` is JSON as far as its layout goes: repeated names and lone surrogates pass. */
bool paste_is_json(struct bytes text);

#endif

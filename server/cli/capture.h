/* One request read back from a file: raw bytes, what `curl -v` printed, or a HAR. */
#ifndef TENTERHOOK_SERVER_CLI_CAPTURE_H
#define TENTERHOOK_SERVER_CLI_CAPTURE_H

#include "base/error.h"
#include "handlers/request.h"

enum { CAPTURE_HEADERS_MAX = 128, CAPTURE_NOTES_MAX = 4 };

struct capture {
    struct bytes method, target, version;
    struct header headers[CAPTURE_HEADERS_MAX];
    size_t header_count;
    struct bytes body;
    bool plain;                           /* is known to have come without TLS */
    bool secure;                          /* is known to have come with TLS */
    const char *notes[CAPTURE_NOTES_MAX]; /* what the file does not say and had to be assumed */
    size_t note_count;
};

/* Reads `text`, of which the spans are parts, or of `arena`. */
bool capture_parse(struct bytes text, struct arena *arena, struct capture *capture,
                   struct error *err);

#endif

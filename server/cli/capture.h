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
    bool lacks_body;                      /* it had one, which the file does not show */
    const char *notes[CAPTURE_NOTES_MAX]; /* what the file does not say and had to be assumed */
    size_t note_count;
};

/* Reads `text`, of which the spans are parts, or of `arena`. */
bool capture_parse(struct bytes text, struct arena *arena, struct capture *capture,
                   struct error *err);

/* Says what had to be assumed, to who reads the verdict. */
void capture_note(struct capture *capture, const char *note);

#endif

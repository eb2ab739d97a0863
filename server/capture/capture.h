/* One request read back from a file: raw bytes, what `curl -v` printed, a HAR, or what people copy
 * from a page of the sender. */
#ifndef TENTERHOOK_SERVER_CAPTURE_CAPTURE_H
#define TENTERHOOK_SERVER_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "handlers/request.h"
#include "server/capture/json_layout.h"

enum { CAPTURE_HEADERS_MAX = 128, CAPTURE_NOTES_MAX = 6 };

struct capture {
    struct bytes method, target, version;
    struct header headers[CAPTURE_HEADERS_MAX];
    size_t header_count;
    struct bytes body;
    bool plain;                           /* is known to have come without TLS */
    bool secure;                          /* is known to have come with TLS */
    bool lacks_body;                      /* it had one, which the file does not show */
    bool is_pasted;                       /* the body is not the bytes as sent */
    bool in_field;                        /* the body is the field "payload" of a form */
    struct bytes json;                    /* in_field: what the field was made of */
    const char *notes[CAPTURE_NOTES_MAX]; /* what the file does not say and had to be assumed */
    size_t note_count;
};

/* Reads `text`, of which the spans are parts, or of `arena`. */
bool capture_parse(struct bytes text, struct arena *arena, struct capture *capture,
                   struct error *err);

/* The body that was copied beside the capture. False without memory. */
bool capture_give_body(struct capture *capture, struct bytes body, struct arena *arena);

/* Makes the body anew out of `json`, which has passed a guard, and counts it. */
bool capture_lay_out(struct capture *capture, struct bytes json, const struct json_layout *layout,
                     struct arena *arena);

/* Says what had to be assumed, to who reads the verdict. */
void capture_note(struct capture *capture, const char *note);

#endif

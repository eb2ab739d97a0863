/* How senders lay JSON out: the same values in the same order, numbers as they are written, other
 * blanks and escapes. For who has the values of a body and looks for the bytes that were signed. */
#ifndef TENTERHOOK_SERVER_CAPTURE_JSON_LAYOUT_H
#define TENTERHOOK_SERVER_CAPTURE_JSON_LAYOUT_H

#include "base/buffer.h"

struct json_layout {
    const char *name; /* "compact"; goes on after "as" */
    unsigned indent;  /* blanks a level; 0: all in one line */
    bool is_spaced;   /* in one line: a blank behind each comma and colon */
    unsigned escapes; /* of strings; what is escaped already stays so */
};

enum { JSON_LAYOUTS = 9 };

/* The commonest first. */
extern const struct json_layout json_layouts[JSON_LAYOUTS];

/* Of JSON that has passed a guard. False when the buffer is full. */
bool json_layout_append(struct buffer *out, struct bytes json, const struct json_layout *layout);

#endif

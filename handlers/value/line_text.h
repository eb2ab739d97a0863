/* A text as a part of one line, so that whoever reads the line can have the text back. */
#ifndef TENTERHOOK_HANDLERS_VALUE_LINE_TEXT_H
#define TENTERHOOK_HANDLERS_VALUE_LINE_TEXT_H

#include "base/buffer.h"

/* Appends `text` with escapes: \\ for a backslash, \n, \r and \t, and \uNNNN with four lower-case
 * digits for every other character that ends lines or steers terminals: U+0000 to U+001F, U+007F to
 * U+009F, U+2028 and U+2029. A byte that is not UTF-8 is written as U+FFFD, all others stay. At
 * most six bytes for one. False when `out` is full or without memory. */
bool line_escape(struct buffer *out, struct bytes text);

/* The same for JSON without blanks between its parts: backslashes stay, so that it remains that
 * JSON. */
bool line_escape_json(struct buffer *out, struct bytes json);

#endif

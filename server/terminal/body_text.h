/* A body as people read it: JSON with a line for each member, text as it is, and at most so much.
 */
#ifndef TENTERHOOK_SERVER_TERMINAL_BODY_TEXT_H
#define TENTERHOOK_SERVER_TERMINAL_BODY_TEXT_H

#include "server/terminal/terminal.h"

/* At most this many lines, and bytes of the text: what is left out is counted. */
enum { BODY_TEXT_LINES = 200, BODY_TEXT_BYTES = 64 * 1024 };

/* JSON that has passed the guard, each line behind `indent` blanks. What is no JSON is printed,
 * too, with its lines broken where they would be. */
void body_print_json(FILE *out, struct bytes json, int indent);
/* Text, line by line. Anything else is only counted. */
void body_print_text(FILE *out, struct bytes text, int indent);

#endif

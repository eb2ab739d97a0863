/* Text for people, in lines of a width. */
#ifndef TENTERHOOK_BASE_WRAP_H
#define TENTERHOOK_BASE_WRAP_H

#include <stdio.h>

/* How many places the text takes, whose characters are one place wide each. */
unsigned wrap_places(const char *text, size_t length);

/* The words of the text in lines of at most `width` places, and a line end. The first line has `at`
 * places already, the others begin with `indent` blanks. A longer word has a line of its own. */
void wrap_print(FILE *out, const char *text, unsigned at, unsigned indent, unsigned width);

/* Each line of the text, of a table or of prose, in lines of at most `width` places; one that fits
 * stays as it is. What goes on begins below the second column (behind the first two blanks after a
 * word), or else below the first word. */
void wrap_print_lines(FILE *out, const char *text, unsigned width);

/* Blanks from the place `at` up to `to`. */
void wrap_pad(FILE *out, unsigned at, unsigned to);

#endif

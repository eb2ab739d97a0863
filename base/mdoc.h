/* Manual pages in mdoc(7). */
#ifndef TENTERHOOK_BASE_MDOC_H
#define TENTERHOOK_BASE_MDOC_H

#include <stdio.h>

/* The lines before the first section; `date` is "2026-11-30". */
void mdoc_begin(FILE *out, const char *title, int section, const char *date);

/* Running text: words in backticks are literals, [words](link) the words alone; it ends with a line
 * end. A sentence begins with a capital letter and ends with a full stop, if it did not. */
void mdoc_text(FILE *out, const char *text);
void mdoc_sentence(FILE *out, const char *text);
/* Paragraphs that a blank line divides; `.Pp` before each. */
void mdoc_paragraphs(FILE *out, const char *text);

/* The line that says what the page is about, `.Nd`: plain words, because "man -k" shows those in
 * front of the first macro alone. */
void mdoc_about(FILE *out, const char *text);

/* Words that are arguments of a macro, so that none of them is taken for a macro; a blank before
 * each. */
void mdoc_words(FILE *out, const char *text);

#endif

/* What is wrong with the bytes of a file before YAML comes into it. */
#ifndef TENTERHOOK_CONFIG_TEXT_H
#define TENTERHOOK_CONFIG_TEXT_H

#include "config/diagnostic.h"

/* Of a file, and of the tree that it becomes. Ten thousand routes are 2 to 8 MiB. */
enum { TEXT_MAX = 16 << 20, TEXT_DEPTH_MAX = 32 };

/* At most 16 MiB, no byte order mark, no NUL, UTF-8, not nested deeper than a tree may be. */
bool text_check(const struct source *source, struct problem_list *problems);

/* Adds a problem at a byte of the text. */
void text_offset_problem(const struct source *source, size_t offset, struct problem_list *problems,
                         const char *text);

#endif

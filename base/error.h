/* The reason of a failure, as a sentence for a person. The caller owns it. */
#ifndef TENTERHOOK_BASE_ERROR_H
#define TENTERHOOK_BASE_ERROR_H

#include <stdbool.h>

struct error {
    char text[512];
};

/* Writes the sentence (cut to fit) and returns false, so that `return error_set(…)` reads well.
 * `err` may be NULL. Never format a secret into it. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As error_set, with ": " and the text of `errno_value` behind it. */
bool error_set_errno(struct error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the sentence that is there; returns false. */
bool error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

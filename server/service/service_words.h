/* The texts of a unit: words of a value, with quotes, escapes and specifiers, and the lines of an
 * EnvironmentFile=. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_WORDS_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_WORDS_H

#include "base/arena.h"
#include "base/bytes.h"

enum { SERVICE_TEXT_MAX = 256 * 1024 }; /* of a unit, and of a text of it */

/* What specifiers stand for. */
struct service_names {
    const char *unit;        /* "tenterhook@main.service" */
    const char *path;        /* of its file */
    const char *credentials; /* the directory; NULL: where systemd has it */
};

/* The next word of a value, without quotes, in the arena; NULL at the end, without memory, and
 * where quotes are not closed or, if `escapes` are replaced (\n, \x41), one is none: then `*rest`
 * is not empty, and systemd takes nothing of it either. */
const char *service_split(struct arena *arena, const char **rest, bool escapes);

/* The text with its escapes replaced, as far as they are some; NULL without memory. */
char *service_unescape(struct arena *arena, const char *text, size_t *length);

/* The text with its specifiers replaced, as the manager of the system does; NULL without memory,
 * and at a specifier that is not known here: then `*unknown` is its letter, else NUL. */
char *service_expand(struct arena *arena, const struct service_names *names, const char *text,
                     char *unknown);

/* Calls `take` with each NAME=VALUE of an EnvironmentFile=; false if that did, or without memory.
 */
bool service_read_variables(struct bytes text, struct arena *arena,
                            bool (*take)(void *context, const char *name, const char *value),
                            void *context);

#endif

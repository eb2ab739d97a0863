/* The [Service] settings of a systemd unit and its drop-ins, read as the manager of the system
 * reads them, for what `check` wants to know. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_FILE_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_FILE_H

#include "base/arena.h"
#include "base/error.h"
#include "server/service/service_words.h"

enum { SERVICE_SETTINGS_MAX = 1024 };

struct service {
    struct arena *arena; /* has all texts */
    struct service_names names;
    struct service_setting {
        const char *name, *value; /* without blanks around it, not empty */
    } settings[SERVICE_SETTINGS_MAX];
    size_t count;
};

/* `name` is a path, if it has a slash, or the name of a unit in systemd's directories. False with a
 * sentence. */
bool service_read(const char *name, struct arena *arena, struct service *unit, struct error *err);
/* The unit of the Debian package, and whether this machine has it. */
#define SERVICE_USUAL "tenterhook"
bool service_is_installed(void);
/* Names of units in these directories that have the word in their text, with their directory, in no
 * order; some, if there are many. Templates are left out: who they are for is not in the text. */
void service_units_walk(const char *word,
                        void (*visit)(void *context, const char *name, const char *directory),
                        void *context);
/* The settings of one text, which are added; "X=" takes away those before, if X is no choice. */
bool service_add(struct service *unit, struct bytes text, struct error *err);

/* The last one of that name; NULL: it is not set. */
const char *service_value(const struct service *unit, const char *name);
/* The last one that is "yes", "no" (however these are spelt) or one of the choices (NULL: none of
 * its own); NULL: there is none. */
const char *service_choice(const struct service *unit, const char *name,
                           const char *const *choices);
/* Whether that is "yes". */
bool service_says(const struct service *unit, const char *name);

/* Walks over the words of all settings of a name, with their specifiers replaced; begins as
 * {.unit = …, .name = …}. A word with a specifier that is not known is left out, as are those
 * behind a quote that is not closed. */
struct service_words {
    const struct service *unit;
    const char *name;
    bool escapes; /* \n and such are replaced */
    size_t next;  /* setting */
    const char *rest;
};
/* The next word, in the arena; NULL: there is none. */
const char *service_words_next(struct service_words *words);

/* A whole value with its specifiers replaced; NULL where one is not known. */
const char *service_text(const struct service *unit, const char *value);

#endif

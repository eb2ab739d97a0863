/* The [Service] settings of a systemd unit and its drop-ins, read as systemd reads them, for what
 * `check` wants to know. Specifiers (%i) are not replaced. */
#ifndef TENTERHOOK_SERVER_CLI_SERVICE_FILE_H
#define TENTERHOOK_SERVER_CLI_SERVICE_FILE_H

#include "base/arena.h"
#include "base/error.h"

enum { SERVICE_SETTINGS_MAX = 1024 };

struct service {
    struct arena *arena; /* has all texts */
    const char *path;    /* of the unit itself */
    struct service_setting {
        const char *name, *value; /* without blanks around it, not empty */
    } settings[SERVICE_SETTINGS_MAX];
    size_t count;
};

/* `name` is a path, if it has a slash, or the name of a unit in systemd's directories. False with a
 * sentence. */
bool service_read(const char *name, struct arena *arena, struct service *unit, struct error *err);
/* The settings of one text, which are added; "X=" takes away those before. */
bool service_add(struct service *unit, struct bytes text, struct error *err);

/* The last one of that name; NULL: it is not set. */
const char *service_value(const struct service *unit, const char *name);
/* Whether it is set to yes, true, on or 1. */
bool service_says(const struct service *unit, const char *name);

/* The next word of a value, without quotes, in the arena; NULL: there is none, or no memory. */
const char *service_word(struct arena *arena, const char **rest);

#endif

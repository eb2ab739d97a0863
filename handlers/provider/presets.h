/* The senders that are compiled in: the files of config/providers, as they are. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_PRESETS_H
#define TENTERHOOK_HANDLERS_PROVIDER_PRESETS_H

#include <stddef.h>

struct preset {
    const char *name;
    const char *text; /* YAML, with the keys of scheme.h */
};

extern const struct preset presets[]; /* sorted by name */
extern const size_t preset_count;

const struct preset *preset_find(const char *name);
/* The name that was probably meant; NULL: none is near. */
const char *preset_nearest(const char *name);

#endif

/* The table itself is made by scripts/embed-presets.py. */
#include "handlers/provider/presets.h"

#include "config/nearest.h"

#include <stdlib.h>
#include <string.h>

static int preset_compare(const void *name, const void *preset)
{
    return strcmp(name, ((const struct preset *)preset)->name);
}

const struct preset *preset_find(const char *name)
{
    return bsearch(name, presets, preset_count, sizeof presets[0], preset_compare);
}

const char *preset_nearest(const char *name)
{
    enum { NAMES_MAX = 512 };
    const char *names[NAMES_MAX] = {NULL};
    for (size_t i = 0; i < preset_count && i < NAMES_MAX - 1; i++)
        names[i] = presets[i].name;
    return nearest_name(name, names);
}

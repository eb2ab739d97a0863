/* The table itself is made by scripts/embed-presets.py. */
#include "handlers/provider/presets.h"

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

/* The library owns its documents and, in its arena, all that is known of them. What it keeps by
 * URI, anchor or address is found through maps. */
#include "handlers/schema/library.h"

#include "handlers/schema/value.h"

#include <stdlib.h>

enum { LIBRARY_BYTES = 256 * 1024 * 1024 };

struct schema_library *library_create(const struct schema_options *options,
                                      const struct library_calls *calls)
{
    struct schema_library *library = calloc(1, sizeof *library);
    if (!library)
        return NULL;
    library->options = *options;
    library->calls = *calls;
    arena_init(&library->arena, LIBRARY_BYTES);
    keyword_index_init(&library->keywords);
    map_init(&library->documents);
    map_init(&library->resources);
    map_init(&library->anchors);
    map_init(&library->subschemas);
    map_init(&library->dialects);
    return library;
}

void library_destroy(struct schema_library *library)
{
    if (!library)
        return;
    for (struct document *d = library->first_document; d; d = d->next)
        value_release(d->value);
    map_finish(&library->documents);
    map_finish(&library->resources);
    map_finish(&library->anchors);
    map_finish(&library->subschemas);
    map_finish(&library->dialects);
    arena_finish(&library->arena);
    free(library);
}

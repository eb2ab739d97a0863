/* `helpers` in a route, `stream` in an action: who has read of a key often remembers it without its
 * place. Keys that many mappings have (`name`) would be a guess. */
#include "config/key_places.h"

#include "config/keys.h"

#include <stdio.h>
#include <string.h>

enum { PLACES_TOLD = 2 };

struct places {
    const char *key;
    char *text;
    size_t count;
};

static bool group_has(const struct key_group *group, const char *key)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->rows[i]->name, key) == 0)
            return true;
    return false;
}

/* Each kind of action has a group of its own, of the same path. */
static void note_place(void *context, const struct key_group *group)
{
    struct places *places = context;
    size_t used = strlen(places->text);
    bool describes_sender = strncmp(group->path, "providers", 9) == 0;
    if (describes_sender || !group_has(group, places->key) || strstr(places->text, group->path))
        return;
    snprintf(places->text + used, KEY_PLACES_SIZE - used, "%s%s", places->count++ ? " or " : "",
             group->path);
}

bool key_places(const struct registry *registry, const char *key, char text[KEY_PLACES_SIZE])
{
    struct places places = {.key = key, .text = text};
    text[0] = '\0';
    keys_walk(registry, note_place, &places);
    return places.count > 0 && places.count <= PLACES_TOLD;
}

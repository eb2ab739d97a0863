/* Where a key belongs that stands in the wrong place. */
#ifndef TENTERHOOK_CONFIG_KEY_PLACES_H
#define TENTERHOOK_CONFIG_KEY_PLACES_H

#include "config/load_private.h"

/* Writes the mappings of a route file that have a key of this name ("routes.actions or
 * routes.respond"). False if there are none, or more than a person wants to choose from. */
bool key_places(const struct registry *registry, const char *key, char text[KEY_PLACES_SIZE]);

#endif

/* "Did you mean". */
#ifndef TENTERHOOK_CONFIG_NEAREST_H
#define TENTERHOOK_CONFIG_NEAREST_H

/* The one of `names` (NULL-terminated) that `given` was probably meant to be, or NULL. */
const char *nearest_name(const char *given, const char *const *names);

#endif

/* Whether a secret looks like something else. */
#ifndef TENTERHOOK_CONFIG_SECRET_DOUBT_H
#define TENTERHOOK_CONFIG_SECRET_DOUBT_H

#include "base/bytes.h"

/* Why `value` (not empty) may not be the secret that was meant, as a sentence without its subject;
 * NULL: it may. Paths start in `directory`; NULL: no file is looked for. */
const char *load_secret_doubt(struct bytes value, const char *directory);
/* GITHUB_SECRET or SECRET2_OF_CI: names of variables, which are no secrets; others may be. */
bool load_is_usual_variable(const char *name);
/* The same of github, stripe-key or gitlab.token.secret: names of credentials. */
bool load_is_usual_credential(const char *name);

#endif

/* What the kinds of authentication share: finding a credential in the head, and refusing alike. */
#ifndef TENTERHOOK_HANDLERS_AUTH_CREDENTIALS_H
#define TENTERHOOK_HANDLERS_AUTH_CREDENTIALS_H

#include "config/load.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

/* REPLY_UNAUTHENTICATED. `reason` is for the log; the answer is the same for every reason. */
static inline struct verdict credentials_refuse(const char *reason)
{
    return verdict_refuse(REPLY_UNAUTHENTICATED, reason);
}

/* The one header of that name. False if there is none, more than one, or an empty one. */
bool credentials_header(const struct request *request, const char *name, struct bytes *value);

/* What follows the scheme ("Bearer", without regard to case) in the one Authorization header. */
bool credentials_authorization(const struct request *request, const char *scheme,
                               struct bytes *value);

/* Takes `prefix` off `*text`, which the header `header` holds. In Authorization the case of the
 * scheme's name, the word before the prefix's first space, does not count (RFC 9110, 11.1). */
bool credentials_take_prefix(struct bytes header, struct bytes prefix, struct bytes *text);

/* secret_list_matches for what the header `header` holds (empty: it is from elsewhere), with the
 * same exception for Authorization, where the secret holds the scheme's name too. */
bool credentials_match(struct bytes header, const struct secret_list *secrets, struct bytes given,
                       size_t *which);

/* For finish functions: whether `name` can be a header's name; false after load_problem. */
bool credentials_check_name(struct load *load, const struct node *node, const char *key,
                            const char *name);

#endif

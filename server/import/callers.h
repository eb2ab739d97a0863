/* Takes the authentication out of a rule: `auth:` is what a caller must prove, whatever else holds,
 * and a condition cannot name a secret. */
#ifndef TENTERHOOK_SERVER_IMPORT_CALLERS_H
#define TENTERHOOK_SERVER_IMPORT_CALLERS_H

#include "server/import/when_text.h"

enum { CALLERS_MAX = 7, CALLER_SECRETS_MAX = 16 };

/* SCALR: an HMAC over the body and the Date header behind it. */
enum caller_kind {
    CALLER_HMAC,
    CALLER_HEADER,
    CALLER_QUERY,
    CALLER_BEARER,
    CALLER_BASIC,
    CALLER_SCALR
};

/* One proof. */
struct caller {
    enum caller_kind kind;
    const char *hash; /* of a signature, such as "sha256"; of others NULL */
    struct bytes
        place; /* the name of the header (lower case) or of the parameter; BASIC: the user */
    struct old_secret secrets[CALLER_SECRETS_MAX]; /* each of them will do */
    size_t count;
    bool has_untried; /* `webhook` never gets to further secrets that the rule lists */
};

/* What a rule asks for: all of the callers, and the condition. */
struct callers {
    struct caller items[CALLERS_MAX];
    size_t count;
    const struct when_entry *condition;
};

/* False: the rule cannot be divided so, and the builder has the reason. */
bool callers_of_rule(struct when_builder *builder, const struct old_rule *rule, bool soft_failures,
                     struct callers *callers);

/* Whether the value is read where a caller proves itself. */
bool callers_own(const struct callers *callers, const struct old_value *value);

#endif

/* The groups of a regular expression: which are open, what they are called, and which of them a
 * reference may name. No allocation. */
#ifndef TENTERHOOK_SCHEMA_REGEX_GROUPS_H
#define TENTERHOOK_SCHEMA_REGEX_GROUPS_H

#include "base/bytes.h"

enum { GROUPS_MAX = 200, NAMES_MAX = 64, CAPTURES_MAX = 1024 };

enum group_kind { GROUP_PLAIN, GROUP_CAPTURE, GROUP_AHEAD, GROUP_BEHIND };

struct group {
    enum group_kind kind;
    unsigned outer;    /* captures opened before it */
    unsigned last;     /* capture inside of it, once closed */
    bool alternatives; /* has a | of its own */
};

struct group_name {
    struct bytes text;
    unsigned capture; /* 0: only referred to until now */
};

/* Bits of captures, by number. */
struct capture_set {
    uint64_t words[CAPTURES_MAX / 64];
};

/* {0} has none. */
struct regex_groups {
    unsigned depth, captures;
    struct group open[GROUPS_MAX], closed; /* `closed`: the one that was closed last */
    struct capture_set optional;           /* the group around it can do without */
    struct capture_set lost;               /* a repetition may begin anew without */
    struct capture_set referred;           /* from where it may have taken no part */
    unsigned last_referred;
    unsigned name_count;
    struct group_name names[NAMES_MAX];
};

/* The following return NULL, or a constant sentence. */

const char *groups_open(struct regex_groups *groups, enum group_kind kind);
/* Gives the group that was opened last a name. */
const char *groups_name(struct regex_groups *groups, struct bytes name);
const char *groups_close(struct regex_groups *groups);

/* A "|" in the innermost group. */
void groups_alternative(struct regex_groups *groups);
/* A quantifier behind the group that was closed last. */
void groups_repeat(struct regex_groups *groups, unsigned least, unsigned most);

/* `*number` is the group to refer to, or 0 where the reference stands for the empty text: before
 * or inside of its group, since a repetition forgets what that held. */
const char *groups_refer(struct regex_groups *groups, unsigned capture, unsigned *number);
const char *groups_refer_name(struct regex_groups *groups, struct bytes name, unsigned *number);

/* At the end: whether all references lead to groups. */
const char *groups_check(const struct regex_groups *groups);
/* Whether PCRE2 takes them as ECMA-262 does. */
const char *groups_check_lost(const struct regex_groups *groups);

#endif

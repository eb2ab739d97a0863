/* Regular expressions as JSON Schema has them: ECMA-262 in Unicode mode, matched by PCRE2 under
 * limits, with short cuts for the simplest. */
#ifndef TENTERHOOK_SCHEMA_PATTERN_H
#define TENTERHOOK_SCHEMA_PATTERN_H

#include "base/bytes.h"
#include "base/error.h"

struct pattern;
struct matcher; /* memory of matches; one for each evaluator */

/* The patterns of one schema; {0} has none. */
struct patterns {
    struct pattern *first;
    size_t bytes; /* of them all, machine code included */
};

/* Compiles `source`; `all` owns it. NULL with `err`, also where they get too large together. */
struct pattern *pattern_compile(struct bytes source, struct patterns *all, struct error *err);
void patterns_destroy(struct patterns *all);

const char *pattern_source(const struct pattern *pattern);

struct matcher *matcher_create(int64_t limit_ms);
void matcher_destroy(struct matcher *matcher);
/* Begins an evaluation: the time for patterns starts again. */
void matcher_reset(struct matcher *matcher);

enum match { MATCH_NO, MATCH_YES, MATCH_ABANDONED };

/* Whether the pattern is found anywhere in `text`, which is UTF-8. */
enum match pattern_match(const struct pattern *pattern, struct matcher *matcher, struct bytes text);

#endif

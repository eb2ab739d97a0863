/* Where a file that is not YAML is probably wrong, when libyaml has noticed only further down. */
#ifndef TENTERHOOK_CONFIG_SYNTAX_HINT_H
#define TENTERHOOK_CONFIG_SYNTAX_HINT_H

#include "base/bytes.h"

/* Line and column count from 1, in characters. `sentence` is a constant one that quotes nothing. */
struct syntax_hint {
    unsigned line, column;
    const char *sentence;
};

/* Whether `line` begins with a key that has no ":", or no blank behind it. With `bracket_only` a
 * key counts only if what stands behind it begins a list or a mapping. */
bool syntax_hint_key(struct bytes text, unsigned line, bool bracket_only, struct syntax_hint *hint);

/* The same for what stands above `line`, further out or as far in. */
bool syntax_hint_above(struct bytes text, unsigned line, struct syntax_hint *hint);

/* Whether there is a tab at this place. */
bool syntax_hint_is_tab(struct bytes text, unsigned line, unsigned column);

/* Whether a "[" or "{" at this place follows a word without a blank, as in payload.commits[0]. */
bool syntax_hint_is_bracket(struct bytes text, unsigned line, unsigned column);

#endif

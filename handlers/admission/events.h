/* Which types of event a route takes. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_EVENTS_H
#define TENTERHOOK_HANDLERS_ADMISSION_EVENTS_H

#include "base/bytes.h"
#include "config/row.h"

/* Whether `text` is what `pattern` says, where a star stands for any bytes, also none. */
bool pattern_matches_text(struct bytes pattern, struct bytes text);

/* Whether a list of patterns takes a type: an empty list takes all. */
bool events_take(const struct text_list *patterns, struct bytes type);

#endif

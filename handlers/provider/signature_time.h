/* When a message was signed. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_TIME_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_TIME_H

#include "handlers/provider/scheme.h"

/* The time of `text` in Unix milliseconds; `unit` is an enum time_unit. */
bool signature_time_parse(struct bytes text, int unit, int64_t *unix_ms);
/* Whether a time is within the tolerance. */
bool signature_time_fresh(int64_t time_ms, int64_t now_ms, int64_t tolerance_ms, int64_t ahead_ms,
                          int unit);
/* What to say of one that is not: its age and the limit, in the arena. */
const char *signature_time_reason(int64_t time_ms, int64_t now_ms, int64_t tolerance_ms,
                                  int64_t ahead_ms, struct arena *arena);
/* Whether a reason, which may be NULL, is one of these. */
bool signature_time_is_reason(const char *reason);

#endif

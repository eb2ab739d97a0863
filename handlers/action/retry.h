/* Whether an attempt that has failed is followed by another one, and when: the keys `retry` and
 * `on_crash` of an action. */
#ifndef TENTERHOOK_HANDLERS_ACTION_RETRY_H
#define TENTERHOOK_HANDLERS_ACTION_RETRY_H

#include "base/buffer.h"
#include "handlers/action/action.h"

/* Which failures are tried again. */
struct retry_on {
    uint64_t exits[256 / 64]; /* exit codes, a bit each */
    bool start, timeout, any;
};

/* What becomes of a delivery whose runner was lost, or whose command was ended with the server. */
enum on_crash { ON_CRASH_RETRY, ON_CRASH_FAIL };

struct retry_settings {
    struct retry_rules {
        int64_t attempts; /* the first included */
        int64_t backoff_ms, max_backoff_ms;
        struct retry_on on;
        bool is_said; /* some of it is written in the file */
    } rules;
    int on_crash; /* enum on_crash */
};

/* Keys of each action, whatever its kind (registry.action_parts). */
extern const struct row_section retry_keys;

/* NULL: the settings were made without a registry, and nothing is tried again. */
const struct retry_settings *retry_settings_of(const struct settings *settings,
                                               const struct action_settings *action);

/* "[75,\"start\"]": which failures these are, as JSON. False where the buffer is full. */
bool retry_put_on(struct buffer *out, const struct retry_on *on);

/* Of an attempt that ended like that, when `failures` attempts had failed before it: milliseconds
 * until the next one; 0: there is none. `random` spreads them: any 64 bits. */
int64_t retry_wait_ms(const struct retry_rules *rules, const struct outcome *outcome,
                      unsigned failures, uint64_t random);

#endif

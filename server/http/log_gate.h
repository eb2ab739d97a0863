/* What strangers or the system cause comes in floods: at most a few lines a second of it are
 * logged, and the next line says how many were not. */
#ifndef TENTERHOOK_SERVER_HTTP_LOG_GATE_H
#define TENTERHOOK_SERVER_HTTP_LOG_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero at the beginning. */
struct log_gate {
    int64_t since_ns;
    unsigned said, held_back;
};

/* Whether a line may be written now; if so, how many before it were not. */
bool log_gate_pass(struct log_gate *gate, int64_t *held_back);

#endif

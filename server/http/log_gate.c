/* Counts the lines of each period, which begins with the first line after the end of the last. */
#include "server/http/log_gate.h"

#include "base/clock.h"

#define GATE_PERIOD_NS NS_PER_S
enum { GATE_LINES = 5 };

bool log_gate_pass(struct log_gate *gate, int64_t *held_back)
{
    int64_t now = clock_monotonic_ns();
    if (now - gate->since_ns >= GATE_PERIOD_NS) {
        gate->since_ns = now;
        gate->said = 0;
    }
    if (gate->said >= GATE_LINES) {
        gate->held_back++;
        return false;
    }
    gate->said++;
    *held_back = gate->held_back;
    gate->held_back = 0;
    return true;
}

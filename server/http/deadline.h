/* The deadline of a body. An absolute deadline alone would refuse a large body on a slow line; an
 * idle timeout alone would let one byte a second go on for ever. */
#ifndef TENTERHOOK_SERVER_HTTP_DEADLINE_H
#define TENTERHOOK_SERVER_HTTP_DEADLINE_H

#include "base/clock.h"

enum { BODY_RATE_MIN = 1024 /* bytes a second */, BODY_TIME_MOST = 10 /* times body_timeout */ };

/* A body has `timeout_ns` whatever its rate; after that it may go on as long as it has come with
 * BODY_RATE_MIN on average, but never past BODY_TIME_MOST times the timeout. */
static inline int64_t body_deadline_ns(int64_t began_ns, int64_t timeout_ns, uint64_t received)
{
    int64_t most_ns = timeout_ns * BODY_TIME_MOST;
    uint64_t earned_s = received / BODY_RATE_MIN;
    int64_t earned_ns = earned_s > (uint64_t)(most_ns / NS_PER_S)
                            ? most_ns
                            : (int64_t)(received * (NS_PER_S / BODY_RATE_MIN));
    return began_ns + (earned_ns > timeout_ns ? earned_ns : timeout_ns);
}

#endif

/* One line that a worker answers with: {"id": …, "ok": true}, {"id": …, "retry_after": seconds} or
 * {"id": …, "dead": "reason"}. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_ANSWER_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_ANSWER_H

#include "base/bytes.h"

enum {
    WORKER_ANSWER_MAX = 64 * 1024, /* bytes of a line */
    WORKER_RETRY_MIN_MS = 100,
    WORKER_RETRY_MAX_S = 3600, /* what asks for more gets so much */
    WORKER_REASON_SIZE = 400,  /* with its NUL */
};

enum worker_verdict { WORKER_OK, WORKER_RETRY, WORKER_DEAD };

struct worker_answer {
    struct bytes id; /* as it stands in the line, without its quotes */
    enum worker_verdict verdict;
    int64_t retry_ms;
    char reason[WORKER_REASON_SIZE]; /* of DEAD: UTF-8, cut to fit, no control characters */
    bool is_cut;                     /* the reason was longer */
};

/* NULL, or why the line is no answer: a constant. `answer` is written only with NULL. */
const char *worker_answer_read(struct bytes line, struct worker_answer *answer);

#endif

/* The head guard: checks that a head is exactly one request, before any code acts on it. */
#ifndef TENTERHOOK_SERVER_PIPELINE_GUARD_H
#define TENTERHOOK_SERVER_PIPELINE_GUARD_H

#include "handlers/request.h"
#include "handlers/verdict.h"

enum {
    GUARD_METHOD_MAX = 32,
    GUARD_TARGET_MAX = 4096,
    GUARD_HEADERS_MAX = 64,
    GUARD_NAME_MAX = 256,
    GUARD_VALUE_MAX = 16 * 1024,
    GUARD_PARAMETERS_MAX = 64, /* of the query */
};

/* Judges method, target, version and headers of `request`. On REPLY_NONE `path`, `query` and the
 * trimmed `headers` are set, and `*content_length` is the body's length, -1 for a chunked one and 0
 * for none. Every refusal closes the connection: what follows on it cannot be trusted.
 *
 * A path that no route can have (bad percent-encoding, an encoded slash, dot segments …) is
 * answered as any unknown path is, so that probing shows no difference. */
struct verdict guard_check(struct request *request, int64_t *content_length);

#endif

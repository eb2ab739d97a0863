/* What `verify` prints about one request or one event: for people, or as one line of JSON. */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_PRINT_H
#define TENTERHOOK_SERVER_CLI_VERIFY_PRINT_H

#include "server/cli/verify_difference.h"

struct capture;

/* What came of the walk. */
struct verify_result {
    struct exchange *exchange;
    struct verdict verdict;
    const char *file;                 /* of the capture */
    const struct capture *capture;    /* NULL: it is an event of the journal */
    const struct verify_past *past;   /* of such an event; otherwise NULL */
    const struct buffer *signed_text; /* NULL: nothing is known of it */
};

void verify_print_result(struct verify_result *result, bool json);

/* Whether an event would be stored, or a sender that tries out the address answered. */
bool verify_accepts(const struct verdict *verdict);

#endif

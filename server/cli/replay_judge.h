/* Whether an event of the journal may be carried out again, by the route file as it is now. */
#ifndef TENTERHOOK_SERVER_CLI_REPLAY_JUDGE_H
#define TENTERHOOK_SERVER_CLI_REPLAY_JUDGE_H

#include "server/cli/event_copy.h"
#include "server/pipeline/pipeline.h"

struct replay_judge {
    const struct settings *settings;
    struct pipeline pipeline; /* of these settings */
    struct journal_reader *reader;
    bool force; /* also what its schema refuses */
};

/* NULL: the event may be carried out; else why not. Texts are in the arena or constant; the id goes
 * there, too. */
const char *replay_judge_refusal(struct replay_judge *judge, int64_t seq, struct arena *arena,
                                 const char **id, const char **route);

#endif

/* A list of attempts in the order in which they were added; each is in one list at most. */
#ifndef TENTERHOOK_SERVER_RUNNER_ATTEMPT_LIST_H
#define TENTERHOOK_SERVER_RUNNER_ATTEMPT_LIST_H

#include "server/runner/attempt.h"

struct attempt_list {
    struct attempt *first, *last;
    size_t count;
};

void attempt_list_append(struct attempt_list *list, struct attempt *attempt);
void attempt_list_remove(struct attempt_list *list, struct attempt *attempt);
/* All of `from` to the end of `to`. */
void attempt_list_move(struct attempt_list *to, struct attempt_list *from);
/* The attempt of that delivery; NULL: none of them is. */
struct attempt *attempt_list_find(const struct attempt_list *list, int64_t handle);

#endif

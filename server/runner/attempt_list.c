/* Attempts are few, and found by walking along them. */
#include "server/runner/attempt_list.h"

void attempt_list_append(struct attempt_list *list, struct attempt *attempt)
{
    attempt->next = NULL;
    attempt->previous = list->last;
    if (list->last)
        list->last->next = attempt;
    else
        list->first = attempt;
    list->last = attempt;
    list->count++;
}

void attempt_list_remove(struct attempt_list *list, struct attempt *attempt)
{
    if (attempt->previous)
        attempt->previous->next = attempt->next;
    else
        list->first = attempt->next;
    if (attempt->next)
        attempt->next->previous = attempt->previous;
    else
        list->last = attempt->previous;
    list->count--;
}

void attempt_list_move(struct attempt_list *to, struct attempt_list *from)
{
    while (from->first) {
        struct attempt *attempt = from->first;
        attempt_list_remove(from, attempt);
        attempt_list_append(to, attempt);
    }
}

struct attempt *attempt_list_find(const struct attempt_list *list, int64_t handle)
{
    struct attempt *attempt = list->first;
    while (attempt && attempt->finish.handle != handle)
        attempt = attempt->next;
    return attempt;
}

/* The memory of a turn. Lists keep their capacity from one turn to the next; what is rare (a death,
 * a key) is a block of its own. */
#include "server/journal/engine.h"

#include "handlers/action/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool journal_turn_init(struct journal_turn *turn, size_t due_capacity)
{
    *turn = (struct journal_turn){.room = INT64_MAX, .due_capacity = due_capacity};
    turn->last_death = &turn->deaths;
    turn->last_progress = &turn->progress;
    if (due_capacity > 0)
        turn->due = calloc(due_capacity, sizeof *turn->due);
    return turn->due || due_capacity == 0;
}

static void free_deaths(struct journal_turn *turn)
{
    while (turn->deaths) {
        struct journal_death *death = turn->deaths;
        turn->deaths = death->next;
        free(death);
    }
    turn->last_death = &turn->deaths;
}

static void free_keys(struct journal_turn *turn)
{
    while (turn->keys) {
        struct journal_key *key = turn->keys;
        turn->keys = key->next;
        explicit_bzero((void *)key->key.data, key->key.length);
        free(key);
    }
}

static void free_routes(struct journal_turn *turn)
{
    while (turn->routes) {
        struct journal_route *route = turn->routes;
        turn->routes = route->next;
        free(route);
    }
}

static void free_heard(struct journal_turn *turn)
{
    while (turn->heard) {
        struct journal_heard *heard = turn->heard;
        turn->heard = heard->next;
        free(heard);
    }
}

static void free_progress(struct journal_turn *turn)
{
    while (turn->progress) {
        struct journal_progress *progress = turn->progress;
        turn->progress = progress->next;
        free(progress);
    }
    turn->last_progress = &turn->progress;
}

static void free_answers(struct journal_turn *turn)
{
    while (turn->answers) {
        struct journal_answer *answer = turn->answers;
        turn->answers = answer->next;
        free(answer);
    }
    turn->answer_bytes = 0;
}

void engine_forget(struct journal_turn *turn)
{
    free_deaths(turn);
    free_keys(turn);
    free_routes(turn);
    free_heard(turn);
    free_progress(turn);
    free_answers(turn);
    turn->superseded.count = turn->running.count = 0;
    turn->reruns.count = turn->woken.count = turn->open.count = turn->crashed.count = 0;
    turn->due_count = 0;
    turn->next_due_ms = turn->teller_due_ms = 0;
}

void journal_turn_finish(struct journal_turn *turn)
{
    engine_forget(turn);
    free(turn->due);
    free(turn->reruns.items);
    free(turn->superseded.items);
    free(turn->running.items);
    free(turn->woken.items);
    free(turn->open.items);
    free(turn->crashed.items);
}

void engine_begin(struct journal_turn *turn)
{
    engine_forget(turn);
    turn->end = JOURNAL_DONE;
    turn->changed = turn->anew = turn->events_refused = turn->outputs_dropped = false;
    turn->question_fits = turn->woken_more = false;
    for (size_t i = 0; i < turn->streak_count; i++) {
        turn->streaks[i].paused = false;
        turn->streaks[i].told_id[0] = '\0';
    }
}

/* Room for one more. */
static bool grow(void **items, size_t size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*items, larger * size);
    if (!grown)
        return false;
    *items = grown;
    *capacity = larger;
    return true;
}

bool engine_add_number(struct journal_numbers *list, int64_t number)
{
    void *items = list->items;
    bool room = grow(&items, sizeof *list->items, list->count, &list->capacity);
    list->items = items;
    if (room)
        list->items[list->count++] = number;
    return room;
}

bool engine_add_due(struct journal_dues *list, const struct journal_due *due)
{
    void *items = list->items;
    bool room = grow(&items, sizeof *list->items, list->count, &list->capacity);
    list->items = items;
    if (room)
        list->items[list->count++] = *due;
    return room;
}

bool engine_add_superseded(struct journal_replaced *list, const struct journal_superseded *one)
{
    void *items = list->items;
    bool room = grow(&items, sizeof *list->items, list->count, &list->capacity);
    list->items = items;
    if (room)
        list->items[list->count++] = *one;
    return room;
}

int64_t engine_burst_wait_ms(const struct journal_turn *turn, const struct journal_fold *fold,
                             int64_t since_ms)
{
    int64_t gone_ms = turn->now_ms > since_ms ? turn->now_ms - since_ms : 0;
    int64_t left_ms = fold->most_ms - gone_ms;
    int64_t wait_ms = fold->window_ms < left_ms ? fold->window_ms : left_ms;
    return wait_ms > 1 ? wait_ms : 1;
}

static const char *put_text(char **place, struct bytes text)
{
    char *start = *place;
    if (text.length > 0)
        memcpy(start, text.data, text.length);
    start[text.length] = '\0';
    *place = start + text.length + 1;
    return start;
}

void engine_add_death(struct journal_turn *turn, int64_t handle, const struct bytes texts[5],
                      unsigned attempt)
{
    size_t size = 0;
    for (int i = 0; i < 5; i++)
        size += texts[i].length + 1;
    struct journal_death *death = malloc(sizeof *death + size);
    if (!death)
        return;
    char *place = (char *)(death + 1);
    *death = (struct journal_death){.handle = handle, .attempt = attempt};
    death->id = put_text(&place, texts[DEATH_ID]);
    death->route = put_text(&place, texts[DEATH_ROUTE]);
    death->action = put_text(&place, texts[DEATH_ACTION]);
    death->client = put_text(&place, texts[DEATH_CLIENT]);
    death->reason = put_text(&place, texts[DEATH_REASON]);
    *turn->last_death = death;
    turn->last_death = &death->next;
}

bool engine_add_key(struct journal_turn *turn, struct bytes route, struct bytes provider,
                    struct bytes key)
{
    struct journal_key *made =
        malloc(sizeof *made + route.length + provider.length + key.length + 3);
    if (!made)
        return false;
    char *place = (char *)(made + 1);
    *made = (struct journal_key){.next = turn->keys};
    made->route = put_text(&place, route);
    made->provider = put_text(&place, provider);
    made->key = bytes_of(put_text(&place, key), key.length);
    turn->keys = made;
    return true;
}

bool engine_add_route(struct journal_turn *turn, struct bytes name, struct bytes why,
                      int64_t paused_ms, unsigned deaths)
{
    struct journal_route *made = malloc(sizeof *made + name.length + why.length + 2);
    if (!made)
        return false;
    char *place = (char *)(made + 1);
    *made = (struct journal_route){.next = turn->routes, .paused_ms = paused_ms, .deaths = deaths};
    made->name = put_text(&place, name);
    made->paused_why = put_text(&place, why);
    turn->routes = made;
    return true;
}

void journal_explain_streak(const struct journal_streak *streak, char text[JOURNAL_WHY_SIZE])
{
    snprintf(text, JOURNAL_WHY_SIZE, "%u deliver%s died in a row", streak->deaths,
             streak->deaths == 1 ? "y" : "ies");
}

struct journal_streak *engine_find_streak(const struct journal_turn *turn, struct bytes route)
{
    for (size_t i = 0; i < turn->streak_count; i++)
        if (bytes_equal_text(route, turn->streaks[i].route))
            return &turn->streaks[i];
    return NULL;
}

bool engine_add_heard(struct journal_turn *turn, struct bytes route,
                      const struct journal_heard *heard)
{
    struct journal_heard *made = malloc(sizeof *made + route.length + 1);
    if (!made)
        return false;
    char *place = (char *)(made + 1);
    *made = *heard;
    made->next = turn->heard;
    made->route = put_text(&place, route);
    turn->heard = made;
    return true;
}

bool engine_add_progress(struct journal_turn *turn, struct journal_track *track,
                         struct bytes action, const struct journal_progress *progress)
{
    struct journal_progress *made = malloc(sizeof *made + action.length + 1);
    if (!made)
        return false;
    char *place = (char *)(made + 1);
    *made = *progress;
    made->next = NULL;
    made->action = put_text(&place, action);
    *turn->last_progress = made;
    turn->last_progress = &made->next;
    if (track->count++ == 0)
        track->progress = made;
    return true;
}

const struct journal_answer *engine_add_answer(struct journal_turn *turn,
                                               const struct journal_answer *answer)
{
    size_t length = answer->output.length;
    struct journal_answer *made =
        length <= JOURNAL_ANSWERS_MAX - turn->answer_bytes ? malloc(sizeof *made + length) : NULL;
    if (!made)
        return NULL;
    *made = *answer;
    made->next = turn->answers;
    made->output = bytes_of(made + 1, length);
    if (length > 0)
        memcpy(made + 1, answer->output.data, length);
    turn->answers = made;
    turn->answer_bytes += length;
    return made;
}

static int compare_numbers(const void *left, const void *right)
{
    const struct journal_action *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

bool engine_know_actions(struct journal *journal, const struct journal_setup *setup)
{
    journal->known = calloc(setup->action_count + 1, sizeof *journal->known);
    if (!journal->known)
        return false;
    for (size_t i = 0; i < setup->action_count; i++)
        journal->known[i] = setup->actions[i];
    journal->known_count = setup->action_count;
    qsort(journal->known, journal->known_count, sizeof *journal->known, compare_numbers);
    for (size_t i = 0; i < setup->action_count; i++)
        journal->has_tellers |= journal->known[i].tell_every_ms > 0;
    return true;
}

void engine_tell_failures(const struct journal *journal, struct journal_turn *turn,
                          void (*tell)(void *context, struct journal_turn *turn, int64_t handle),
                          void *context)
{
    if (!journal->has_tellers)
        return;
    for (const struct journal_finish *finish = turn->finish; finish; finish = finish->next)
        if (finish->applied &&
            (finish->outcome->kind == OUTCOME_FAILED || finish->outcome->kind == OUTCOME_TIMEOUT))
            tell(context, turn, finish->handle);
    for (const struct journal_death *death = turn->deaths; death; death = death->next)
        tell(context, turn, death->handle);
}

const struct journal_action *engine_find_action(const struct journal *journal, int64_t number)
{
    const struct journal_action wanted = {.number = number};
    return journal->known_count == 0 ? NULL
                                     : bsearch(&wanted, journal->known, journal->known_count,
                                               sizeof *journal->known, compare_numbers);
}

bool engine_must_be_alone(const struct journal *journal, int64_t action, unsigned takeovers)
{
    const struct journal_action *known = engine_find_action(journal, action);
    return takeovers >= JOURNAL_CRASHES_ALONE && known && known->counts_crashes;
}

void engine_finish(struct journal *journal)
{
    free(journal->known);
    free(journal->orphans);
    journal->known = NULL;
    journal->orphans = NULL;
}

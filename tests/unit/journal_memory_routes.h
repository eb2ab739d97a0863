/* The routes of a journal in memory: which are paused, and how many of their deliveries have died
 * in a row. */
#ifndef TENTERHOOK_TESTS_JOURNAL_MEMORY_ROUTES_H
#define TENTERHOOK_TESTS_JOURNAL_MEMORY_ROUTES_H

#include "server/journal/engine.h"

#include <stdio.h>
#include <string.h>

enum { ROUTE_ROWS_MAX = 16 };

struct route_row {
    char name[64], why[JOURNAL_WHY_SIZE];
    int64_t paused_ms;
    unsigned deaths;
};

struct route_table {
    struct route_row rows[ROUTE_ROWS_MAX];
    size_t count;
};

static inline struct route_row *route_table_find(struct route_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    struct route_row *row = &table->rows[table->count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

/* `paused_ms` 0: it is resumed. */
static inline void route_table_pause(struct route_table *table, const char *name, int64_t paused_ms,
                                     const char *why)
{
    struct route_row *row = route_table_find(table, name);
    row->paused_ms = paused_ms;
    row->deaths = paused_ms ? row->deaths : 0;
    snprintf(row->why, sizeof row->why, "%s", paused_ms ? why : "");
}

static inline void route_table_read(const struct route_table *table, struct journal_turn *turn)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].paused_ms || table->rows[i].deaths)
            engine_add_route(turn, bytes_of_text(table->rows[i].name),
                             bytes_of_text(table->rows[i].why), table->rows[i].paused_ms,
                             table->rows[i].deaths);
}

/* A delivery of the route has died. */
static inline void route_table_die(struct route_table *table, struct journal_turn *turn,
                                   const char *name)
{
    struct journal_streak *streak = engine_find_streak(turn, bytes_of_text(name));
    if (!streak)
        return;
    struct route_row *row = route_table_find(table, name);
    streak->deaths = ++row->deaths;
    if (row->paused_ms || row->deaths < streak->pause_at)
        return;
    streak->paused = true;
    row->paused_ms = turn->now_ms;
    journal_explain_streak(streak, row->why);
}

/* One has ended as `finish` tells. */
static inline void route_table_finish(struct route_table *table, struct journal_turn *turn,
                                      const struct journal_finish *finish)
{
    if (finish->streak && finish->state == DELIVERY_DEAD)
        route_table_die(table, turn, finish->streak->route);
    if (finish->streak && finish->state == DELIVERY_DONE && finish->streak->deaths > 0)
        finish->streak->deaths = route_table_find(table, finish->streak->route)->deaths = 0;
}

#endif

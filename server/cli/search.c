/* Events are copied out of the journal a step at a time (server/journal/walk.h), and only then
 * looked at one by one: conditions, printing and questions to the terminal take as long as they
 * like. */
#include "server/cli/search.h"

#include "config/nearest.h"
#include "config/settings.h"
#include "server/journal/walk.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP_ROWS = 256, STEP_MEMORY = 256 << 20 };

/* ---- options ---- */

static bool take_type(void *field, const char *text, struct error *err)
{
    if (strlen(text) > EVENT_TYPE_PATTERN_MAX)
        return error_set(err, "has at most %d bytes", EVENT_TYPE_PATTERN_MAX);
    *(const char **)field = text;
    return true;
}

static bool take_text(void *field, const char *text, struct error *err)
{
    *(struct bytes *)field = bytes_of_text(text);
    return *text || error_set(err, "needs a text");
}

const struct option_row search_rows[SEARCH_ROWS] = {
    {.name = "route",
     .value = "ROUTE",
     .kind = OPTION_ROUTE,
     .offset = offsetof(struct search, filter.route),
     .sentence = "events of this route"},
    {.name = "type",
     .value = "TYPE",
     .kind = OPTION_CUSTOM,
     .like = OPTION_TYPE,
     .offset = offsetof(struct search, filter.type),
     .sentence = "events of this type, such as push; * stands for any text",
     .take = take_type},
    {.name = "since",
     .value = "TIME",
     .kind = OPTION_MOMENT,
     .offset = offsetof(struct search, filter.since_ms),
     .sentence = "events received from then on: a duration (1h, 2d), a day (2026-11-30) or a time "
                 "of UTC (2026-11-30T14:00Z)"},
    {.name = "until",
     .value = "TIME",
     .kind = OPTION_MOMENT,
     .offset = offsetof(struct search, filter.until_ms),
     .sentence = "events received before then"},
    {.name = "where",
     .value = "CONDITION",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct search, condition),
     .sentence = "events for which an entry of `when:` holds, such as "
                 "'{value: payload.ref, equals: refs/heads/main}'"},
    {.name = "text",
     .value = "TEXT",
     .kind = OPTION_CUSTOM,
     .offset = offsetof(struct search, filter.text),
     .sentence = "events whose body has this text in it",
     .take = take_text},
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct search, limit),
     .sentence = "so many events at most",
     .min = 1,
     .max = INT32_MAX},
};

const struct option_row search_place_rows[SEARCH_PLACE_ROWS] = {
    {.name = "before",
     .value = "ID",
     .kind = OPTION_EVENT,
     .offset = offsetof(struct search, before),
     .sentence = "events older than this one"},
    {.name = "after",
     .value = "ID",
     .kind = OPTION_EVENT,
     .offset = offsetof(struct search, after),
     .sentence = "events newer than this one"},
};

static const char *const states[] = {"pending", "running", "done", "dead", "superseded", NULL};

const struct option_row search_outcome_rows[SEARCH_OUTCOME_ROWS] = {
    {.name = "state",
     .value = "STATE",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct search, filter.state),
     .sentence = "deliveries in this state",
     .choices = states},
    {.name = "action",
     .value = "ACTION",
     .kind = OPTION_ACTION,
     .offset = offsetof(struct search, filter.action),
     .sentence = "deliveries of the action of this name"},
};

bool search_begin(struct search *search)
{
    return !search->condition || (search->where = where_load(search->condition));
}

bool search_is_narrow(const struct search *search)
{
    const struct event_filter *filter = &search->filter;
    return filter->route || filter->type || filter->state || filter->action || filter->since_ms ||
           filter->until_ms || filter->text.length || search->condition || search->before ||
           search->after;
}

void search_finish(struct search *search)
{
    where_destroy(search->where);
    search->where = NULL;
}

/* ---- routes ---- */

enum { ROUTES_MAX = 20000, ROUTES_MEMORY = 8 << 20 };

struct route_names {
    struct arena arena;
    const char **names; /* NULL-terminated */
    size_t count;
};

static void add_route(void *context, struct bytes route)
{
    struct route_names *names = context;
    const char *name = names->count < ROUTES_MAX ? arena_copy_bytes(&names->arena, route) : NULL;
    if (name)
        names->names[names->count++] = name;
}

static bool route_is_among(const struct route_names *names, const char *route)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], route) == 0)
            return true;
    const char *nearest = nearest_name(route, names->names);
    struct error why;
    error_set(&why, "there is no route %s%s%s%s", route, nearest ? ", did you mean " : "",
              nearest ? nearest : "", nearest ? "?" : "");
    print_failure(why.text);
    return false;
}

bool search_check_route(struct journal_reader *reader, const char *route,
                        const struct settings *settings)
{
    struct route_names names = {.names = calloc(ROUTES_MAX + 1, sizeof *names.names)};
    struct error why = {"no memory"};
    arena_init(&names.arena, ROUTES_MEMORY);
    bool read = names.names && (journal_reader_routes(reader, add_route, &names) ||
                                journal_reader_explain(reader, &why));
    for (size_t i = 0; read && settings && i < settings->route_count; i++)
        add_route(&names, bytes_of_text(settings->routes[i].name));
    if (!read)
        print_failure(why.text);
    bool is_there = read && route_is_among(&names, route);
    arena_finish(&names.arena);
    free(names.names);
    return is_there;
}

/* ---- the walk ---- */

struct walking {
    struct search *search;
    struct journal_reader *reader;
    bool (*each)(void *context, const struct event_copy *event);
    void *context;
    int64_t found;
    struct arena arena; /* of a step */
    struct event_copy copies[STEP_ROWS];
    size_t count;
    bool is_short, is_over;
};

static void keep_event(void *context, const struct event_view *view)
{
    struct walking *walking = context;
    walking->is_short |=
        !event_copy_view(view, &walking->arena, &walking->copies[walking->count++]);
}

/* False where a condition could not be judged. */
static bool give_events(struct walking *walking)
{
    struct search *search = walking->search;
    for (size_t i = 0; i < walking->count && !walking->is_over; i++) {
        const struct event_copy *copy = &walking->copies[i];
        enum where_outcome outcome =
            search->where ? where_holds(search->where, walking->reader, copy) : WHERE_HOLDS;
        if (outcome == WHERE_UNREAD)
            return false;
        if (outcome == WHERE_FAILS)
            continue;
        walking->found++;
        progress_clear(&search->progress);
        walking->is_over =
            !walking->each(walking->context, copy) || walking->found == search->limit;
    }
    return true;
}

static void show_progress(struct search *search, const struct journal_walk *walk, int64_t found)
{
    int64_t left = walk->highest - walk->lowest + 1;
    int64_t percent = walk->total > 0 ? 100 * (walk->total - left) / walk->total : 100;
    progress_show(&search->progress, "%lld %% of the events searched, %lld found",
                  (long long)percent, (long long)found);
}

/* Without a condition a step need not read more than is wanted. */
static int64_t rows_of_step(const struct walking *walking)
{
    const struct search *search = walking->search;
    int64_t left = search->limit - walking->found;
    return search->limit && !search->where && left < STEP_ROWS ? left : STEP_ROWS;
}

static bool walk_step(struct walking *walking, struct journal_walk *walk)
{
    walking->count = 0;
    return journal_walk_step(walk, walking->reader, rows_of_step(walking), keep_event, walking) &&
           !walking->is_short && give_events(walking);
}

static bool walk_all(struct walking *walking, struct journal_walk *walk)
{
    bool good = true;
    while (good && !walking->is_over && !journal_walk_is_over(walk)) {
        arena_init(&walking->arena, STEP_MEMORY);
        good = walk_step(walking, walk);
        arena_finish(&walking->arena);
        show_progress(walking->search, walk, walking->found);
    }
    progress_clear(&walking->search->progress);
    return good;
}

/* What lies behind an id is what begins with it no more. */
static bool place_bounds(struct search *search, struct journal_reader *reader,
                         struct event_filter *filter)
{
    char behind[64];
    int64_t place;
    if (search->before && !journal_reader_place(reader, search->before, &filter->before))
        return false;
    if (!search->after)
        return true;
    snprintf(behind, sizeof behind, "%.60s~", search->after);
    if (!journal_reader_place(reader, behind, &place))
        return false;
    filter->after = place - 1;
    return true;
}

bool search_walk(struct search *search, struct journal_reader *reader,
                 bool (*each)(void *context, const struct event_copy *event), void *context,
                 struct error *err)
{
    struct journal_walk walk;
    struct event_filter filter = search->filter;
    struct walking *walking = calloc(1, sizeof *walking);
    if (!walking)
        return error_set(err, "no memory");
    walking->search = search;
    walking->reader = reader;
    walking->each = each;
    walking->context = context;
    bool good = place_bounds(search, reader, &filter) &&
                journal_walk_begin(&walk, reader, &filter) && walk_all(walking, &walk);
    free(walking);
    if (good)
        return true;
    return journal_reader_is_well(reader) ? error_set(err, "no memory for an event")
                                          : journal_reader_explain(reader, err) ||
                                                error_prefix(err, "cannot read the journal");
}

void search_tell_unjudged(const struct search *search)
{
    size_t count = search->where ? where_unjudged(search->where) : 0;
    if (count > 0)
        fprintf(stderr,
                "tenterhook: of %zu event%s --where takes more steps than a condition may, so they "
                "are left out\n",
                count, count == 1 ? "" : "s");
}

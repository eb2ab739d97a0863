/* A terminal gets the rows in groups, whose widest cells decide about the columns. Ids of one
 * millisecond have the same beginning (base/id.c), so it is asked of the journal whether the short
 * form of an id names one event. */
#include "server/cli/events_table.h"

#include "base/clock.h"
#include "base/id.h"
#include "server/options/moment.h"

#include <string.h>

enum { ID, RECEIVED, STATE, ROUTE, TYPE, TITLE };
enum { ID_SHORT = 18, ID_WHOLE = ID_TEXT_SIZE - 1, WIDE_SCREEN = 130, TABLE_MEMORY = 64 << 20 };

/* `width`: into a pipe. */
static const struct column all_columns[EVENTS_TABLE_COLUMNS] = {
    [ID] = {"ID", ID_SHORT, 0, ID_WHOLE}, [RECEIVED] = {"RECEIVED", 8, 3, 24},
    [STATE] = {"STATE", 7, 1, 12},        [ROUTE] = {"ROUTE", 8, 2, 20},
    [TYPE] = {"TYPE", 8, 4, 16},          [TITLE] = {"TITLE", 12, 5, 0},
};

void events_table_begin(struct events_table *table, FILE *out, struct journal_reader *reader)
{
    *table = (struct events_table){.out = out, .screen = screen_look(), .reader = reader};
    for (size_t i = 0; i < EVENTS_TABLE_COLUMNS; i++)
        table->wanted[i] = (unsigned)strlen(all_columns[i].head);
    if (table->screen.is_terminal)
        return;
    for (size_t i = 0; i < TITLE; i++)
        print_column(out, bytes_of_text(all_columns[i].head), all_columns[i].width);
    fprintf(out, "%s\n", all_columns[TITLE].head);
}

/* ---- cells ---- */

void events_table_states(struct bytes states, char text[EVENT_STATES_SIZE])
{
    size_t length = 0;
    while (states.data) {
        struct bytes state = bytes_split(&states, ',');
        if (bytes_equal_text(state, "done") || length + state.length + 2 > EVENT_STATES_SIZE)
            continue;
        length += (size_t)snprintf(text + length, EVENT_STATES_SIZE - length, "%s%.*s",
                                   length ? "," : "", (int)state.length, (const char *)state.data);
    }
    if (length == 0)
        snprintf(text, EVENT_STATES_SIZE, "done");
}

/* How often copies have run it again stands behind the title. */
static struct bytes title_of(const struct event *event, char *room, size_t size)
{
    struct bytes title = event->title.length ? event->title : bytes_of_text("-");
    if (event->reruns == 0)
        return title;
    int length =
        snprintf(room, size, "%.*s (run again %lld time%s)", (int)title.length,
                 (const char *)title.data, (long long)event->reruns, event->reruns == 1 ? "" : "s");
    return bytes_of(room, (size_t)length < size ? (size_t)length : size - 1);
}

/* ---- into a pipe ---- */

static void print_row(struct events_table *table, const struct event_view *view)
{
    char received[CLOCK_TEXT_SIZE], states[EVENT_STATES_SIZE], title[1024];
    const struct event *event = &view->event;
    clock_format_unix_ms(event->received_ms, received);
    events_table_states(view->states, states);
    const struct bytes cells[TITLE] = {event->id, bytes_of_text(received), bytes_of_text(states),
                                       event->route, event->type};
    for (size_t i = 0; i < TITLE; i++)
        print_column(table->out, cells[i], all_columns[i].width);
    print_safe(table->out, title_of(event, title, sizeof title));
    fputc('\n', table->out);
}

/* ---- to a terminal ---- */

static struct bytes keep(struct events_table *table, struct bytes text)
{
    char *copy = arena_copy_bytes(&table->arena, text);
    return bytes_of(copy, copy ? text.length : 0);
}

static struct bytes shown_id(struct events_table *table, struct bytes id)
{
    char start[ID_SHORT + 1];
    size_t count = 0;
    int64_t seq;
    if (table->screen.width >= WIDE_SCREEN || id.length < ID_SHORT)
        return id;
    snprintf(start, sizeof start, "%.*s", ID_SHORT, (const char *)id.data);
    bool is_one = journal_reader_find(table->reader, start, &seq, &count) && count == 1;
    return is_one ? bytes_of(id.data, ID_SHORT) : id;
}

static void put_row(struct events_table *table, const struct event_view *view)
{
    char received[MOMENT_TEXT_SIZE], states[EVENT_STATES_SIZE], title[1024];
    const struct event *event = &view->event;
    struct cell *cells = table->cells[table->count++];
    moment_format(event->received_ms, table->screen.now_ms, received);
    events_table_states(view->states, states);
    const struct bytes texts[EVENTS_TABLE_COLUMNS] = {[ID] = shown_id(table, event->id),
                                                      [RECEIVED] = bytes_of_text(received),
                                                      [STATE] = bytes_of_text(states),
                                                      [ROUTE] = event->route,
                                                      [TYPE] = event->type,
                                                      [TITLE] =
                                                          title_of(event, title, sizeof title)};
    for (size_t i = 0; i < EVENTS_TABLE_COLUMNS; i++) {
        cells[i] = (struct cell){.text = keep(table, texts[i])};
        unsigned width = text_width(cells[i].text);
        table->wanted[i] = width > table->wanted[i] ? width : table->wanted[i];
    }
    cells[STATE].style = style_of_state(view->states);
    cells[RECEIVED].style = STYLE_FAINT;
}

void events_table_add(struct events_table *table, const struct event_view *event)
{
    if (!table->screen.is_terminal) {
        print_row(table, event);
        return;
    }
    if (table->count == 0)
        arena_init(&table->arena, TABLE_MEMORY);
    put_row(table, event);
    if (table->count == EVENTS_TABLE_ROWS)
        events_table_flush(table);
}

static void print_head(struct events_table *table, const struct column *columns)
{
    struct cell cells[EVENTS_TABLE_COLUMNS];
    for (size_t i = 0; i < EVENTS_TABLE_COLUMNS; i++)
        cells[i] = (struct cell){bytes_of_text(columns[i].head), STYLE_HEAD};
    columns_print(table->out, &table->screen, columns, cells, EVENTS_TABLE_COLUMNS);
    table->has_head = true;
}

void events_table_flush(struct events_table *table)
{
    struct column columns[EVENTS_TABLE_COLUMNS];
    if (!table->screen.is_terminal)
        return;
    memcpy(columns, all_columns, sizeof columns);
    columns[ID].least = table->wanted[ID]; /* a part of an id is of no use */
    columns_fit(columns, EVENTS_TABLE_COLUMNS, table->wanted, table->screen.width);
    if (!table->has_head)
        print_head(table, columns);
    for (size_t i = 0; i < table->count; i++)
        columns_print(table->out, &table->screen, columns, table->cells[i], EVENTS_TABLE_COLUMNS);
    if (table->count > 0)
        arena_finish(&table->arena);
    table->count = 0;
    table->screen.now_ms = clock_unix_ms();
}

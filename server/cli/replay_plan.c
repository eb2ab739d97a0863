/* Waiting is looking at what others have committed, as `events tail` does: one query tells which
 * deliveries are still open, and only the events of those that are not any more are looked at one
 * by one. */
#include "server/cli/replay_plan.h"

#include "base/clock.h"
#include "server/cli/event_copy.h"
#include "server/cli/events_find.h"
#include "server/options/verb.h"
#include "server/terminal/output.h"
#include "server/terminal/terminal.h"

#include <stdlib.h>
#include <time.h>

enum { EVENT_MEMORY = 64 << 20 };
#define WAIT_PAUSE_NS (100 * NS_PER_MS)
#define WAIT_HINT_NS (5 * NS_PER_S)

void replay_plan_finish(struct replay_plan *plan)
{
    free(plan->items);
    plan->items = NULL;
}

/* ---- which deliveries ---- */

static void plan_delivery(struct replay_plan *plan, int64_t event, int64_t delivery)
{
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? plan->capacity * 2 : 64;
        struct planned *more = realloc(plan->items, capacity * sizeof *more);
        plan->is_short |= !more;
        if (!more)
            return;
        plan->items = more;
        plan->capacity = capacity;
    }
    plan->items[plan->count++] = (struct planned){event, delivery, true};
}

struct planning {
    struct replay_plan *plan;
    const struct replay_choice *choice;
    int64_t event;
};

static bool is_chosen(const struct replay_choice *choice, const struct delivery_view *delivery)
{
    struct bytes state = delivery->state;
    bool by_state = choice->state
                        ? bytes_equal_text(state, choice->state)
                        : bytes_equal_text(state, "dead") || bytes_equal_text(state, "done");
    bool by_action =
        choice->action ? bytes_equal_text(delivery->action, choice->action) : !delivery->is_notice;
    return by_state && by_action;
}

static void plan_if_chosen(void *context, const struct delivery_view *delivery)
{
    struct planning *planning = context;
    if (is_chosen(planning->choice, delivery))
        plan_delivery(planning->plan, planning->event, delivery->seq);
}

bool replay_plan_add(struct replay_plan *plan, struct journal_reader *reader, int64_t event,
                     const struct replay_choice *choice)
{
    struct planning planning = {plan, choice, event};
    size_t before = plan->count;
    bool read = journal_reader_deliveries(reader, event, plan_if_chosen, &planning);
    plan->events += plan->count > before;
    return read && !plan->is_short;
}

bool replay_plan_take(struct replay_plan *plan, const struct planned *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        plan_delivery(plan, items[i].event, items[i].delivery);
    plan->events++;
    return !plan->is_short;
}

/* ---- waiting ---- */

struct waiting {
    struct replay_plan *plan;
    struct journal_reader *reader;
    struct progress progress;
    struct screen screen;
    size_t left; /* items at the front that have not ended */
    size_t ended, dead;
    int64_t started_ns;
    bool has_hinted;
};

static int compare_items(const void *a, const void *b)
{
    const struct planned *left = a, *right = b;
    return left->delivery < right->delivery ? -1 : left->delivery > right->delivery;
}

/* What is printed of one event. */
struct outcomes {
    struct waiting *waiting;
    FILE *out;
    struct bytes id;
    const struct planned *items;
    size_t count;
};

static bool is_planned(const struct outcomes *outcomes, int64_t delivery)
{
    for (size_t i = 0; i < outcomes->count; i++)
        if (outcomes->items[i].delivery == delivery)
            return true;
    return false;
}

static void print_outcome(void *context, const struct delivery_view *delivery)
{
    struct outcomes *outcomes = context;
    const struct screen *screen = &outcomes->waiting->screen;
    enum style style = style_of_state(delivery->state);
    if (!is_planned(outcomes, delivery->seq))
        return;
    print_safe(outcomes->out, outcomes->id);
    fputs("  ", outcomes->out);
    print_safe(outcomes->out, delivery->action);
    fputs(": ", outcomes->out);
    style_begin(outcomes->out, screen, style);
    print_safe(outcomes->out, delivery->state);
    style_end(outcomes->out, screen, style);
    fputs(delivery->reason.length ? ", " : "", outcomes->out);
    print_safe(outcomes->out, delivery->reason);
    fputc('\n', outcomes->out);
    outcomes->waiting->dead += bytes_equal_text(delivery->state, "dead");
}

/* One that was pruned meanwhile has nothing to say. */
static bool print_event(struct waiting *waiting, const struct planned *items, size_t count)
{
    struct page page;
    struct arena arena;
    struct event_copy copy;
    if (!page_begin(&page))
        return false;
    arena_init(&arena, EVENT_MEMORY);
    bool good = event_copy_row(waiting->reader, items->event, &arena, &copy);
    struct outcomes outcomes = {waiting, page.out, copy.event.id, items, count};
    good =
        good && journal_reader_deliveries(waiting->reader, items->event, print_outcome, &outcomes);
    progress_clear(&waiting->progress);
    page_end(&page);
    arena_finish(&arena);
    waiting->ended += count;
    return good;
}

/* What is printed of an event waits for all of it that was replayed, and for nothing else. */
static void mark_open(void *context, const struct open_view *open)
{
    const struct waiting *waiting = context;
    struct planned *items = waiting->plan->items;
    size_t low = 0, high = waiting->left;
    while (low < high) { /* the item, or the first behind it */
        size_t middle = low + (high - low) / 2;
        if (items[middle].delivery < open->delivery)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == waiting->left || items[low].delivery != open->delivery)
        return;
    while (low > 0 && items[low - 1].event == open->event)
        low--;
    for (; low < waiting->left && items[low].event == open->event; low++)
        items[low].is_open = true;
}

/* Prints what has ended, and keeps the rest at the front. False where it cannot be read. */
static bool look(struct waiting *waiting)
{
    struct planned *items = waiting->plan->items;
    size_t kept = 0, count;
    for (size_t i = 0; i < waiting->left; i++)
        items[i].is_open = false;
    if (!journal_reader_open_deliveries(waiting->reader, items->event, mark_open, waiting))
        return false;
    for (size_t i = 0; i < waiting->left; i += count) {
        bool is_open = items[i].is_open;
        for (count = 1; i + count < waiting->left && items[i + count].event == items[i].event;)
            is_open |= items[i + count++].is_open;
        if (!is_open && !print_event(waiting, &items[i], count))
            return false;
        if (is_open) {
            memmove(&items[kept], &items[i], count * sizeof *items);
            kept += count;
        }
    }
    waiting->left = kept;
    return true;
}

static void hint(struct waiting *waiting)
{
    if (waiting->has_hinted || waiting->ended > 0 ||
        clock_monotonic_ns() - waiting->started_ns < WAIT_HINT_NS)
        return;
    waiting->has_hinted = true;
    progress_clear(&waiting->progress);
    fputs("tenterhook: none has ended yet; a server has to run, and a paused route to be resumed\n",
          stderr);
}

static int wait_on(struct waiting *waiting)
{
    const struct timespec pause = {.tv_nsec = WAIT_PAUSE_NS};
    bool changed = true;
    while (waiting->left > 0) {
        if (changed && !look(waiting))
            return events_read_failure(waiting->reader);
        if (waiting->left == 0)
            break;
        hint(waiting);
        progress_show(&waiting->progress, "%zu of %zu deliveries have ended, %zu dead",
                      waiting->ended, waiting->plan->count, waiting->dead);
        nanosleep(&pause, NULL);
        changed = journal_reader_changed(waiting->reader);
    }
    progress_clear(&waiting->progress);
    printf("%zu ended, %zu dead\n", waiting->ended, waiting->dead);
    return waiting->dead > 0 ? EXIT_NO : EXIT_DONE;
}

int replay_plan_wait(struct replay_plan *plan, struct journal_reader *reader)
{
    struct waiting waiting = {.plan = plan,
                              .reader = reader,
                              .screen = screen_look(),
                              .left = plan->count,
                              .started_ns = clock_monotonic_ns()};
    if (plan->count > 0)
        qsort(plan->items, plan->count, sizeof *plan->items, compare_items);
    return wait_on(&waiting);
}

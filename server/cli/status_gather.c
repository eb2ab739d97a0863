/* The server is asked first: what it says of its queues is then no newer than what the journal says
 * of its deliveries. Each question is one line or a few milliseconds of reading. */
#include "server/cli/status_facts.h"

#include "base/clock.h"
#include "config/file.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 3000, COMPARE_MS = 1000 };

/* ---- the journal ---- */

static void take_counts(void *context, const struct status_counts *counts)
{
    struct status_facts *facts = context;
    struct status_route *route = status_add_route(facts, counts->route);
    for (int s = 0; route && s < STATUS_STATES; s++) {
        route->by_state[s] = counts->by_state[s];
        facts->total[s] += counts->by_state[s];
    }
}

static void take_pause(void *context, struct bytes name, int64_t since_ms, struct bytes why)
{
    struct status_facts *facts = context;
    char text[160];
    snprintf(text, sizeof text, "%.*s", (int)name.length, name.data);
    struct status_route *route = status_add_route(facts, text);
    if (!route)
        return;
    route->paused_ms = since_ms;
    route->paused_why = why.length > 0 ? strndup((const char *)why.data, why.length) : NULL;
}

static void take_delivery(struct status_fact *fact, const struct status_delivery *found,
                          int64_t time_ms)
{
    fact->is_there = true;
    fact->time_ms = time_ms;
    snprintf(fact->id, sizeof fact->id, "%.*s", (int)found->id.length, found->id.data);
    snprintf(fact->name, sizeof fact->name, "%.*s/%.*s", (int)found->route.length,
             found->route.data, (int)found->action.length, found->action.data);
    snprintf(fact->reason, sizeof fact->reason, "%.*s", (int)found->reason.length,
             found->reason.data);
}

static bool read_journal(struct status_facts *facts, struct journal_status *status)
{
    struct status_delivery found;
    if (!journal_status_counts(status, take_counts, facts) ||
        !journal_status_count_dead(status, &facts->dead) ||
        !journal_status_paused(status, take_pause, facts))
        return false;
    status_sort_routes(facts);
    if (!status_read_orphans(facts, status))
        return false;
    facts->log_is_known = journal_status_log(status, &facts->log_pages, &facts->log_copied);
    if (journal_status_oldest(status, facts->now_ms, &found))
        take_delivery(&facts->oldest, &found, found.received_ms);
    if (journal_status_is_well(status) && journal_status_next_due(status, &found))
        take_delivery(&facts->next, &found, found.due_ms);
    if (journal_status_is_well(status) && journal_status_newest_dead(status, &found))
        take_delivery(&facts->newest_dead, &found, found.ended_ms);
    if (journal_status_is_well(status) && journal_status_newest_untold(status, &found))
        take_delivery(&facts->newest_untold, &found, found.ended_ms);
    if (journal_status_is_well(status) &&
        journal_status_not_started(status, &facts->not_started, &found))
        take_delivery(&facts->newest_not_started, &found, found.ended_ms);
    return journal_status_is_well(status);
}

static void compare(struct status_integrity *integrity, const char *journal)
{
    integrity->is_compared = losses_summarise(journal, COMPARE_MS, integrity->told,
                                              &integrity->losses, &integrity->why_not);
}

static int64_t size_of(const char *path)
{
    struct stat what;
    return stat(path, &what) == 0 ? (int64_t)what.st_size : -1;
}

static void look_at_disk(struct status_facts *facts)
{
    char path[PATH_MAX];
    facts->file_bytes = size_of(facts->journal);
    snprintf(path, sizeof path, "%s-wal", facts->journal);
    facts->log_bytes = size_of(path);
    facts->free_bytes = file_space_beside(facts->journal);
}

/* ---- the server ---- */

static bool take_line(void *context, struct json_object *line, struct bytes text)
{
    struct status_facts *facts = context;
    struct json_object *server = control_part(line, "server");
    struct json_object *runner = control_part(line, "runner");
    if (control_part(line, "limits")) {
        status_take_limits(facts, line, text);
        return true;
    }
    char *copy = strndup((const char *)text.data, text.length);
    facts->no_memory |= !copy;
    if (server && !facts->server) {
        facts->server = value_keep(server);
        facts->server_text = copy;
    } else if (runner && !facts->runner) {
        facts->runner = value_keep(runner);
        facts->runner_text = copy;
    } else {
        free(copy);
    }
    return true;
}

static void ask_server(struct status_facts *facts)
{
    const struct control_request request = {.journal = facts->journal,
                                            .verb = "status",
                                            .patience_ms = PATIENCE_MS,
                                            .line = take_line,
                                            .context = facts};
    struct error why;
    enum control_end end = control_ask(&request, NULL, &why);
    if (!facts->server)
        facts->no_server = why;
    else if (end == CONTROL_FAILED)
        facts->no_runner = why; /* the supervisor has answered, its runner has not */
}

static void ask_limits(struct status_facts *facts)
{
    const struct control_request request = {.journal = facts->journal,
                                            .verb = "routes",
                                            .patience_ms = PATIENCE_MS,
                                            .line = take_line,
                                            .context = facts};
    struct error why;
    facts->file_is_known = control_ask(&request, NULL, &why) == CONTROL_DONE;
}

bool status_facts_gather(struct status_facts *facts, const char *journal, const char *config,
                         struct error *err)
{
    *facts = (struct status_facts){.journal = journal, .now_ms = clock_unix_ms()};
    ask_server(facts);
    if (facts->server)
        ask_limits(facts);
    else if (config)
        status_read_limits(facts, config);
    look_at_disk(facts);
    struct journal_status *status = journal_status_open(journal, err);
    bool read = status && (read_journal(facts, status) || journal_status_explain(status, err));
    journal_status_close(status);
    if (read)
        compare(&facts->integrity, journal);
    status_attend(facts);
    return read && (!facts->no_memory || error_set(err, "no memory"));
}

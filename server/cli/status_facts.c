/* A thing is in the list of what needs attention because of how it is now, never because of what
 * has been: so the list clears itself. What people have chosen (a cancelled delivery, cgroups that
 * are off) is not in it. */
#include "server/cli/status_facts.h"

#include "base/clock.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { PATIENCE_MS = 3000, LOG_LARGE = 64 << 20 };
#define WAITS_LONG_MS (10 * 60 * INT64_C(1000))

void status_format_span(int64_t ms, char text[32])
{
    static const struct {
        int64_t seconds, below;
        const char *word;
    } units[] = {
        {1, 100, "s"}, {60, 6000, "min"}, {3600, 48 * 3600, "h"}, {86400, INT64_MAX, "days"}};
    int64_t seconds = ms > 0 ? ms / 1000 : 0;
    size_t i = 0;
    while (seconds >= units[i].below)
        i++;
    snprintf(text, 32, "%lld %s", (long long)(seconds / units[i].seconds), units[i].word);
}

void status_format_bytes(int64_t bytes, char text[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double number = (double)bytes;
    size_t i = 0;
    for (; number >= 1024 && i < 5; i++)
        number /= 1024;
    snprintf(text, 32, i > 0 && number < 100 ? "%.1f %s" : "%.0f %s", number, units[i]);
}

/* ---- the journal ---- */

static struct status_route *find_route(struct status_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->route_count; i++)
        if (strcmp(facts->routes[i].name, name) == 0)
            return &facts->routes[i];
    return NULL;
}

static struct status_route *add_route(struct status_facts *facts, const char *name)
{
    if (facts->route_count == facts->route_capacity) {
        size_t capacity = facts->route_capacity ? facts->route_capacity * 2 : 64;
        struct status_route *more = realloc(facts->routes, capacity * sizeof *more);
        facts->no_memory |= !more;
        if (!more)
            return NULL;
        facts->routes = more;
        facts->route_capacity = capacity;
    }
    char *copy = strdup(name);
    facts->no_memory |= !copy;
    if (!copy)
        return NULL;
    struct status_route *route = &facts->routes[facts->route_count++];
    *route = (struct status_route){.name = copy};
    return route;
}

static void take_counts(void *context, const struct status_counts *counts)
{
    struct status_facts *facts = context;
    struct status_route *route = add_route(facts, counts->route);
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
    struct status_route *route = find_route(facts, text);
    if (!route)
        route = add_route(facts, text);
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
    if (journal_status_oldest(status, facts->now_ms, &found))
        take_delivery(&facts->oldest, &found, found.received_ms);
    if (journal_status_is_well(status) && journal_status_next_due(status, &found))
        take_delivery(&facts->next, &found, found.due_ms);
    if (journal_status_is_well(status) && journal_status_newest_dead(status, &found))
        take_delivery(&facts->newest_dead, &found, found.ended_ms);
    return journal_status_is_well(status);
}

static int64_t size_of(const char *path)
{
    struct stat what;
    return stat(path, &what) == 0 ? (int64_t)what.st_size : -1;
}

static void look_at_disk(struct status_facts *facts)
{
    char path[PATH_MAX];
    struct statvfs disk;
    facts->file_bytes = size_of(facts->journal);
    snprintf(path, sizeof path, "%s-wal", facts->journal);
    facts->log_bytes = size_of(path);
    snprintf(path, sizeof path, "%s", facts->journal);
    facts->free_bytes =
        statvfs(dirname(path), &disk) == 0 ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize : -1;
}

/* ---- the server ---- */

static bool take_line(void *context, struct json_object *line, struct bytes text)
{
    struct status_facts *facts = context;
    struct json_object *server = control_part(line, "server");
    struct json_object *runner = control_part(line, "runner");
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

/* ---- what needs attention ---- */

/* NULL: there are too many already. */
static struct attention *add_attention(struct status_facts *facts, const char *about)
{
    if (facts->attention_count == ATTENTIONS_MAX)
        return NULL;
    struct attention *item = &facts->attentions[facts->attention_count++];
    *item = (struct attention){.about = about};
    return item;
}

static void attend_server(struct status_facts *facts)
{
    struct attention *item;
    if (!facts->server && (item = add_attention(facts, "server")))
        snprintf(item->text, sizeof item->text, "%s", facts->no_server.text);
    if (facts->server && !facts->runner && !control_flag(facts->server, "stopping") &&
        (item = add_attention(facts, "runner")))
        snprintf(item->text, sizeof item->text, "the runner does not answer%s%s",
                 facts->no_runner.text[0] ? ": " : "", facts->no_runner.text);
}

static void attend_journal(struct status_facts *facts)
{
    struct json_object *journal = control_part(facts->runner, "journal");
    int64_t min_free = control_number(control_part(facts->server, "limits"), "min_free");
    char free_text[32], least[32];
    struct attention *item;
    if (control_flag(journal, "refuses") && (item = add_attention(facts, "journal")))
        snprintf(item->text, sizeof item->text,
                 "the journal refuses events, which are answered 503: %s",
                 control_text(journal, "reason"));
    status_format_bytes(facts->free_bytes, free_text);
    status_format_bytes(min_free, least);
    if (facts->free_bytes >= 0 && facts->free_bytes < min_free &&
        (item = add_attention(facts, "space")))
        snprintf(item->text, sizeof item->text,
                 "the disk of the journal has %s free, less than journal.min_free (%s): events are "
                 "answered 503",
                 free_text, least);
    status_format_bytes(facts->log_bytes, least);
    if (facts->log_bytes > LOG_LARGE && (item = add_attention(facts, "log")))
        snprintf(item->text, sizeof item->text,
                 "the log beside the journal has %s: somebody reads the journal for long", least);
}

static void attend_dead(struct status_facts *facts)
{
    const struct status_fact *last = &facts->newest_dead;
    char span[32];
    struct attention *item;
    if (facts->dead == 0 || !(item = add_attention(facts, "dead")))
        return;
    status_format_span(facts->now_ms - last->time_ms, span);
    snprintf(item->text, sizeof item->text, "%lld %s dead; the last, %s of %s, %s ago: %s",
             (long long)facts->dead, facts->dead == 1 ? "delivery is" : "deliveries are",
             last->name, last->id, span, last->reason);
    snprintf(item->command, sizeof item->command, "tenterhook events list --state dead");
}

static void attend_waiting(struct status_facts *facts)
{
    const struct status_fact *oldest = &facts->oldest;
    int64_t waited_ms = facts->now_ms - oldest->time_ms;
    char span[32];
    struct attention *item;
    if (!oldest->is_there || waited_ms < WAITS_LONG_MS || !(item = add_attention(facts, "waiting")))
        return;
    status_format_span(waited_ms, span);
    snprintf(item->text, sizeof item->text, "%s of %s has waited for %s to start", oldest->name,
             oldest->id, span);
    snprintf(item->command, sizeof item->command, "tenterhook events show %s", oldest->id);
}

static void attend_pauses(struct status_facts *facts)
{
    char span[32];
    for (size_t i = 0; i < facts->route_count; i++) {
        const struct status_route *route = &facts->routes[i];
        struct attention *item = route->paused_ms ? add_attention(facts, "paused") : NULL;
        if (!item)
            continue;
        status_format_span(facts->now_ms - route->paused_ms, span);
        snprintf(item->text, sizeof item->text, "route %s has been paused for %s%s%.300s",
                 route->name, span, route->paused_why ? ": " : "",
                 route->paused_why ? route->paused_why : "");
        snprintf(item->command, sizeof item->command, "tenterhook resume %s", route->name);
    }
}

static void attend_configuration(struct status_facts *facts)
{
    struct json_object *certificates = control_part(facts->server, "certificates");
    const char *uncontained = control_text(facts->server, "uncontained");
    const char *refused = control_text(facts->server, "reload_refused_because");
    struct attention *item;
    if (*refused && (item = add_attention(facts, "reload"))) {
        snprintf(item->text, sizeof item->text,
                 "the reload of %s was refused, and the file before runs: %.300s",
                 control_text(facts->server, "reload_refused"), refused);
        snprintf(item->command, sizeof item->command, "tenterhook check");
    }
    if (*uncontained && strcmp(uncontained, "server.cgroup is off") != 0 &&
        (item = add_attention(facts, "uncontained")))
        snprintf(item->text, sizeof item->text,
                 "commands have no cgroups, so what they leave may run on: %.300s", uncontained);
    for (size_t i = 0; certificates && i < value_item_count(certificates); i++)
        if ((item = add_attention(facts, "certificate")))
            snprintf(item->text, sizeof item->text, "%s",
                     value_c_string(value_item(certificates, i)));
}

bool status_facts_gather(struct status_facts *facts, const char *journal, struct error *err)
{
    *facts = (struct status_facts){.journal = journal, .now_ms = clock_unix_ms()};
    ask_server(facts);
    look_at_disk(facts);
    struct journal_status *status = journal_status_open(journal, err);
    bool read = status && (read_journal(facts, status) || journal_status_explain(status, err));
    journal_status_close(status);
    attend_server(facts);
    attend_journal(facts);
    attend_dead(facts);
    attend_waiting(facts);
    attend_pauses(facts);
    attend_configuration(facts);
    return read && (!facts->no_memory || error_set(err, "no memory"));
}

void status_facts_finish(struct status_facts *facts)
{
    for (size_t i = 0; i < facts->route_count; i++) {
        free(facts->routes[i].name);
        free(facts->routes[i].paused_why);
    }
    free(facts->routes);
    free(facts->server_text);
    free(facts->runner_text);
    if (facts->server)
        value_release(facts->server);
    if (facts->runner)
        value_release(facts->runner);
}

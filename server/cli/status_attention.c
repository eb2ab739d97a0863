/* A thing is in the list of what needs attention because of how it is now, never because of what
 * has been: so the list clears itself. What people have chosen (a cancelled delivery, cgroups that
 * are off) is not in it. */
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/cli/status_facts.h"
#include "server/service/service_file.h"

#include <stdio.h>
#include <string.h>

enum { LOG_LARGE = 64 << 20, OVER_PARTS = 5 /* a fifth above keep.size is usual */ };
#define WAITS_LONG_MS (10 * 60 * INT64_C(1000))

/* NULL: there are too many already. */
static struct attention *add_attention(struct status_facts *facts, const char *about)
{
    if (facts->attention_count == ATTENTIONS_MAX)
        return NULL;
    struct attention *item = &facts->attentions[facts->attention_count++];
    *item = (struct attention){.about = about};
    return item;
}

const char *status_server_command(void)
{
    return service_is_installed() ? "systemctl status tenterhook; journalctl -u tenterhook -e"
                                  : "tenterhook check";
}

static void attend_server(struct status_facts *facts)
{
    struct attention *item;
    if (!facts->server && (item = add_attention(facts, "server"))) {
        snprintf(item->text, sizeof item->text, "%s", facts->no_server.text);
        snprintf(item->command, sizeof item->command, "%s", status_server_command());
    }
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
        (item = add_attention(facts, "space"))) {
        snprintf(item->text, sizeof item->text,
                 "the disk of the journal has %s free, less than journal.min_free (%s): events are "
                 "answered 503; free space on it, then the server goes on by itself",
                 free_text, least);
        snprintf(item->command, sizeof item->command, "tenterhook prune --dry-run --older-than 1h");
    }
    status_format_bytes(facts->log_bytes, least);
    if (facts->log_bytes > LOG_LARGE && (item = add_attention(facts, "log")))
        snprintf(item->text, sizeof item->text,
                 "the log beside the journal has %s: somebody reads the journal for long", least);
}

static const char *ids_or_none(const struct losses_told *told)
{
    return told->ids[0] ? told->ids : "not known any more";
}

static void attend_losses(struct status_facts *facts)
{
    static const struct {
        const char *about, *one, *several;
    } words[LOSS_KINDS] = {
        [LOSS_MISSING] = {"missing", "event is missing from the journal",
                          "events are missing from the journal"},
        [LOSS_CHANGED] = {"changed", "event is not what was written",
                          "events are not what was written"},
    };
    const struct status_integrity *integrity = &facts->integrity;
    const int64_t counts[LOSS_KINDS] = {integrity->losses.missing, integrity->losses.changed};
    for (int kind = 0; integrity->is_compared && kind < LOSS_KINDS; kind++) {
        const struct losses_told *told = &integrity->told[kind];
        struct attention *item = counts[kind] > 0 ? add_attention(facts, words[kind].about) : NULL;
        if (item)
            snprintf(item->text, sizeof item->text, "%lld %s, numbers %lld to %lld; ids: %s",
                     (long long)counts[kind],
                     counts[kind] == 1 ? words[kind].one : words[kind].several,
                     (long long)told->first, (long long)told->last, ids_or_none(told));
    }
}

static void attend_size(struct status_facts *facts)
{
    int64_t keep = control_number(control_part(facts->server, "limits"), "keep_size");
    char bytes[32], limit[32];
    struct attention *item;
    if (keep == 0 || facts->file_bytes - keep <= keep / OVER_PARTS ||
        !(item = add_attention(facts, "size")))
        return;
    status_format_bytes(facts->file_bytes, bytes);
    status_format_bytes(keep, limit);
    snprintf(item->text, sizeof item->text,
             "the journal has %s, more than journal.keep.size (%s): what waits, or has failed, "
             "is not removed for it",
             bytes, limit);
}

static void attend_full(struct status_facts *facts, struct json_object *queue, const char *whose,
                        const char *name)
{
    char bytes[32];
    struct attention *item = control_flag(queue, "full") ? add_attention(facts, "queue") : NULL;
    if (!item)
        return;
    status_format_bytes(control_number(queue, "bytes"), bytes);
    snprintf(item->text, sizeof item->text,
             "%s%s is full with %lld deliveries, %s: its events are answered 503", whose, name,
             (long long)control_number(queue, "deliveries"), bytes);
    snprintf(item->command, sizeof item->command, "tenterhook events list --state pending%s%.100s",
             *name ? " --route " : "", name);
}

static void attend_queues(struct status_facts *facts)
{
    attend_full(facts, control_part(facts->runner, "queue"), "journal.queue", "");
    for (size_t i = 0; i < facts->route_count; i++)
        attend_full(facts, facts->routes[i].queue, "the queue of route ", facts->routes[i].name);
}

static void attend_orphans(struct status_facts *facts)
{
    for (size_t i = 0; i < facts->orphan_count; i++) {
        const struct status_orphan *orphan = &facts->orphans[i];
        struct attention *item = add_attention(facts, "orphaned");
        if (!item)
            return;
        snprintf(item->text, sizeof item->text,
                 "the file no longer has %s: %lld of its deliveries wait%s, %lld died of that",
                 orphan->name, (long long)orphan->pending,
                 facts->server ? "" : ", and the next start gives them up",
                 (long long)orphan->dead);
        snprintf(item->command, sizeof item->command, "tenterhook events list --route %.*s",
                 (int)strcspn(orphan->name, "/"), orphan->name);
    }
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
    if (facts->dead == 1)
        snprintf(item->command, sizeof item->command, "tenterhook events show %s", last->id);
    else
        snprintf(item->command, sizeof item->command, "tenterhook events list --state dead");
}

static void attend_not_started(struct status_facts *facts)
{
    const struct status_fact *last = &facts->newest_not_started;
    char span[32];
    struct attention *item = last->is_there ? add_attention(facts, "not_started") : NULL;
    if (!item)
        return;
    status_format_span(facts->now_ms - last->time_ms, span);
    snprintf(item->text, sizeof item->text,
             "%lld %s could not be started and %s tried again; the last, %s of %s, %s ago: %s",
             (long long)facts->not_started, facts->not_started == 1 ? "delivery" : "deliveries",
             facts->not_started == 1 ? "is" : "are", last->name, last->id, span, last->reason);
    snprintf(item->command, sizeof item->command, "tenterhook events show %s", last->id);
}

static void attend_untold(struct status_facts *facts)
{
    const struct status_fact *last = &facts->newest_untold;
    char span[32];
    struct attention *item = last->is_there ? add_attention(facts, "untold") : NULL;
    if (!item)
        return;
    status_format_span(facts->now_ms - last->time_ms, span);
    snprintf(item->text, sizeof item->text, "nobody has been told: %s of %s failed %s ago: %s",
             last->name, last->id, span, last->reason);
    snprintf(item->command, sizeof item->command, "tenterhook replay %s --action on_failure",
             last->id);
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
        snprintf(item->command, sizeof item->command, "tenterhook check%s",
                 service_is_installed() ? " --unit " SERVICE_USUAL : "");
    }
    if (*uncontained && strcmp(uncontained, "server.cgroup is off") != 0 &&
        (item = add_attention(facts, "uncontained")))
        snprintf(
            item->text, sizeof item->text,
            "commands have no cgroups, so what they leave may run on: %.300s; \"server: {cgroup: "
            "off}\" says that this is meant",
            uncontained);
    for (size_t i = 0; certificates && i < value_item_count(certificates); i++)
        if ((item = add_attention(facts, "certificate")))
            snprintf(item->text, sizeof item->text, "%s",
                     value_c_string(value_item(certificates, i)));
}

void status_attend(struct status_facts *facts)
{
    attend_server(facts);
    attend_journal(facts);
    attend_losses(facts);
    attend_size(facts);
    attend_queues(facts);
    attend_dead(facts);
    attend_not_started(facts);
    attend_untold(facts);
    attend_orphans(facts);
    attend_waiting(facts);
    attend_pauses(facts);
    attend_configuration(facts);
}

/* The lines of the server are members as they are; what the journal and the disk say stands beside
 * them. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "server/cli/control.h"
#include "server/cli/status_facts.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <string.h>

static bool put_text(struct buffer *out, const char *name, const char *text)
{
    return buffer_printf(out, ",\"%s\":", name) && json_append_string(out, bytes_of_text(text));
}

static bool put_delivery(struct buffer *out, const char *name, const struct status_fact *fact)
{
    char when[CLOCK_TEXT_SIZE];
    if (!fact->is_there)
        return true;
    clock_format_unix_ms(fact->time_ms, when);
    return buffer_printf(out, ",\"%s\":{\"time\":\"%s\"", name, when) &&
           put_text(out, "id", fact->id) && put_text(out, "name", fact->name) &&
           put_text(out, "reason", fact->reason) && buffer_append_text(out, "}");
}

static bool put_counts(struct buffer *out, const int64_t by_state[])
{
    bool put = true;
    for (int s = 0; put && s < STATUS_STATES; s++)
        put = buffer_printf(out, "%s\"%s\":%lld", s > 0 ? "," : "", status_state_names[s],
                            (long long)by_state[s]);
    return put;
}

/* As the server has said it: the member "limits" is the last of its line. */
static bool put_limits(struct buffer *out, const struct status_route *route)
{
    const char *from = route->limits_text ? strstr(route->limits_text, ",\"limits\":") : NULL;
    return !from || buffer_append(out, from, strlen(from) - 1);
}

static bool put_queue(struct buffer *out, struct json_object *queue)
{
    return !queue ||
           buffer_printf(out, ",\"queue\":{\"deliveries\":%lld,\"bytes\":%lld,\"full\":%s}",
                         (long long)control_number(queue, "deliveries"),
                         (long long)control_number(queue, "bytes"),
                         control_flag(queue, "full") ? "true" : "false");
}

static bool put_routes(struct buffer *out, const struct status_facts *facts)
{
    bool put = buffer_append_text(out, ",\"routes\":[");
    for (size_t i = 0; put && i < facts->route_count; i++) {
        const struct status_route *route = &facts->routes[i];
        put = buffer_append_text(out, i > 0 ? ",{\"name\":" : "{\"name\":") &&
              json_append_string(out, bytes_of_text(route->name)) && buffer_append_text(out, ",") &&
              put_counts(out, route->by_state) &&
              buffer_printf(out, ",\"paused\":%s", route->paused_ms ? "true" : "false") &&
              (!route->paused_why || put_text(out, "paused_because", route->paused_why)) &&
              put_queue(out, route->queue) && put_limits(out, route) &&
              buffer_append_text(out, "}");
    }
    return put && buffer_append_text(out, "]");
}

static bool put_loss(struct buffer *out, const char *name, int64_t count,
                     const struct losses_told *told)
{
    bool put = buffer_printf(out, ",\"%s\":{\"events\":%lld,\"first\":%lld,\"last\":%lld,\"ids\":[",
                             name, (long long)count, (long long)told->first, (long long)told->last);
    struct bytes ids = bytes_of_text(told->ids);
    for (bool some = false; put && ids.length > 0; some = true)
        put = buffer_append_text(out, some ? "," : "") &&
              json_append_string(out, bytes_split(&ids, ' '));
    return put && buffer_append_text(out, "]}");
}

static bool put_integrity(struct buffer *out, const struct status_integrity *integrity)
{
    static const char *const marks[] = {[MARK_FOUND] = "found",
                                        [MARK_MISSING] = "missing",
                                        [MARK_FOREIGN] = "foreign",
                                        [MARK_DAMAGED] = "damaged"};
    const struct journal_losses *losses = &integrity->losses;
    if (!integrity->is_compared)
        return buffer_append_text(out, ",\"integrity\":{\"compared\":0") &&
               put_text(out, "failure", integrity->why_not.text) && buffer_append_text(out, "}");
    return buffer_printf(out, ",\"integrity\":{\"compared\":%zu,\"mark\":\"%s\",\"whole\":%s",
                         losses->compared, marks[losses->mark],
                         losses->is_whole ? "true" : "false") &&
           put_loss(out, "missing", losses->missing, &integrity->told[LOSS_MISSING]) &&
           put_loss(out, "changed", losses->changed, &integrity->told[LOSS_CHANGED]) &&
           buffer_append_text(out, "}");
}

static bool put_orphans(struct buffer *out, const struct status_facts *facts)
{
    bool put = buffer_append_text(out, ",\"orphaned\":[");
    for (size_t i = 0; put && i < facts->orphan_count; i++) {
        const struct status_orphan *orphan = &facts->orphans[i];
        put = buffer_append_text(out, i > 0 ? ",{\"action\":" : "{\"action\":") &&
              json_append_string(out, bytes_of_text(orphan->name)) &&
              buffer_printf(out, ",\"pending\":%lld,\"dead\":%lld}", (long long)orphan->pending,
                            (long long)orphan->dead);
    }
    return put && buffer_append_text(out, "]");
}

static bool put_attentions(struct buffer *out, const struct status_facts *facts)
{
    bool put = buffer_append_text(out, ",\"attention\":[");
    for (size_t i = 0; put && i < facts->attention_count; i++) {
        const struct attention *item = &facts->attentions[i];
        put = buffer_printf(out, "%s{\"about\":\"%s\"", i > 0 ? "," : "", item->about) &&
              put_text(out, "text", item->text) && put_text(out, "command", item->command) &&
              buffer_append_text(out, "}");
    }
    return put && buffer_append_text(out, "]");
}

/* The inside of {"server":{…}}, as the server has sent it. */
static bool put_line(struct buffer *out, const char *line)
{
    return !line || strlen(line) < 2 ||
           (buffer_append_text(out, ",") && buffer_append(out, line + 1, strlen(line) - 2));
}

static bool put_journal(struct buffer *out, const struct status_facts *facts)
{
    return buffer_append_text(out, "{\"journal\":{\"path\":") &&
           json_append_string(out, bytes_of_text(facts->journal)) &&
           buffer_printf(out, ",\"bytes\":%lld,\"log_bytes\":%lld,\"free_bytes\":%lld",
                         (long long)facts->file_bytes, (long long)facts->log_bytes,
                         (long long)facts->free_bytes) &&
           (!facts->log_is_known || buffer_printf(out, ",\"log_pages\":%u,\"log_copied\":%u",
                                                  facts->log_pages, facts->log_copied)) &&
           put_delivery(out, "oldest_pending", &facts->oldest) &&
           put_delivery(out, "next_due", &facts->next) &&
           put_delivery(out, "newest_dead", &facts->newest_dead) &&
           put_integrity(out, &facts->integrity) && buffer_append_text(out, "}");
}

void status_print_json(const struct status_facts *facts)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    bool put = put_journal(&out, facts) && put_line(&out, facts->server_text) &&
               put_line(&out, facts->runner_text) && buffer_append_text(&out, ",\"states\":{") &&
               put_counts(&out, facts->total) && buffer_append_text(&out, "}") &&
               put_routes(&out, facts) && put_orphans(&out, facts) && put_attentions(&out, facts) &&
               buffer_append_text(&out, "}\n");
    if (put)
        print_json(stdout, buffer_bytes(&out));
    else
        print_failure("no memory");
    buffer_finish(&out);
}

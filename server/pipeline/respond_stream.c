/* The trailer is for programs and is always there. The last line is for people and for programs
 * that cannot read trailers, as most shells cannot: it says the same. That the answer is late is
 * said in any case, because an output that ends too early looks like all of it. */
#include "server/pipeline/respond_stream.h"

/* Of the ends before OUTPUT_LATE. */
static const struct {
    const char *trailer, *line;
} ends[] = {
    [OUTPUT_EXITED] = {NULL, NULL}, /* with a number */
    [OUTPUT_SIGNALLED] = {"signal", "no exit status: killed by a signal"},
    [OUTPUT_TIMED_OUT] = {"timeout", "no exit status: ran longer than its timeout"},
    [OUTPUT_NOT_STARTED] = {"not-started", "no exit status: could not be started"},
    [OUTPUT_CANCELLED] = {"cancelled", "no exit status: cancelled"},
};

_Static_assert(sizeof ends / sizeof *ends == OUTPUT_LATE, "each end of a command has its words");

const char *respond_trailer(struct arena *arena, const struct respond_end *end)
{
    if (end->end >= OUTPUT_LATE)
        return "late";
    return end->end == OUTPUT_EXITED ? arena_format(arena, "%d", end->exit_status)
                                     : ends[end->end].trailer;
}

static const char *late_line(const struct route *route, const struct respond_made *made,
                             struct arena *arena, const char *id, const struct respond_end *end)
{
    const struct respond_settings *respond = respond_settings_of(route);
    struct verdict verdict = {.reply = REPLY_ACCEPTED};
    if (!respond->late.body.is_set)
        return arena_format(arena, "late: %s; the event is %s", end->reason, id);
    answer_template_apply(&respond->late, &made->late, id, &verdict);
    return arena_copy_bytes(arena, verdict.body);
}

struct bytes respond_last_lines(const struct route *route, const struct respond_made *made,
                                struct arena *arena, const char *id, const struct respond_end *end,
                                bool is_inside_line)
{
    const char *line = NULL;
    if (end->end >= OUTPUT_LATE)
        line = late_line(route, made, arena, id, end);
    else if (respond_settings_of(route)->exit_line)
        line = end->end == OUTPUT_EXITED ? arena_format(arena, "exit status %d", end->exit_status)
                                         : ends[end->end].line;
    if (!line || !*line)
        return bytes_of(NULL, 0);
    bool is_whole = line[strlen(line) - 1] == '\n';
    const char *text =
        arena_format(arena, "%s%s%s", is_inside_line ? "\n" : "", line, is_whole ? "" : "\n");
    return text ? bytes_of_text(text) : bytes_of(NULL, 0);
}

struct bytes respond_heartbeat(const struct route *route)
{
    static const char events[] = "text/event-stream";
    bool is_events =
        strncasecmp(respond_settings_of(route)->answer.type, events, sizeof events - 1) == 0;
    return bytes_of_text(is_events ? ":\n" : "\n");
}

/* The reason is the title of the event, too, so lists show it, and who tells of failures has it
 * where a failure has its own. The body is for whoever is told. */
#include "server/journal/notice_event.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"

#include <stdio.h>

static const char *const types[] = {[NOTICE_SILENT] = "tenterhook.silent",
                                    [NOTICE_REFUSED] = "tenterhook.refused",
                                    [NOTICE_PAUSED] = "tenterhook.paused"};

const char *notice_type(enum notice_kind kind)
{
    return types[kind];
}

static bool write_body(struct notice_event *made, const char *type, const char *route,
                       int64_t since_ms)
{
    struct buffer text;
    char since[CLOCK_TEXT_SIZE];
    buffer_init(&text, sizeof made->body - 1);
    clock_format_unix_ms(since_ms, since);
    bool good = buffer_append_text(&text, "{\"notice\":") &&
                json_append_string(&text, bytes_of_text(type)) &&
                buffer_append_text(&text, ",\"route\":") &&
                json_append_string(&text, bytes_of_text(route)) &&
                buffer_append_text(&text, ",\"reason\":") &&
                json_append_string(&text, bytes_of_text(made->reason)) &&
                buffer_printf(&text, ",\"since\":\"%s\"}", since);
    if (good)
        snprintf(made->body, sizeof made->body, "%.*s", (int)text.length, (const char *)text.data);
    buffer_finish(&text);
    return good;
}

void notice_event_moved(struct notice_event *moved)
{
    moved->event.title = bytes_of_text(moved->reason);
    moved->event.body = bytes_of_text(moved->body);
}

bool notice_event_make(struct notice_event *made, enum notice_kind kind, const char *route,
                       int64_t since_ms, const char *reason)
{
    snprintf(made->reason, sizeof made->reason, "%s", reason);
    if (!write_body(made, types[kind], route, since_ms))
        return false;
    made->event = (struct event){.route = bytes_of_text(route),
                                 .received_ms = clock_unix_ms(),
                                 .client = bytes_of_text(NOTICE_CLIENT),
                                 .type = bytes_of_text(types[kind]),
                                 .content_type = bytes_of_text("application/json"),
                                 .body_is_json = true,
                                 .headers = bytes_of_text("{}")};
    notice_event_moved(made);
    return true;
}

/* A run is one block of memory: the texts and the body that the action borrows stand behind the
 * struct. NUL bytes in texts that came from a sender are replaced, so that nobody who reads the
 * text as a C string sees another one than was checked. */
#include "server/runner/attempt.h"

#include "server/ipc/log_events.h"

#include <stdlib.h>

/* Of each stream: the most that `output:` may ask for. */
enum { OUTPUT_KEPT = 16 << 20 };

static const char *put_text(uint8_t **place, struct bytes text)
{
    uint8_t *start = *place;
    if (text.length)
        memcpy(start, text.data, text.length);
    for (size_t i = 0; i < text.length; i++)
        if (start[i] == '\0')
            start[i] = '?';
    start[text.length] = '\0';
    *place = start + text.length + 1;
    return (const char *)start;
}

static struct bytes put_bytes(uint8_t **place, struct bytes bytes)
{
    uint8_t *start = *place;
    if (bytes.length)
        memcpy(start, bytes.data, bytes.length);
    *place = start + bytes.length;
    return bytes_of(start, bytes.length);
}

struct run *run_create(void *owner, struct lane *lane, int64_t delivery,
                       const struct journal_delivery *found)
{
    const struct bytes *texts[] = {&found->id, &found->type, &found->delivery_id, &found->client,
                                   &found->content_type};
    size_t size = found->headers.length + found->body.length;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        size += texts[i]->length + 1;
    struct run *run = malloc(sizeof *run + size);
    if (!run)
        return NULL;
    uint8_t *place = (uint8_t *)(run + 1);
    *run = (struct run){.owner = owner, .lane = lane, .delivery = delivery};
    run->body_bytes = found->body.length;
    run->given = (struct delivery){.event_id = put_text(&place, found->id),
                                   .route = lane->route->name,
                                   .action = lane->action->name,
                                   .received_ms = found->received_ms,
                                   .attempt = found->attempt,
                                   .body_is_json = found->body_is_json};
    run->given.event_type = put_text(&place, found->type);
    run->given.delivery_id = put_text(&place, found->delivery_id);
    run->given.client = put_text(&place, found->client);
    run->given.content_type = put_text(&place, found->content_type);
    run->given.headers = put_bytes(&place, found->headers);
    run->given.body = put_bytes(&place, found->body);
    return run;
}

void run_destroy(struct run *run)
{
    free(run->kept);
    free(run);
}

static struct bytes tail_of(struct bytes output)
{
    return bytes_from(output, output.length > OUTPUT_KEPT ? output.length - OUTPUT_KEPT : 0);
}

void run_keep_outcome(struct run *run, const struct outcome *outcome, int64_t ended_ms)
{
    struct bytes reason = bytes_of_text(outcome->reason);
    struct bytes output = tail_of(outcome->output), errors = tail_of(outcome->error_output);
    run->ended_ms = ended_ms;
    run->outcome = *outcome;
    run->outcome.reason = "no memory to keep the reason";
    run->outcome.output = run->outcome.error_output = bytes_of(NULL, 0);
    run->kept = malloc(reason.length + 1 + output.length + errors.length);
    if (!run->kept)
        return;
    uint8_t *place = run->kept;
    run->outcome.reason = put_text(&place, reason);
    run->outcome.output = put_bytes(&place, output);
    run->outcome.error_output = put_bytes(&place, errors);
}

void run_log_outcome(const struct run *run)
{
    static const enum log_event events[] = {[OUTCOME_DONE] = LOG_DONE,
                                            [OUTCOME_FAILED] = LOG_FAILED,
                                            [OUTCOME_TIMEOUT] = LOG_FAILED,
                                            [OUTCOME_INTERRUPTED] = LOG_INTERRUPTED};
    const struct outcome *outcome = &run->outcome;
    struct log_field fields[9] = {
        log_text("id", run->given.event_id),       log_text("route", run->given.route),
        log_text("action", run->given.action),     log_text("peer", run->given.client),
        log_number("attempt", run->given.attempt), log_number("ms", outcome->duration_ms)};
    size_t count = 6;
    if (outcome->signal)
        fields[count++] = log_number("signal", outcome->signal);
    else if (outcome->exit_status >= 0)
        fields[count++] = log_number("exit", outcome->exit_status);
    if (outcome->kind != OUTCOME_DONE)
        fields[count++] = log_text("reason", outcome->reason);
    const struct log_event_row *event = &log_events[events[outcome->kind]];
    log_write_fields(event, event->level, fields);
}

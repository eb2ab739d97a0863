/* An attempt is one block of memory: the texts and the body that the action borrows stand behind
 * the struct. NUL bytes in texts that came from a sender are replaced, so that nobody who reads the
 * text as a C string sees another one than was checked. */
#include "server/runner/attempt.h"

#include "base/log.h"

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

struct attempt *attempt_create(void *owner, struct action_queue *action, int64_t handle,
                               const struct journal_delivery *found)
{
    const struct bytes *texts[] = {&found->id, &found->type, &found->delivery_id, &found->client,
                                   &found->content_type};
    size_t size = found->headers.length + found->body.length;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        size += texts[i]->length + 1;
    struct attempt *attempt = malloc(sizeof *attempt + size);
    if (!attempt)
        return NULL;
    uint8_t *place = (uint8_t *)(attempt + 1);
    *attempt = (struct attempt){.owner = owner, .action = action};
    attempt->finish = (struct journal_finish){.handle = handle, .attempt = found->attempt};
    attempt->body_bytes = found->body.length;
    attempt->given = (struct delivery){.event_id = put_text(&place, found->id),
                                       .route = action->route->name,
                                       .action = action->action->name,
                                       .received_ms = found->received_ms,
                                       .attempt = found->attempt,
                                       .body_is_json = found->body_is_json};
    attempt->given.event_type = put_text(&place, found->type);
    attempt->given.delivery_id = put_text(&place, found->delivery_id);
    attempt->given.client = put_text(&place, found->client);
    attempt->given.content_type = put_text(&place, found->content_type);
    attempt->given.headers = put_bytes(&place, found->headers);
    attempt->given.body = put_bytes(&place, found->body);
    return attempt;
}

void attempt_destroy(struct attempt *attempt)
{
    free(attempt->kept);
    free(attempt);
}

static struct bytes tail_of(struct bytes output)
{
    return bytes_from(output, output.length > OUTPUT_KEPT ? output.length - OUTPUT_KEPT : 0);
}

void attempt_keep_outcome(struct attempt *attempt, const struct outcome *outcome, int64_t ended_ms)
{
    struct bytes reason = bytes_of_text(outcome->reason);
    struct bytes output = tail_of(outcome->output), errors = tail_of(outcome->error_output);
    attempt->finish.ended_ms = ended_ms;
    attempt->outcome = *outcome;
    attempt->outcome.reason = "no memory to keep the reason";
    attempt->outcome.output = attempt->outcome.error_output = bytes_of(NULL, 0);
    attempt->kept = malloc(reason.length + 1 + output.length + errors.length);
    if (!attempt->kept)
        return;
    uint8_t *place = attempt->kept;
    attempt->outcome.reason = put_text(&place, reason);
    attempt->outcome.output = put_bytes(&place, output);
    attempt->outcome.error_output = put_bytes(&place, errors);
}

void attempt_log_outcome(const struct attempt *attempt)
{
    static const struct {
        enum log_level level;
        const char *event;
    } rows[] = {[OUTCOME_DONE] = {LOG_INFO, "done"},
                [OUTCOME_FAILED] = {LOG_WARNING, "failed"},
                [OUTCOME_TIMEOUT] = {LOG_WARNING, "failed"},
                [OUTCOME_INTERRUPTED] = {LOG_INFO, "interrupted"}};
    const struct outcome *outcome = &attempt->outcome;
    struct log_field fields[9] = {
        log_text("id", attempt->given.event_id),       log_text("route", attempt->given.route),
        log_text("action", attempt->given.action),     log_text("peer", attempt->given.client),
        log_number("attempt", attempt->given.attempt), log_number("ms", outcome->duration_ms)};
    size_t count = 6;
    if (outcome->signal)
        fields[count++] = log_number("signal", outcome->signal);
    else if (outcome->exit_status >= 0)
        fields[count++] = log_number("exit", outcome->exit_status);
    if (outcome->kind != OUTCOME_DONE)
        fields[count++] = log_text("reason", outcome->reason);
    log_write_fields(rows[outcome->kind].level, rows[outcome->kind].event, fields);
}

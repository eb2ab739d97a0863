/* The events of the log: one row for each, so that a line's name, level, fields and meaning have
 * one home. `tenterhook reference` prints the rows; the lint compares each log_write with its row,
 * and the end-to-end tests compare each line that a server writes. */
#ifndef TENTERHOOK_SERVER_IPC_LOG_EVENTS_H
#define TENTERHOOK_SERVER_IPC_LOG_EVENTS_H

#include "base/log.h"

enum log_event {
    LOG_REFUSED,
    LOG_ACCEPTED,
    LOG_AGAIN,
    LOG_DUPLICATE,
    LOG_IGNORED,
    LOG_HANDSHAKE,
    LOG_QUARANTINED,
    LOG_TRACKED,
    LOG_HANDSHAKE_FAILED,
    LOG_PROXY_REFUSED,
    LOG_CONNECTIONS_FULL,
    LOG_DESCRIPTORS_SHORT,
    LOG_ACCEPT_FAILED,
    LOG_HTTP_LIBRARY,
    LOG_CHANNEL_MADE,
    LOG_CHANNEL_LOST,
    LOG_CHANNEL_BROKEN,
    LOG_CHANNEL_FAILED,
    LOG_LISTENING,
    LOG_SOCKET_FAILED,
    LOG_CONTROL_FAILED,
    LOG_SERVING,
    LOG_CONFIGURATION,
    LOG_RELOAD_FAILED,
    LOG_GENERATION_LEFT,
    LOG_CONTAINED,
    LOG_UNCONTAINED,
    LOG_STARTED,
    LOG_START_FAILED,
    LOG_LEFT,
    LOG_DIED,
    LOG_HUNG,
    LOG_KILLED,
    LOG_UNREACHABLE,
    LOG_DRAINING,
    LOG_WAITING,
    LOG_STOPPING,
    LOG_STOPPED,
    LOG_DONE,
    LOG_FAILED,
    LOG_RETRIES,
    LOG_LATER,
    LOG_INTERRUPTED,
    LOG_SUPERSEDED,
    LOG_GAVE_WAY,
    LOG_CANCELLED,
    LOG_TAKEN_OVER,
    LOG_PROCESSES_LEFT,
    LOG_CLAIMS_PAUSED,
    LOG_ROUTE_PAUSED,
    LOG_ROUTE_RESUMED,
    LOG_BACKLOG_FULL,
    LOG_BACKLOG_ROOM,
    LOG_PIPE_MISSING,
    LOG_PIPE_UNWATCHED,
    LOG_WORKER_STARTED,
    LOG_WORKER_FAILED,
    LOG_WORKER_ENDED,
    LOG_WORKER_SAID,
    LOG_WORKER_WRONG,
    LOG_KEY_FAILED,
    LOG_RUNNER_FAILED,
    LOG_JOURNAL_MADE,
    LOG_JOURNAL_ACCEPTS,
    LOG_JOURNAL_REFUSES,
    LOG_JOURNAL_RESCUED,
    LOG_JOURNAL_LOST,
    LOG_JOURNAL_DAMAGED,
    LOG_JOURNAL_MISSING,
    LOG_JOURNAL_CHANGED,
    LOG_JOURNAL_UNCOMPARED,
    LOG_MARK_BEGUN,
    LOG_MARK_FAILED,
    LOG_CHECKPOINT_FAILED,
    LOG_KEEPER_FAILED,
    LOG_SPACE_LOW,
    LOG_SPACE_ENOUGH,
    LOG_NOTICE,
    LOG_PRUNED,
    LOG_BODIES_DROPPED,
    LOG_KEYS_DROPPED,
    LOG_OUTCOMES_LOST,
    LOG_EVENT_COUNT
};

extern const struct log_event_row log_events[LOG_EVENT_COUNT];

/* log_write(LOG_STARTED, log_text("role", role), log_number("pid", pid)); at the level of the row.
 */
#define log_write(event, ...) log_write_at(event, log_events[event].level, __VA_ARGS__)

/* At another level that the row names. */
#define log_write_at(event, at, ...)                                                               \
    log_write_fields(&log_events[event], at,                                                       \
                     (const struct log_field[]){__VA_ARGS__, {.name = NULL}})

/* The row of that name, or NULL. */
const struct log_event_row *log_event_find(const char *name);

#endif

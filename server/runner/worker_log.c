/* A line of a worker's own is shown, but not much of one that is no answer: it may be a copy of an
 * event. */
#include "server/runner/worker_log.h"

#include "server/ipc/log_events.h"

enum { WRONG_SHOWN = 80 };

static void log_started(const struct worker_news *news)
{
    log_write(LOG_WORKER_STARTED, log_text("route", news->route), log_text("action", news->action),
              log_number("pid", news->pid));
}

static void log_not_started(const struct worker_news *news)
{
    log_write(LOG_WORKER_FAILED, log_text("route", news->route), log_text("action", news->action),
              log_text("reason", news->reason), log_number("ms", news->wait_ms));
}

static void log_ended(const struct worker_news *news)
{
    if (news->wait_ms < 0)
        log_write(LOG_WORKER_ENDED, log_text("route", news->route),
                  log_text("action", news->action), log_number("pid", news->pid),
                  log_text("reason", news->reason));
    else
        log_write_at(LOG_WORKER_ENDED, LOG_WARNING, log_text("route", news->route),
                     log_text("action", news->action), log_number("pid", news->pid),
                     log_text("reason", news->reason), log_number("ms", news->wait_ms));
}

static void log_leaves(const struct worker_news *news)
{
    log_write(LOG_PROCESSES_LEFT, log_text("route", news->route), log_text("action", news->action),
              log_text("reason", "they were killed, and do not end"));
}

static void log_said(const struct worker_news *news)
{
    log_write(LOG_WORKER_SAID, log_text("route", news->route), log_text("action", news->action),
              log_bytes("text", news->text), log_number("held_back", (int64_t)news->held_back));
}

static void log_wrong(const struct worker_news *news)
{
    size_t shown = news->text.length < WRONG_SHOWN ? news->text.length : WRONG_SHOWN;
    log_write(LOG_WORKER_WRONG, log_text("route", news->route), log_text("action", news->action),
              log_text("reason", news->reason), log_bytes("text", bytes_of(news->text.data, shown)),
              log_number("held_back", (int64_t)news->held_back));
}

void worker_log_news(const struct worker_news *news)
{
    static void (*const log[])(const struct worker_news *) = {
        [WORKER_STARTED] = log_started, [WORKER_NOT_STARTED] = log_not_started,
        [WORKER_ENDED] = log_ended,     [WORKER_LEAVES] = log_leaves,
        [WORKER_SAID] = log_said,       [WORKER_WRONG] = log_wrong,
    };
    log[news->kind](news);
}

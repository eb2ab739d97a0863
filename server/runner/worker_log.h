/* The news of workers as lines of the log. */
#ifndef TENTERHOOK_SERVER_RUNNER_WORKER_LOG_H
#define TENTERHOOK_SERVER_RUNNER_WORKER_LOG_H

#include "handlers/action/worker_news.h"

/* For workers_tell. */
void worker_log_news(const struct worker_news *news);

#endif

/* Writes one line for each event worth knowing, as text or JSON, to standard error. Only server/
 * logs. A reader that stops reading never stops the server: a line that does not fit at once is
 * counted and dropped, and the count is written with the next line that fits. */
#ifndef TENTERHOOK_BASE_LOG_H
#define TENTERHOOK_BASE_LOG_H

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name; /* NULL ends the list */
    struct bytes text;
    int64_t number;
    bool is_number;
};

/* Fields for log_write. Text may hold any bytes: control bytes, quotes and what is not UTF-8 are
 * escaped, and a field is cut after 512 bytes. Never pass a secret, a body or a signature. */
struct log_field log_bytes(const char *name, struct bytes text);
struct log_field log_text(const char *name, const char *text);
struct log_field log_number(const char *name, int64_t number);

/* Opens standard error anew, without blocking, for this process. `process` ("listener", …) stands
 * in each line. Call once in each process, after fork. */
void log_start(const char *process);
void log_configure(enum log_level level, enum log_format format);

/* `event` is a row of the log events ("accepted", "refused", "listening"): a fixed word. */
void log_write_fields(enum log_level level, const char *event, const struct log_field *fields);

/* log_write(LOG_INFO, "accepted", log_text("id", id), log_number("bytes", n)); */
#define log_write(level, event, ...)                                                               \
    log_write_fields(level, event, (const struct log_field[]){__VA_ARGS__, {.name = NULL}})

/* Lines lost since start in this process. */
uint64_t log_lost(void);

#endif

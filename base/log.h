/* One line for each thing worth knowing, as text or JSON, to standard error. Only server/ logs;
 * its events, and log_write, are in server/ipc/log_events.h.
 * A reader that stops reading never stops the server: a line that does not fit at once is counted
 * and dropped, and the count is written with the next line that does fit. To journald a line of
 * text has a priority in the place of its time. */
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

/* What a kind of line is: its name ("accepted"), a fixed word; its level, and the worst one where
 * that differs from line to line; its fields in their order, "id route/path [reason]": one in
 * brackets may be missing, of several with strokes there is one; and a sentence that says what has
 * happened. */
struct log_event_row {
    const char *name;
    enum log_level level, worst;
    const char *fields;
    const char *sentence;
    const char *remedy; /* what the people who run the server do then; NULL: nothing */
};

/* Opens standard error anew, without blocking, for this process. `process` ("listener", …) stands
 * in each line. Call once in each process, after fork. */
void log_start(const char *process);
void log_configure(enum log_level level, enum log_format format);

/* What stands in front of a line that is written to standard error otherwise, such as a problem of
 * the route file: its priority where the journal of systemd reads it, else "". */
const char *log_priority(enum log_level level);
/* Whether systemd has connected the descriptor to its journal. */
bool log_is_journald(int fd);

/* The fields are those of the row, and the level lies between its two. */
void log_write_fields(const struct log_event_row *event, enum log_level level,
                      const struct log_field *fields);

/* Lines lost since start in this process. */
uint64_t log_lost(void);

/* The last line of level LOG_ERROR of this process, without its line end, cut if it was long; ""
 * if there was none. */
const char *log_last_error(void);

#endif

/* Asks the running server through its control socket. */
#ifndef TENTERHOOK_SERVER_CLI_CONTROL_H
#define TENTERHOOK_SERVER_CLI_CONTROL_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct json_object;

struct control_request {
    const char *journal; /* its path; NULL: of whichever server is at the usual place */
    const char *verb;
    const char *id;  /* NULL: none */
    uint64_t runner; /* 0: the current one */
    int patience_ms; /* without a line; -1: without end */
    /* Each line but the last, and its text; false ends the conversation. */
    bool (*line)(void *context, struct json_object *line, struct bytes text);
    void *context;
    bool (*interrupted)(void); /* asked when a signal has come; may be NULL */
};

enum control_end {
    CONTROL_DONE,
    CONTROL_FAILED,    /* the server says why not: `err` */
    CONTROL_LOST,      /* no last line has come: the server, or its runner, has gone: `err` */
    CONTROL_LATE,      /* none has come in time: `err` */
    CONTROL_LEFT,      /* `line` or `interrupted` has ended it */
    CONTROL_NO_SERVER, /* none runs with that journal: `err` */
    CONTROL_BARRED,    /* one may run, but it cannot be asked: `err` */
};

/* `*last` (may be NULL) gets the last line, which the caller releases (value_release), or NULL. */
enum control_end control_ask(const struct control_request *request, struct json_object **last,
                             struct error *err);

/* Whether the server at the usual place was started with that file, which need not be there. */
bool control_usual_server_has(const char *file);

/* Members of a line: 0, false or "" where there is no such number, flag or text. */
int64_t control_number(struct json_object *line, const char *name);
bool control_flag(struct json_object *line, const char *name);
const char *control_text(struct json_object *line, const char *name);
/* A member that is an object or an array; NULL. */
struct json_object *control_part(struct json_object *line, const char *name);

#endif

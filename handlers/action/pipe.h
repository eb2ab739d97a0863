/* The settings of `pipe:`. In the snapshot. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PIPE_H
#define TENTERHOOK_HANDLERS_ACTION_PIPE_H

#include "handlers/action/action.h"
#include "handlers/value/template.h"

enum pipe_format { PIPE_JSON_LINES, PIPE_BODY, PIPE_LENGTH, PIPE_LINE, PIPE_FORMATS };

struct pipe_settings {
    const char *path;     /* absolute */
    int format;           /* enum pipe_format */
    struct template line; /* PIPE_LINE */
    int64_t create;       /* mode for a missing FIFO; 0: not made */
};

#endif

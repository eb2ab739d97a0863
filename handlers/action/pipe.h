/* The settings of `pipe:`. In the snapshot. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PIPE_H
#define TENTERHOOK_HANDLERS_ACTION_PIPE_H

#include "handlers/action/action.h"

enum pipe_format { PIPE_JSON_LINES, PIPE_BODY, PIPE_LENGTH, PIPE_FORMATS };

struct pipe_settings {
    const char *path; /* absolute */
    int format;       /* enum pipe_format */
    int64_t create;   /* mode for a missing FIFO; 0: not made */
};

#endif

/* Lets go of what is over and old enough, between the turns of the runner. */
#ifndef TENTERHOOK_SERVER_RUNNER_RETENTION_H
#define TENTERHOOK_SERVER_RUNNER_RETENTION_H

#include "config/settings.h"
#include "server/runner/horizon.h"
#include "server/runner/journal_health.h"
#include "server/runner/walks.h"

struct retention {
    const struct journal_settings *settings;
    struct journal_health *health;
    int64_t window_ms; /* the longest dedupe window */
    struct journal_turn turn;
    struct journal_upkeep upkeep;
    bool under_way, stopped;
    int64_t submitted_ns;
    struct walks walks;
    int64_t round_ns;            /* when the round has begun */
    bool shrinks;                /* the next step gives free space back */
    int64_t ages_due_ns;         /* the next round that looks at ages, */
    int64_t sweep_due_ns;        /* and the next that looks at all events */
    int64_t grown;               /* bytes that came since the size was looked at */
    size_t events, bodies, keys; /* that the log has not heard of */
    int64_t logged_ns;
    struct horizon horizon;
    int64_t stored_ms; /* of the horizon, in the journal; -1: not read yet */
    struct loop_timer timer;
};

/* Does nothing until retention_start. */
void retention_init(struct retention *retention, const struct settings *settings,
                    struct journal_health *health);
/* The first round is about to begin, others follow. */
void retention_start(struct retention *retention);
/* A step that is under way is completed all the same. */
void retention_stop(struct retention *retention);
/* So many bytes were written: the size is looked at soon where that may make it too large. */
void retention_note_growth(struct retention *retention, int64_t bytes);
/* No turn is under way. */
void retention_finish(struct retention *retention);

#endif

/* Lets go of what is over and old enough, between the turns of the runner. */
#ifndef TENTERHOOK_SERVER_RUNNER_RETENTION_H
#define TENTERHOOK_SERVER_RUNNER_RETENTION_H

#include "config/settings.h"
#include "server/runner/horizon.h"
#include "server/runner/journal_health.h"

struct retention {
    const struct journal_settings *settings;
    struct journal_health *health;
    int64_t window_ms; /* the longest dedupe window */
    struct journal_turn turn;
    struct journal_upkeep upkeep;
    bool under_way, stopped;
    size_t events, bodies; /* in this round */
    bool drops_bodies;     /* this round takes bodies of dead events too */
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
/* No turn is under way. */
void retention_finish(struct retention *retention);

#endif

/* Notices that events of a route fail to come: none has for as long as `expect` says, or all that
 * carried its kind of credentials were refused. Each is told once, until an event comes again. And
 * the notice that deaths in a row have paused a route. */
#ifndef TENTERHOOK_SERVER_RUNNER_WATCH_H
#define TENTERHOOK_SERVER_RUNNER_WATCH_H

#include "server/runner/intake.h"
#include "server/runner/queue.h"

struct shared;

enum { WATCH_NOTICES = 16, WATCH_HEARS = INTAKE_BATCH };

/* A notice that is still to be written. */
struct watch_post {
    struct watched *watched;
    enum notice_kind kind;
    int64_t heard_ms;
    struct notice_event told;
};

struct watch {
    struct watched *items; /* the routes about which somebody wants to hear, by name */
    size_t count;
    struct watched **by_route; /* by their index; NULL: not watched */
    struct watch_post posts[WATCH_NOTICES];
    size_t post_count, posts_submitted;
    bool unread;       /* what the journal knows of them */
    bool some_unknown; /* that is nothing of one that is expected to have events */
    bool claiming;
    struct journal_notice notices[WATCH_NOTICES];
    struct journal_hear hears[WATCH_HEARS];
};

/* `shared` may be NULL: refusals are not known. After queue_number. */
bool watch_init(struct watch *watch, const struct settings *settings, const struct queue *queue,
                struct shared *shared, struct error *err);
void watch_finish(struct watch *watch);

/* Nothing is told before, or by a runner that does not claim any more. */
void watch_claim(struct watch *watch, bool claims);
/* Once in a while: whether something is to be told now. */
void watch_look(struct watch *watch, int64_t boot_ms);
/* ---- a turn ---- */

bool watch_is_due(const struct watch *watch);
/* After intake_fill. */
void watch_fill(struct watch *watch, const struct intake *intake, struct journal_turn *turn);
/* What the turn has paused is told too. */
void watch_settle(struct watch *watch, const struct journal_turn *turn);

#endif

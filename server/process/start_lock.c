/* A start may find processes of a supervisor that was killed, which a slow disk does not let end.
 * The wait for them is said once a second, to systemd too, which would lose its patience. */
#include "server/process/start_lock.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"
#include "server/ipc/privilege.h"
#include "server/journal/journal.h"
#include "server/process/notify.h"
#include "server/process/preflight.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PAUSE_NS (25 * NS_PER_MS)

struct waiting {
    int64_t waited_s;
    bool *stopping;
};

/* A SIGTERM ends the waiting and the start. */
static bool wait_for_lock(void *owner, int64_t waited_ms)
{
    struct waiting *waiting = owner;
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    sigset_t stop;
    if (waited_ms / 1000 > waiting->waited_s) {
        waiting->waited_s = waited_ms / 1000;
        log_write_at(LOG_WAITING, waiting->waited_s == 1 ? LOG_WARNING : LOG_INFO,
                     log_number("seconds", waiting->waited_s),
                     log_text("reason", "processes of a server that is gone use the journal"));
        notify_send("EXTEND_TIMEOUT_USEC=10000000\n"
                    "STATUS=waiting for the processes of a server that is gone");
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    *waiting->stopping = sigtimedwait(&stop, NULL, &pause) > 0;
    return !*waiting->stopping;
}

bool start_lock(const struct settings *settings, struct journal_lock *lock, bool *stopping,
                struct problem_list *problems)
{
    const struct journal_settings *journal = &settings->journal;
    struct journal_owner owner = {geteuid(), getegid()};
    struct waiting waiting = {.stopping = stopping};
    const struct journal_wait wait = {wait_for_lock, &waiting};
    struct error why;
    if ((geteuid() != 0 ||
         privilege_find_user(settings->server.user, &owner.uid, &owner.gid, &why)) &&
        preflight_journal_is_writable(settings, &why) &&
        !journal_is_orphaned(journal->path, &why) &&
        journal_lock(journal->path, &owner, &wait, lock, &why))
        return true;
    if (*stopping)
        return false;
    problems->unreadable = true;
    settings_problem(problems, PROBLEM_ERROR, &journal->at, "%s", why.text);
    return false;
}

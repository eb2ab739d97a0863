/* Starting a process: in a session of its own, with nothing of ours but what the plan names, and
 * with a reason in words where it cannot be started. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SPAWN_H
#define TENTERHOOK_HANDLERS_ACTION_SPAWN_H

#include "base/arena.h"
#include "base/error.h"
#include "handlers/action/spawn_plan.h"

#include <signal.h>
#include <sys/types.h>

/* The longest argument, or NAME=value, that Linux takes (MAX_ARG_STRLEN with its NUL). */
enum { SPAWN_TEXT_MAX = 131071, SPAWN_PATH_MAX = 4095 };

/* Where programs are searched for without a PATH. */
#define SPAWN_USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct spawned {
    pid_t pid; /* also its process group and its session */
    int pidfd; /* readable once it has ended; close-on-exec, the caller's */
};

enum spawn_result {
    SPAWN_STARTED, /* the program runs */
    SPAWN_LATER,   /* the system is short of processes, descriptors or memory: try again */
    SPAWN_FAILED,  /* `err` says why */
    SPAWN_NEVER,   /* the same, and it is the event's doing: it will be so at any time */
};

/* Lets this process have as many descriptors open as the system would let it: three or four for
 * each process that it has started. Those go on having the limit that was ours. */
void spawn_raise_descriptors(void);

/* Starts it: default signals with none blocked, no descriptor above 2, no capabilities (unless its
 * user is root), killed if the calling process dies. Directories, the file and the program are
 * reached with the rights of its user. Returns when the program has taken over or cannot. */
enum spawn_result spawn_start(const struct spawn_plan *plan, struct spawned *spawned,
                              struct error *err);

/* Whether errno `number` means that the system is short of something for the moment. */
bool spawn_errno_is_passing(int number);

/* A path for `name`: itself if it holds a slash, else the first executable file of that name along
 * `search` (as in PATH; a relative or empty part starts at `directory`). */
bool spawn_find_program(const char *name, const char *search, const char *directory, char *path,
                        size_t size, struct error *err);

/* The same for a process that becomes another user, whose rights decide: all paths of a bare name
 * along `search`, at least one, NULL-terminated, in `arena`. NULL with `err`. */
const char *const *spawn_list_programs(struct arena *arena, const char *name, const char *search,
                                       const char *directory, struct error *err);

/* False if anybody on the machine could put another program in its place: the file, or the
 * directory that holds it, is world-writable (a sticky directory is not, and nothing on a file
 * system that is mounted read-only). True if there is none. */
bool spawn_program_is_safe(const char *path, struct error *err);

/* Whether it has ended and waits to be reaped. */
bool spawn_has_ended(const struct spawned *spawned);

/* Sends `signal` to all of its process group. Only until spawn_reap. */
void spawn_signal_group(const struct spawned *spawned, int signal);

/* Whether anybody but itself still lives in its process group; a pidfd of one of those, the
 * caller's, in `*pidfd`, or -1 where there can be none. Reads /proc: only for the rare case. */
bool spawn_find_survivor(const struct spawned *spawned, int *pidfd);

/* Of one that has ended: kills what is left of its group unless that is kept, reaps it and closes
 * the pidfd. CLD_EXITED with the exit status, or CLD_KILLED / CLD_DUMPED with the signal, in
 * `info`. */
void spawn_reap(struct spawned *spawned, bool keep_group, siginfo_t *info);

#endif

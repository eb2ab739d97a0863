/* Starting a process: in a session of its own, with nothing of ours but what the plan names, and
 * with a reason in words where it cannot be started. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SPAWN_H
#define TENTERHOOK_HANDLERS_ACTION_SPAWN_H

#include "base/error.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* The longest argument, or NAME=value, that Linux takes (MAX_ARG_STRLEN with its NUL). */
enum { SPAWN_TEXT_MAX = 131071, SPAWN_PATH_MAX = 4095 };

/* Where programs are searched for without a PATH. */
#define SPAWN_USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct process_settings; /* process.h */

/* All borrowed for the call. */
struct spawn_plan {
    const char *program;            /* a path: spawn_find_program makes one of a bare name */
    const char *const *arguments;   /* NULL-terminated, with argv[0] */
    const char *const *environment; /* NULL-terminated "NAME=value", the whole of it */
    const char *directory;          /* where it starts, */
    const char *inside; /* or a path below it, over no link that leads out; NULL: none */
    const char *file;   /* one that it must be able to read; NULL: none */
    int stdio[3];       /* what becomes 0, 1 and 2; close-on-exec */
    const struct process_settings *process; /* as whom, with which limits; NULL: our own user,
                                               umask 022, no_new_privs */
    /* These limits are a control group's: the process gets none itself. */
    bool memory_in_cgroup, processes_in_cgroup;
};

struct spawned {
    pid_t pid; /* also its process group and its session */
    int pidfd; /* readable once it has ended; close-on-exec, the caller's */
};

enum spawn_result {
    SPAWN_STARTED, /* the program runs */
    SPAWN_LATER,   /* the system is short of processes, descriptors or memory: try again */
    SPAWN_FAILED,  /* `err` says why */
};

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

/* Of one that has ended: kills what is left of its group, reaps it and closes the pidfd. CLD_EXITED
 * with the exit status, or CLD_KILLED / CLD_DUMPED with the signal, in `info`. */
void spawn_reap(struct spawned *spawned, siginfo_t *info);

#endif

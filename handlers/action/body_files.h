/* Files that hold a body, or the files in it, for a command while it runs: they belong to one
 * runner and nobody else can read them. What a runner that was killed has left, the next one
 * removes. */
#ifndef TENTERHOOK_HANDLERS_ACTION_BODY_FILES_H
#define TENTERHOOK_HANDLERS_ACTION_BODY_FILES_H

#include "base/bytes.h"
#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

struct form; /* handlers/content/form.h */

/* Who is given files, where it is not the user of the runner. */
struct body_owner {
    uid_t uid;
    gid_t gid;
};

struct body_files {
    char base[PATH_MAX];     /* of all runners; empty: its name would be too long */
    char own[PATH_MAX + 16]; /* of this one; empty until it is needed */
    int lock;                /* descriptor of `own`, locked while this runner lives; -1: none */
};

/* Chooses where: `bodies` in the first directory of RUNTIME_DIRECTORY (systemd), if this process
 * may write there; else `JOURNAL-bodies` beside the journal. Makes nothing. */
void body_files_init(struct body_files *files, const char *journal_path);

/* Removes what runners have left that are gone. */
void body_files_sweep(const struct body_files *files);

/* A new file, mode 0600, that holds `body`: its path, for free() and body_file_remove(). NULL with
 * `err` and errno. */
char *body_files_make(struct body_files *files, struct bytes body, struct error *err);
/* Removes and frees it; NULL is none. */
void body_file_remove(char *path);

/* A new directory, mode 0700, that holds the files of a form, at least one, mode 0600 and named 1,
 * 2, … in their order, all of them the owner's (NULL: our own). Its path, for free() and
 * body_files_remove(). NULL with `err` and errno. */
char *body_files_put(struct body_files *files, const struct form *form,
                     const struct body_owner *owner, struct error *err);
/* Removes it with all that is in it by then, and frees it; NULL is none. */
void body_files_remove(char *path);

/* Removes the directory, if it is empty. */
void body_files_finish(struct body_files *files);

#endif

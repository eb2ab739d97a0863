/* Files that hold a body for a command while it runs: they belong to one runner and nobody else can
 * read them. What a runner that was killed has left, the next one removes. */
#ifndef TENTERHOOK_HANDLERS_ACTION_BODY_FILES_H
#define TENTERHOOK_HANDLERS_ACTION_BODY_FILES_H

#include "base/bytes.h"
#include "base/error.h"

#include <limits.h>

struct process_account; /* process.h */

struct body_files {
    char base[PATH_MAX];     /* of all runners; empty: its name would be too long */
    char own[PATH_MAX + 16]; /* of this one; empty until it is needed */
    int lock;                /* descriptor of `own`, locked while this runner lives; -1: none */
    bool is_passable;        /* other users can go through both, and see nothing */
};

/* Chooses where: `bodies` in the first directory of RUNTIME_DIRECTORY (systemd), if this process
 * may write there; else `JOURNAL-bodies` beside the journal. Makes nothing. */
void body_files_init(struct body_files *files, const char *journal_path);

/* Removes what runners have left that are gone. */
void body_files_sweep(const struct body_files *files);

/* A new file, mode 0600, that holds `body`: its path, for free() and body_file_remove(). It belongs
 * to `account` (CAP_CHOWN), for whom the directories are opened so far that he can go through them;
 * NULL: to us. NULL with `err` and errno. */
char *body_files_make(struct body_files *files, struct bytes body,
                      const struct process_account *account, struct error *err);
/* Removes and frees it; NULL is none. */
void body_file_remove(char *path);

/* Removes the directory, if it is empty. */
void body_files_finish(struct body_files *files);

#endif

/* Each runner has a directory of its own, and a lock on it that the system lets go when the runner
 * dies, however it dies: a directory that is not locked is nobody's. While one is made, or is
 * looked at, the directory around it is locked, so that nobody takes it between its making and its
 * lock. Two runners of a reload have one each, and so have two servers with one RUNTIME_DIRECTORY.
 */
#include "handlers/action/body_files.h"

#include "config/file.h"
#include "handlers/action/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char template[] = "/XXXXXX"; /* of mkdtemp and mkostemp */

/* ---- where ---- */

/* False where the name is too long. */
static bool set_base(struct body_files *files, const char *before, int length, const char *behind)
{
    /* room for a directory and a file in it */
    size_t room = sizeof files->base - 2 * sizeof template;
    int written = snprintf(files->base, room, "%.*s%s", length, before, behind);
    if (written > 0 && (size_t)written < room)
        return true;
    files->base[0] = '\0';
    return false;
}

void body_files_init(struct body_files *files, const char *journal_path)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY");
    *files = (struct body_files){.lock = -1};
    int length = runtime ? (int)strcspn(runtime, ":") : 0; /* the first of several */
    if (length > 0 && runtime[0] == '/' && set_base(files, runtime, length, "") &&
        access(files->base, W_OK | X_OK) == 0 && set_base(files, runtime, length, "/bodies"))
        return;
    set_base(files, journal_path, (int)strlen(journal_path), "-bodies");
}

/* ---- directories ---- */

/* A descriptor of the directory around all, locked; -1 with errno: it is not there, or somebody
 * else could write in it. */
static int lock_base(const struct body_files *files)
{
    struct stat st;
    int base = open(files->base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (base < 0)
        return -1;
    errno = EPERM;
    if (fstat(base, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 066) == 0 &&
        flock(base, LOCK_EX) == 0)
        return base;
    int failure = errno;
    close(base);
    errno = failure;
    return -1;
}

static bool make_own(struct body_files *files)
{
    if (mkdir(files->base, 0700) != 0 && errno != EEXIST)
        return false;
    int base = lock_base(files);
    if (base < 0)
        return false;
    snprintf(files->own, sizeof files->own, "%s%s", files->base, template);
    if (mkdtemp(files->own))
        files->lock = open(files->own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool made = files->lock >= 0 && flock(files->lock, LOCK_EX | LOCK_NB) == 0;
    int failure = errno;
    close(base);
    if (!made)
        body_files_finish(files);
    errno = failure;
    return made;
}

/* Files only: a runner makes nothing else here. */
static void remove_files(int directory)
{
    DIR *entries = fdopendir(directory);
    struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    else
        close(directory);
}

static void sweep_one(int base, const char *name)
{
    int directory = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return;
    if (flock(directory, LOCK_EX | LOCK_NB) != 0) {
        close(directory);
        return;
    }
    remove_files(directory);
    unlinkat(base, name, AT_REMOVEDIR);
}

void body_files_sweep(const struct body_files *files)
{
    int base = files->base[0] ? lock_base(files) : -1;
    DIR *entries = base >= 0 ? fdopendir(base) : NULL;
    struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            sweep_one(base, entry->d_name);
    if (entries)
        closedir(entries);
    else if (base >= 0)
        close(base);
}

void body_files_finish(struct body_files *files)
{
    if (files->own[0])
        rmdir(files->own);
    if (files->lock >= 0)
        close(files->lock);
    files->own[0] = '\0';
    files->lock = -1;
}

/* ---- files ---- */

/* Whoever knows the name of a file can go to it; nobody can list the names. */
static bool let_pass(struct body_files *files)
{
    if (!files->is_passable)
        files->is_passable = chmod(files->base, 0711) == 0 && fchmod(files->lock, 0711) == 0;
    return files->is_passable;
}

static bool give(int file, const struct process_account *account)
{
    return !account || fchown(file, account->uid, account->gid) == 0;
}

static char *make_file(struct body_files *files, struct bytes body,
                       const struct process_account *account)
{
    char *path = NULL;
    if (!files->base[0]) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if ((!files->own[0] && !make_own(files)) || (account && !let_pass(files)) ||
        asprintf(&path, "%s%s", files->own, template) < 0)
        return NULL;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) {
        free(path);
        return NULL;
    }
    bool written = file_write_all(file, body) && give(file, account);
    int failure = errno;
    close(file);
    if (written)
        return path;
    body_file_remove(path);
    errno = failure;
    return NULL;
}

char *body_files_make(struct body_files *files, struct bytes body,
                      const struct process_account *account, struct error *err)
{
    char *path = make_file(files, body, account);
    int failure = errno;
    if (!path)
        error_set_errno(err, failure, "cannot make a file for the body in %s",
                        files->base[0] ? files->base : "a path that is too long");
    errno = failure;
    return path;
}

void body_file_remove(char *path)
{
    if (path)
        unlink(path);
    free(path);
}

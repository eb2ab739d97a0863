/* A file of `init` is new or is left alone: O_EXCL decides, not what was seen before. The route
 * file is the last one, so that a server finds all that it names. */
#include "server/cli/init_files.h"

#include "config/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_MAX = 1024 * 1024 };

struct init_file *init_add(struct init *init, const char *name, enum init_file_kind kind,
                           const char *purpose)
{
    struct stat what;
    const char *path = arena_format(&init->arena, "%s/%s", init->directory, name);
    assert(init->file_count < INIT_FILES_MAX);
    if (!path)
        return NULL;
    struct init_file *file = &init->files[init->file_count++];
    *file = (struct init_file){
        .path = path, .purpose = purpose, .kind = kind, .is_there = lstat(path, &what) == 0};
    buffer_init(&file->content, CONTENT_MAX);
    return file;
}

/* ---- directories ---- */

/* One that is there stays as it is. */
static bool make_directory(const char *path, mode_t mode, struct error *err)
{
    struct stat what;
    if (mkdir(path, mode) == 0 ||
        (errno == EEXIST && stat(path, &what) == 0 && S_ISDIR(what.st_mode)))
        return true;
    return error_set_errno(err, errno == EEXIST ? ENOTDIR : errno, "cannot make %s", path);
}

/* Of the journal: the server's user's alone. */
static bool make_state(const struct init *init, struct error *err)
{
    struct stat what;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", init->journal);
    const char *directory = dirname(path);
    bool is_new = lstat(directory, &what) != 0;
    if (!make_directory(directory, 0700, err))
        return false;
    if (is_new && init->has_server_user &&
        chown(directory, init->server_uid, init->server_gid) != 0)
        return error_set_errno(err, errno, "cannot give %s to the server's user", directory);
    return true;
}

/* ---- files ---- */

/* A secret is the owner's, and root lets the server read its own with the group. */
static bool set_access(const struct init *init, const struct init_file *file, int fd)
{
    bool shares = file->kind == INIT_SECRET && init->server_group_reads;
    mode_t mode = file->kind == INIT_PROGRAM ? 0755
                  : file->kind == INIT_PLAIN ? 0644
                  : shares                   ? 0640
                                             : 0600;
    return (!shares || fchown(fd, (uid_t)-1, init->server_gid) == 0) && fchmod(fd, mode) == 0;
}

static bool write_file(const struct init *init, struct init_file *file, struct error *err)
{
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        file->is_there = true;
        return true;
    }
    if (fd < 0)
        return error_set_errno(err, errno, "cannot write %s", file->path);
    bool done = file_write_all(fd, buffer_bytes(&file->content)) && set_access(init, file, fd) &&
                fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 || !done) {
        unlink(file->path); /* it is ours, and half */
        return error_set_errno(err, done ? errno : why, "cannot write %s", file->path);
    }
    return true;
}

bool init_files_write(struct init *init, struct error *err)
{
    bool done = make_directory(init->directory, 0755, err) && make_state(init, err);
    for (size_t i = 0; done && i < init->file_count; i++)
        done = init->files[i].is_there || write_file(init, &init->files[i], err);
    return done;
}

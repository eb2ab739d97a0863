/* A file is opened once and then judged by what was opened, so that it cannot be exchanged in
 * between; without blocking, so that a FIFO is refused instead of waited for. */
#include "config/file.h"

#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What a container has been given is a mount of its own: its device is not the one of "/".
 * systemd's sandbox (ProtectSystem=, ProtectHome=, ReadOnlyPaths=) makes the machine's own file
 * systems read-only for a service alone, where everybody else goes on writing and reading. Mostly
 * these have the device of "/"; one that has another (/home) cannot be told from a container's, so
 * a service of systemd, which sets INVOCATION_ID for it, gets no lenience at all. In a container
 * without such a mount (its image, or a volume on the device of its root) modes decide as
 * elsewhere. */
static bool is_of_container(const struct stat *what)
{
    struct stat root;
    return !getenv("INVOCATION_ID") && stat("/", &root) == 0 && what->st_dev != root.st_dev;
}

int64_t file_space_beside(const char *path)
{
    char directory[PATH_MAX];
    struct statvfs disk;
    snprintf(directory, sizeof directory, "%s", path);
    return statvfs(dirname(directory), &disk) == 0 ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize
                                                   : -1;
}

bool file_is_sealed(int fd)
{
    struct statvfs mount;
    struct stat what;
    return fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) && fstat(fd, &what) == 0 &&
           is_of_container(&what);
}

bool file_path_is_sealed(const char *path)
{
    struct statvfs mount;
    struct stat what;
    return statvfs(path, &mount) == 0 && (mount.f_flag & ST_RDONLY) && stat(path, &what) == 0 &&
           is_of_container(&what);
}

/* A symbolic link that leads into a directory where everybody may put files: what it names is
 * whatever somebody put there. */
static bool link_is_loose(const char *path)
{
    struct stat link, directory;
    char target[PATH_MAX];
    if (lstat(path, &link) != 0 || !S_ISLNK(link.st_mode) || !realpath(path, target))
        return false;
    *strrchr(target, '/') = '\0';
    const char *place = target[0] ? target : "/";
    return stat(place, &directory) == 0 && (directory.st_mode & S_IWOTH) &&
           !file_path_is_sealed(place);
}

static bool check_kind(const struct stat *what, const char *name, struct error *err)
{
    static const struct {
        mode_t type;
        const char *name;
    } rows[] = {{S_IFDIR, "a directory"},
                {S_IFIFO, "a named pipe"},
                {S_IFSOCK, "a socket"},
                {S_IFCHR, "a device"},
                {S_IFBLK, "a block device"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((what->st_mode & S_IFMT) == rows[i].type)
            return error_set(err, "%s is %s, not a file", name, rows[i].name);
    return true;
}

/* What begins as a certificate or a public key, and holds nothing else, is no secret. */
static bool is_public(struct bytes text)
{
    static const char *const begins[] = {"-----BEGIN CERTIFICATE-----",
                                         "-----BEGIN PUBLIC KEY-----"};
    static const char private[] = "PRIVATE KEY-----";
    if (text.length && memmem(text.data, text.length, private, sizeof private - 1))
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (bytes_starts_with(text, bytes_of_text(begins[i])))
            return true;
    return false;
}

static bool check_shared_mode(const struct stat *what, bool is_sealed, const char *name,
                              struct error *err)
{
    if (!(what->st_mode & S_IWOTH) || is_sealed)
        return true;
    return error_set(err, "%s can be written by every user (mode %04o); chmod o-w %s", name,
                     (unsigned)what->st_mode & 07777, name);
}

bool file_secret_is_private(const struct stat *what, bool is_sealed, enum file_care care,
                            const char *name, struct error *warning, struct error *err)
{
    mode_t writers = care == FILE_CREDENTIAL ? S_IWOTH : S_IWGRP | S_IWOTH;
    unsigned mode = what->st_mode & 07777;
    bool is_written = (mode & writers) && !is_sealed, is_read = mode & S_IROTH;
    if (is_written || (is_read && !is_sealed))
        return error_set(err, "%s can be read or written by others (mode %04o); chmod %s %s", name,
                         mode, mode & writers & S_IWGRP ? "g-w,o-rwx" : "o-rwx", name);
    if (is_read)
        error_set(warning,
                  "%s can be read by every user (mode %04o); mount it with mode 0400 (Kubernetes: "
                  "defaultMode, and fsGroup; Docker: mode) unless there are no other users here",
                  name, mode);
    else if ((mode & S_IRGRP) && care == FILE_SECRET && what->st_uid != 0)
        error_set(
            warning,
            "%s can be read by its group (mode %04o); chmod g-r %s, unless the group must read it",
            name, mode, name);
    return true;
}

void file_name_user(uid_t uid, char name[FILE_USER_MAX])
{
    const struct passwd *user = getpwuid(uid);
    if (user)
        snprintf(name, FILE_USER_MAX, "%s", user->pw_name);
    else
        snprintf(name, FILE_USER_MAX, "%u", (unsigned)uid);
}

/* The package's layout: root's, and its group reads it. Who runs the server is known there only;
 * any user may run `check`. */
static bool tell_group(const char *user, const char *name, struct error *err)
{
    const struct group *group = getgrgid(getegid());
    bool is_server = strcmp(user, "tenterhook") == 0;
    char number[16];
    snprintf(number, sizeof number, "%u", (unsigned)getegid());
    const char *given = group ? group->gr_name : number;
    return error_set(err, "%s cannot open %s: Permission denied%s%s%s: chgrp %s %s && chmod 640 %s",
                     user, name, is_server ? "" : "; if ", is_server ? "" : user,
                     is_server ? "" : " runs the server", given, name, name);
}

void file_tell_denied(const char *path, const char *name, struct error *err)
{
    char user[FILE_USER_MAX], owner[FILE_USER_MAX];
    size_t length = strlen(path), shown = strlen(name), closed = file_find_closed(path);
    struct stat what;
    file_name_user(geteuid(), user);
    if (shown > length ||
        strcmp(path + length - shown, name) != 0) /* its path is not for messages */
        error_set(err, "%s cannot open %s: Permission denied", user, name);
    else if (closed > 0)
        error_set(err, "%s cannot open %s: Permission denied: it cannot enter %.*s", user, name,
                  (int)closed, path);
    else if (stat(path, &what) != 0)
        error_set(err, "%s cannot open %s: Permission denied", user, name);
    else if (what.st_uid == geteuid())
        error_set(err, "%s cannot open %s: Permission denied: chmod u+r %s", user, name, name);
    else if (what.st_uid == 0)
        tell_group(user, name, err);
    else {
        file_name_user(what.st_uid, owner);
        error_set(err, "%s cannot open %s: Permission denied: it belongs to %s (mode %04o)", user,
                  name, owner, (unsigned)what.st_mode & 07777);
    }
}

static enum file_result read_all(int fd, const char *name, size_t limit, struct buffer *content,
                                 struct error *err)
{
    char size[32];
    for (;;) {
        ssize_t got =
            read(fd, content->data + content->length, content->capacity - content->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set_errno(err, errno, "cannot read %s", name);
            return FILE_MISSING;
        }
        content->length += (size_t)got;
        if (content->length == content->capacity && content->length <= limit) {
            error_set(err, "%s grew while it was read", name);
            return FILE_REFUSED;
        }
        if (content->length > limit) {
            units_format_size((int64_t)limit, size);
            error_set(err, "%s is larger than %s", name, size);
            return FILE_REFUSED;
        }
        if (got == 0)
            return FILE_READ;
    }
}

static enum file_result read_checked(int fd, const char *path, const char *name, size_t limit,
                                     enum file_care care, struct buffer *content,
                                     struct error *warning, struct error *err)
{
    bool is_sealed = file_is_sealed(fd);
    struct stat what;
    if (fstat(fd, &what) != 0) {
        error_set_errno(err, errno, "cannot read %s", name);
        return FILE_MISSING;
    }
    if (!check_kind(&what, name, err) || !check_shared_mode(&what, is_sealed, name, err))
        return FILE_REFUSED;
    if (link_is_loose(path)) {
        error_set(err, "%s is a symbolic link into a directory that every user can write", name);
        return FILE_REFUSED;
    }
    /* not more than the file needs, and never moved: it may hold secrets */
    size_t size = what.st_size > 0 && (size_t)what.st_size < limit ? (size_t)what.st_size : limit;
    if (!buffer_reserve(content, size + 1)) {
        error_set(err, "no memory for %s", name);
        return FILE_MISSING;
    }
    enum file_result result = read_all(fd, name, limit, content, err);
    bool is_secret =
        care == FILE_CREDENTIAL || (care == FILE_SECRET && !is_public(buffer_bytes(content)));
    if (result == FILE_READ && is_secret &&
        !file_secret_is_private(&what, is_sealed, care, name, warning, err))
        return FILE_REFUSED;
    return result;
}

enum file_result file_read(const char *path, const char *name, size_t limit, enum file_care care,
                           struct buffer *content, struct error *warning, struct error *err)
{
    struct error ignored;
    warning = warning ? warning : &ignored;
    *warning = (struct error){""};
    buffer_init(content, limit + 1);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == EACCES) {
        file_tell_denied(path, name, err);
        return FILE_MISSING;
    }
    if (fd < 0) {
        error_set_errno(err, errno, "cannot open %s", name);
        return FILE_MISSING;
    }
    enum file_result result = read_checked(fd, path, name, limit, care, content, warning, err);
    close(fd);
    return result;
}

size_t file_find_closed(const char *path)
{
    char directory[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = slash > path ? (size_t)(slash - path) : 1;
        if (length >= sizeof directory)
            return 0;
        snprintf(directory, sizeof directory, "%.*s", (int)length, path);
        if (access(directory, X_OK) != 0)
            return errno == EACCES ? length : 0;
    }
    return 0;
}

bool file_write_all(int fd, struct bytes data)
{
    while (data.length > 0) {
        ssize_t written = write(fd, data.data, data.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data = bytes_from(data, (size_t)written);
    }
    return true;
}

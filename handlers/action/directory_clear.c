/* A command may have unpacked an archive of a stranger in its directory, so the depth of what is
 * there is a stranger's too. Nothing here goes down: a directory inside that is not empty is moved
 * up to the top, pass by pass, which costs three descriptors at any depth. */
#include "handlers/action/directory_clear.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As deep as a path can be; a process that goes on making directories is not waited for. */
enum { PASSES_MAX = 4096 };

/* The next entry that is no file and no empty directory; those are removed on the way. */
static const char *next_full(DIR *entries)
{
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            unlinkat(dirfd(entries), name, 0) != 0 &&
            unlinkat(dirfd(entries), name, AT_REMOVEDIR) != 0)
            return name;
    }
    return NULL;
}

/* Opens a directory inside another, as one that we may change; -1: it cannot be. */
static int open_inside(int directory, const char *name)
{
    int inside = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inside >= 0)
        (void)!fchmod(inside, 0700); /* archives have directories that cannot be written */
    return inside;
}

/* Removes what is in `directory` (and takes it over); directories in it that are not empty are
 * moved to `top`. Returns how many. */
static size_t move_up(int directory, int top, size_t *number)
{
    DIR *entries = fdopendir(directory);
    const char *name;
    size_t moved = 0;
    char up[32];
    while (entries && (name = next_full(entries))) {
        int inside = open_inside(directory, name);
        if (inside < 0)
            continue;
        snprintf(up, sizeof up, ".%zu", (*number)++);
        moved += renameat(directory, name, top, up) == 0;
        close(inside);
    }
    if (entries)
        closedir(entries);
    else
        close(directory);
    return moved;
}

void directory_clear(int directory)
{
    DIR *entries = fdopendir(directory);
    size_t number = 0, moved = 1;
    const char *name;
    for (int pass = 0; entries && moved > 0 && pass < PASSES_MAX; pass++) {
        moved = 0;
        rewinddir(entries);
        while ((name = next_full(entries))) {
            int inside = open_inside(directory, name);
            if (inside < 0)
                continue;
            moved += move_up(inside, directory, &number);
            (void)!unlinkat(directory, name, AT_REMOVEDIR);
        }
    }
    if (entries)
        closedir(entries);
    else
        close(directory);
}

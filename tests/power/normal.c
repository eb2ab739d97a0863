/* Stands before SQLite: what asks for synchronous=FULL gets NORMAL, which syncs the log only before
 * it is copied. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef int run(void *db, const char *sql, int (*each)(void *, int, char **, char **), void *owner,
                char **failure);

run sqlite3_exec;

int sqlite3_exec(void *db, const char *sql, int (*each)(void *, int, char **, char **), void *owner,
                 char **failure)
{
    static const char full[] = "synchronous = FULL";
    run *real = (run *)dlsym(RTLD_NEXT, "sqlite3_exec");
    const char *found = strstr(sql, full);
    char changed[2048];
    if (found &&
        (size_t)snprintf(changed, sizeof changed, "%.*ssynchronous = NORMAL%s", (int)(found - sql),
                         sql, found + sizeof full - 1) < sizeof changed)
        sql = changed;
    return real(db, sql, each, owner, failure);
}

/* `tenterhook backup` and `tenterhook restore`: the journal as one file, made while the server runs
 * and put back while it does not. */
#include "server/journal/backup.h"

#include "config/loader.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/ipc/privilege.h"
#include "server/journal/backup_file.h"
#include "server/journal/lock.h"
#include "server/terminal/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A step of a backup takes milliseconds. One that hangs, with the disk of the copy, would keep the
 * journal's log from being emptied. */
enum { STEP_MAX_S = 60 };

/* ---- both ---- */

struct options {
    struct file_options at;
    const char *copy;
};

static int run_with_file(const struct options *options,
                         bool (*run)(const struct settings *settings, const char *file,
                                     struct error *err))
{
    struct error err = {""};
    struct settings *settings = cli_load_alone(options->at.config);
    bool done = settings && run(settings, options->copy, &err);
    if (settings && !done)
        print_failure(err.text);
    settings_destroy(settings);
    return done ? EXIT_DONE : EXIT_ENVIRONMENT;
}

static void show_progress(struct progress *progress, const char *what, int64_t done, int64_t total)
{
    if (total == 0)
        progress_show(progress, "the copy is checked");
    else
        progress_show(progress, "%lld %% %s", (long long)(100 * done / total), what);
}

/* ---- backup ---- */

static char part[4096]; /* what is to be removed where the process is ended */

static void on_signal(int number)
{
    static const char said[] = "tenterhook: a write of the copy has taken too long\n";
    if (number == SIGALRM)
        (void)!write(STDERR_FILENO, said, sizeof said - 1);
    unlink(part);
    _exit(EXIT_ENVIRONMENT);
}

static void heed_signals(void)
{
    static const int ends[] = {SIGALRM, SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        signal(ends[i], on_signal);
    terminal_stops_nothing(); /* or the log could not be emptied, either */
}

static void note_step(void *owner, int64_t done, int64_t total)
{
    show_progress(owner, "of the journal copied", done, total);
    alarm(done < total ? STEP_MAX_S : 0);
}

static bool make_backup(const struct settings *settings, const char *file, struct error *err)
{
    struct backup_result result;
    struct progress progress = {.is_off = false};
    if (!journal_backup_part(file, part, sizeof part))
        return error_set(err, "the path of the copy is too long");
    heed_signals();
    bool done = journal_backup(settings->journal.path, file, note_step, &progress, &result, err);
    progress_clear(&progress);
    if (!done)
        return false;
    fputs("the journal is copied to ", stdout);
    print_safe(stdout, bytes_of_text(file));
    printf(", %lld bytes\n", (long long)result.bytes);
    return true;
}

static int backup_run(void *options)
{
    return run_with_file(options, make_backup);
}

static const struct option_row backup_rows[] = {{.value = "FILE",
                                                 .kind = OPTION_FILE,
                                                 .needed = ALL_FORMS,
                                                 .offset = offsetof(struct options, copy),
                                                 .sentence = "the copy"}};

const struct verb backup_verb = {
    .name = "backup",
    .sentence = "copies the journal to a file, while the server runs or afterwards",
    .more = "A copy that is there already is replaced when the new one is complete.",
    .groups = {OPTION_GROUP(backup_rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{.run = backup_run}},
    .size = sizeof(struct options)};

/* ---- restore ---- */

/* An empty file that the lock has made is not left behind. */
static void remove_empty(const char *path, bool was_there)
{
    struct stat what;
    if (!was_there && stat(path, &what) == 0 && what.st_size == 0)
        unlink(path);
}

static void show_step(void *owner, int64_t done, int64_t total)
{
    show_progress(owner, "of the backup copied", done, total);
}

static bool restore_locked(const struct settings *settings, const struct journal_owner *owner,
                           const char *file, struct error *err)
{
    struct restore_result result;
    struct progress progress = {.is_off = false};
    const char *path = settings->journal.path;
    bool done =
        journal_restore(file, path, owner->uid, owner->gid, show_step, &progress, &result, err);
    progress_clear(&progress);
    if (done)
        printf("%s is restored; the next start of the server carries out what waited when the copy "
               "was made\n",
               path);
    if (result.kept[0])
        fprintf(done ? stdout : stderr, "the journal before is %s\n", result.kept);
    return done;
}

static bool restore(const struct settings *settings, const char *file, struct error *err)
{
    struct journal_owner owner = {geteuid(), getegid()};
    struct journal_lock lock;
    const char *path = settings->journal.path;
    bool was_there = access(path, F_OK) == 0;
    if (owner.uid == 0 && !privilege_find_user(settings->server.user, &owner.uid, &owner.gid, err))
        return false;
    if (!journal_lock(path, &owner, NULL, &lock, err))
        return error_prefix(err, "stop the server first");
    bool done = restore_locked(settings, &owner, file, err);
    remove_empty(path, was_there);
    journal_unlock(&lock);
    return done;
}

static int restore_run(void *options)
{
    return run_with_file(options, restore);
}

static const struct option_row restore_rows[] = {{.value = "FILE",
                                                  .kind = OPTION_FILE,
                                                  .needed = ALL_FORMS,
                                                  .offset = offsetof(struct options, copy),
                                                  .sentence = "what `backup` has made"}};

const struct verb restore_verb = {
    .name = "restore",
    .sentence = "puts a copy that `backup` has made in the place of the journal",
    .more = "The journal that was there is kept beside it. The server must be stopped.",
    .groups = {OPTION_GROUP(restore_rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{.run = restore_run}},
    .size = sizeof(struct options)};

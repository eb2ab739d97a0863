/* `tenterhook cancel`: what waits of an event is dead by a transaction beside the server, or
 * without one; what runs is ended by the runner that has it, and said to be what it has become: a
 * command that is done before it is stopped is done. A delivery may change from one to the other
 * meanwhile, so the journal is looked at until nothing of the event is open. */
#include "base/clock.h"
#include "base/id.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/journal/editor.h"
#include "server/journal/lock.h"
#include "server/journal/reader.h"
#include "server/journal/status_reader.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOKS = 40, /* at one event: each finds it changed again, or nobody who could be asked */
    /* Longer than commands take to end; one whose `kill_after` is longer is then told of. */
    PATIENCE_MS = 60 * 1000,
};

struct cancelling {
    const char *journal;
    struct journal_reader *reader;
    struct journal_status *status;
    struct journal_edit *edit;
    bool is_alone; /* no server runs, and none can be started before we have ended */
    char id[ID_TEXT_SIZE];
    /* of the event */
    size_t cancelled, other; /* deliveries; those that became something else, or still run */
    uint64_t runner;         /* of one that runs; 0: none does */
    size_t pending;
    bool gives_up;
    struct error refusal; /* why the runner could not be asked; or "" */
};

/* ---- what is said ---- */

static void say(const struct cancelling *run, const char *action, const char *what,
                const char *reason)
{
    printf("%s  ", run->id);
    if (action) {
        print_safe(stdout, bytes_of_text(action));
        fputs(": ", stdout);
    }
    fputs(what, stdout);
    if (*reason) {
        fputs(": ", stdout);
        print_safe(stdout, bytes_of_text(reason));
    }
    fputc('\n', stdout);
}

static bool take_answer(void *context, struct json_object *line, struct bytes text)
{
    struct cancelling *run = context;
    const char *outcome = control_text(line, "outcome"), *action = control_text(line, "action");
    const char *reason = control_text(line, "reason");
    (void)text;
    bool is_cancelled = strcmp(outcome, "cancelled") == 0;
    run->cancelled += is_cancelled;
    run->other += !is_cancelled;
    if (is_cancelled)
        say(run, action, "cancelled, its processes have ended", "");
    else if (strcmp(outcome, "running") == 0)
        say(run, action, "still runs", reason);
    else if (strcmp(outcome, "done") == 0)
        say(run, action, "was done before it could be cancelled", "");
    else
        say(run, action, "had ended before it could be cancelled", reason);
    run->gives_up |= strcmp(outcome, "running") == 0;
    return true;
}

/* ---- one event ---- */

static bool cancel_pending(struct cancelling *run, int64_t seq, struct error *err)
{
    size_t count = 0;
    bool done = journal_edit_begin(run->edit, err) &&
                journal_edit_cancel(run->edit, seq, run->is_alone, clock_unix_ms(), &count, err) &&
                journal_edit_commit(run->edit, err);
    run->cancelled += done ? count : 0;
    if (done && count > 0) {
        char what[64];
        snprintf(what, sizeof what, "%zu waiting %s cancelled", count,
                 count == 1 ? "delivery" : "deliveries");
        say(run, NULL, what, "");
    }
    return done;
}

static void note_open(void *context, struct bytes action, uint64_t runner)
{
    struct cancelling *run = context;
    (void)action;
    run->pending += runner == 0;
    if (runner != 0)
        run->runner = runner;
}

static void give_up(struct cancelling *run, const char *reason)
{
    run->other++;
    run->gives_up = true;
    say(run, NULL, run->runner != 0 ? "still runs" : "still waits", reason);
}

/* The runner that has it may have gone meanwhile; another look tells. */
static bool cancel_running(struct cancelling *run, struct error *err)
{
    const struct control_request request = {.journal = run->journal,
                                            .verb = "cancel",
                                            .id = run->id,
                                            .runner = run->runner,
                                            .patience_ms = PATIENCE_MS,
                                            .line = take_answer,
                                            .context = run};
    struct error why;
    enum control_end end = control_ask(&request, NULL, &why);
    if (end == CONTROL_NO_SERVER || end == CONTROL_BARRED)
        return error_set(err, "%s; what runs cannot be cancelled", why.text);
    run->refusal = end == CONTROL_FAILED || end == CONTROL_LOST ? why : (struct error){""};
    if (end == CONTROL_LATE)
        give_up(run, "it was told to end, and has not yet");
    return true;
}

static bool look_at(struct cancelling *run, int64_t seq, struct error *err)
{
    run->runner = 0;
    run->pending = 0;
    return journal_status_open_of(run->status, seq, note_open, run) ||
           journal_status_explain(run->status, err);
}

static bool cancel_event(struct cancelling *run, int64_t seq, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 50 * NS_PER_MS};
    run->cancelled = run->other = 0;
    run->gives_up = false;
    run->refusal.text[0] = '\0';
    for (int i = 0; !run->gives_up; i++) {
        if (!look_at(run, seq, err))
            return false;
        if (run->pending == 0 && run->runner == 0)
            break;
        if (i == LOOKS) {
            give_up(run, run->refusal.text);
            break;
        }
        if (i > 0) /* the outcome of a runner that has just gone is still to come */
            nanosleep(&pause, NULL);
        bool needs_edit = run->pending > 0 || (run->runner != 0 && run->is_alone);
        if (needs_edit && !cancel_pending(run, seq, err))
            return false;
        if (run->runner != 0 && !run->is_alone && !cancel_running(run, err))
            return false;
    }
    if (run->cancelled + run->other == 0)
        say(run, NULL, "nothing of it waits or runs", "");
    return true;
}

/* ---- the verb ---- */

static void note_id(void *context, const struct event_view *event)
{
    struct cancelling *run = context;
    snprintf(run->id, sizeof run->id, "%.*s", (int)event->event.id.length, event->event.id.data);
}

static int reader_failed(const struct cancelling *run, struct error *err)
{
    journal_reader_explain(run->reader, err);
    return EXIT_ENVIRONMENT;
}

/* An exit code. */
static int cancel_id(struct cancelling *run, const char *id, struct error *err)
{
    int64_t seq;
    size_t count;
    if (!journal_reader_find(run->reader, id, &seq, &count))
        return reader_failed(run, err);
    if (count != 1 || !journal_reader_event(run->reader, seq, note_id, run)) {
        error_set(err, count > 1 ? "more than one event id begins with %s" : "there is no event %s",
                  id);
        print_failure(err->text);
        err->text[0] = '\0';
        return EXIT_NO;
    }
    if (!cancel_event(run, seq, err))
        return EXIT_ENVIRONMENT;
    return run->cancelled > 0 && run->other == 0 ? EXIT_DONE : EXIT_NO;
}

/* Who has the journal has the lock that is made beside it, whoever we are. False: there is no
 * journal that a lock could be for, and none is made. */
static bool find_owner(const char *journal, struct journal_owner *owner)
{
    struct stat what;
    bool is_there = stat(journal, &what) == 0 && S_ISREG(what.st_mode) && what.st_size > 0;
    if (is_there)
        *owner = (struct journal_owner){what.st_uid, what.st_gid};
    return is_there;
}

/* Without a server the lock is ours until this process ends, and so nothing that is running in the
 * journal runs. It is never closed: that would drop locks of SQLite's. */
static void find_out_if_alone(struct cancelling *run)
{
    const struct control_request request = {
        .journal = run->journal, .verb = "keys", .patience_ms = 1000};
    static struct journal_lock lock;
    struct journal_owner owner;
    struct error why;
    enum control_end end = control_ask(&request, NULL, &why);
    run->is_alone = (end == CONTROL_NO_SERVER || end == CONTROL_BARRED) &&
                    find_owner(run->journal, &owner) &&
                    journal_lock(run->journal, &owner, NULL, &lock, &why);
}

static int cancel_all(struct cancelling *run, const struct word_list *ids)
{
    struct error err = {""};
    int code = EXIT_DONE;
    find_out_if_alone(run);
    run->reader = journal_reader_open(run->journal, &err);
    run->status = run->reader ? journal_status_open(run->journal, &err) : NULL;
    run->edit = run->status ? journal_edit_open(run->journal, &err) : NULL;
    if (!run->edit)
        code = EXIT_ENVIRONMENT;
    for (size_t i = 0; i < ids->count && code != EXIT_ENVIRONMENT; i++) {
        int one = cancel_id(run, ids->items[i], &err);
        code = one > code ? one : code;
    }
    if (err.text[0])
        print_failure(err.text);
    journal_edit_close(run->edit);
    journal_status_close(run->status);
    if (run->reader)
        journal_reader_close(run->reader);
    return code;
}

struct options {
    struct place_options at;
    struct word_list ids;
};

static int cancel_run(void *given)
{
    struct options *options = given;
    char *journal = cli_find_journal(&options->at);
    struct cancelling run = {.journal = journal};
    int code = journal ? cancel_all(&run, &options->ids) : EXIT_ENVIRONMENT;
    free(journal);
    return code;
}

static const struct option_row rows[] = {{.value = "ID",
                                          .kind = OPTION_EVENT,
                                          .flags = OPTION_REPEATS,
                                          .needed = ALL_FORMS,
                                          .offset = offsetof(struct options, ids),
                                          .sentence = "the id of an event, or how it begins"}};

const struct verb cancel_verb = {
    .name = "cancel",
    .sentence = "ends what waits or runs of events",
    .more = "What is cancelled is dead, with the reason \"cancelled\"; replay runs it again.",
    .groups = {OPTION_GROUP(rows), {place_rows, PLACE_ROWS, 0, 0}},
    .forms = {{.run = cancel_run}},
    .size = sizeof(struct options)};

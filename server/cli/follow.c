/* What runs is followed through the server; what waits, by looking whether the journal has changed;
 * what has ended is printed from the journal, unless its end was seen live. */
#include "server/cli/follow.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/journal/status_reader.h"
#include "server/options/verb.h"
#include "server/terminal/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIECE_MAX = 64 * 1024, ACTIONS_MAX = 256, HALF_MAX = 4 };
#define LOOK_PAUSE_NS (100 * NS_PER_MS)

/* A delivery of the event, by its action. */
struct followed_action {
    char name[128];
    bool is_told;              /* how it has ended */
    uint8_t half[2][HALF_MAX]; /* of each stream: a character that has not come whole */
    size_t half_length[2];
};

struct following {
    struct journal_reader *reader;
    struct journal_status *status;
    const char *journal;
    int64_t seq;
    char id[ID_TEXT_SIZE];
    bool json, to_terminal;
    struct followed_action actions[ACTIONS_MAX];
    size_t action_count, open, others; /* deliveries that tell of no failure */
    uint64_t runner;                   /* of one that runs */
    bool failed;                       /* one of them */
    FILE *out, *err;                   /* where it is printed now */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool is_interrupted(void)
{
    return interrupted != 0;
}

/* NULL: there are too many. */
static struct followed_action *find_action(struct following *run, struct bytes name)
{
    for (size_t i = 0; i < run->action_count; i++)
        if (bytes_equal_text(name, run->actions[i].name))
            return &run->actions[i];
    if (run->action_count == ACTIONS_MAX)
        return NULL;
    struct followed_action *action = &run->actions[run->action_count++];
    *action = (struct followed_action){0};
    snprintf(action->name, sizeof action->name, "%.*s", (int)name.length, name.data);
    return action;
}

/* ---- output ---- */

/* How many bytes at the end are the beginning of a character. */
static size_t half_character(struct bytes text)
{
    for (size_t back = 1; back < HALF_MAX && back <= text.length; back++) {
        uint8_t byte = text.data[text.length - back];
        size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        if (byte >= 0xc0)
            return wanted > back ? back : 0;
        if (byte < 0x80)
            return 0;
    }
    return 0;
}

/* A terminal gets no half of a character, which would be shown as bytes. */
static void put_piece(struct following *run, struct followed_action *action, bool is_error,
                      struct bytes piece)
{
    uint8_t whole[PIECE_MAX + HALF_MAX];
    FILE *out = is_error ? run->err : run->out;
    size_t held = action->half_length[is_error];
    if (!run->to_terminal) {
        print_bytes(out, piece, false);
        return;
    }
    memcpy(whole, action->half[is_error], held);
    memcpy(whole + held, piece.data, piece.length);
    struct bytes text = bytes_of(whole, held + piece.length);
    size_t half = half_character(text);
    memcpy(action->half[is_error], text.data + text.length - half, half);
    action->half_length[is_error] = half;
    print_piece(out, bytes_of(text.data, text.length - half));
}

static void put_output(struct following *run, struct followed_action *action, bool is_error,
                       struct bytes output)
{
    for (; output.length > 0; output = bytes_from(output, PIECE_MAX))
        put_piece(run, action, is_error,
                  bytes_of(output.data, output.length < PIECE_MAX ? output.length : PIECE_MAX));
}

static void tell_end(struct following *run, struct followed_action *action, const char *what,
                     struct bytes reason)
{
    action->is_told = true;
    fflush(run->out);
    fprintf(run->err, "%s ", run->id);
    print_safe(run->err, bytes_of_text(action->name));
    fprintf(run->err, ": %s", what);
    if (reason.length > 0)
        fputs(", ", run->err);
    print_safe(run->err, reason);
    fputc('\n', run->err);
}

static bool take_line(void *context, struct json_object *line, struct bytes text)
{
    struct following *run = context;
    uint8_t bytes[PIECE_MAX];
    size_t length;
    struct followed_action *action = find_action(run, bytes_of_text(control_text(line, "action")));
    const char *outcome = control_text(line, "outcome");
    struct bytes encoded = bytes_of_text(control_text(line, "base64"));
    if (run->json) {
        print_json(stdout, text);
        fputc('\n', stdout);
    } else if (control_number(line, "skipped") > 0) {
        fprintf(stderr, "(%lld bytes are left out)\n", (long long)control_number(line, "skipped"));
    } else if (action && encoded.length > 0 &&
               base64_decode(encoded, bytes, sizeof bytes, &length)) {
        put_output(run, action, strcmp(control_text(line, "stream"), "error") == 0,
                   bytes_of(bytes, length));
    }
    if (action && *outcome && run->json)
        action->is_told = true;
    else if (action && *outcome)
        tell_end(run, action, outcome, bytes_of_text(control_text(line, "reason")));
    return fflush(stdout) == 0;
}

/* ---- the journal ---- */

/* What tells of a failure may wait for a minute: it is followed only where the event has nothing
 * else. Deliveries come in their order, so the others have been counted. */
static void look_at_delivery(void *context, const struct delivery_view *delivery)
{
    struct following *run = context;
    if (delivery->is_notice && run->others > 0)
        return;
    run->others += !delivery->is_notice;
    struct followed_action *action = find_action(run, delivery->action);
    bool is_done = bytes_equal_text(delivery->state, "done");
    bool is_open = bytes_equal_text(delivery->state, "pending") ||
                   bytes_equal_text(delivery->state, "running");
    run->open += is_open;
    run->failed |= !is_open && !is_done && !bytes_equal_text(delivery->state, "superseded");
    if (is_open && action)
        action->is_told = false; /* it is to be told once more, if it was interrupted */
    if (is_open || !action || action->is_told || run->json)
        return;
    char what[32];
    put_output(run, action, false, delivery->output);
    put_output(run, action, true, delivery->error_output);
    snprintf(what, sizeof what, "%.*s", (int)delivery->state.length, delivery->state.data);
    tell_end(run, action, what, delivery->reason);
}

static void note_runner(void *context, struct bytes action, uint64_t runner)
{
    struct following *run = context;
    (void)action;
    if (runner != 0)
        run->runner = runner;
}

static bool read_deliveries(struct following *run)
{
    run->open = run->others = 0;
    run->runner = 0;
    run->failed = false;
    return journal_reader_deliveries(run->reader, run->seq, look_at_delivery, run) &&
           journal_status_open_of(run->status, run->seq, note_runner, run);
}

/* Into memory first: an open query keeps the journal's log from being restarted. */
static bool look(struct following *run)
{
    char *texts[2] = {NULL, NULL};
    size_t lengths[2] = {0, 0};
    run->out = open_memstream(&texts[0], &lengths[0]);
    run->err = run->out ? open_memstream(&texts[1], &lengths[1]) : NULL;
    bool read = run->err && read_deliveries(run);
    if (run->out)
        read = fclose(run->out) == 0 && read;
    if (run->err)
        read = fclose(run->err) == 0 && read;
    run->out = stdout;
    run->err = stderr;
    if (read) {
        fwrite(texts[0], 1, lengths[0], stdout);
        fflush(stdout);
        fwrite(texts[1], 1, lengths[1], stderr);
    }
    free(texts[0]);
    free(texts[1]);
    return read;
}

/* ---- following ---- */

/* Until nothing of the event runs there. */
static void follow_runner(struct following *run)
{
    const struct control_request request = {.journal = run->journal,
                                            .verb = "follow",
                                            .id = run->id,
                                            .runner = run->runner,
                                            .patience_ms = -1,
                                            .line = take_line,
                                            .context = run,
                                            .interrupted = is_interrupted};
    struct error why;
    control_ask(&request, NULL, &why);
}

static int follow(struct following *run)
{
    const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};
    while (!interrupted) {
        if (!look(run)) {
            print_failure("the journal cannot be read");
            return EXIT_ENVIRONMENT;
        }
        if (run->open == 0)
            return run->failed ? EXIT_NO : EXIT_DONE;
        if (run->runner != 0)
            follow_runner(run);
        nanosleep(&pause, NULL);
    }
    return EXIT_DONE;
}

static void note_id(void *context, const struct event_view *event)
{
    struct following *run = context;
    snprintf(run->id, sizeof run->id, "%.*s", (int)event->event.id.length, event->event.id.data);
}

int events_follow(struct journal_reader *reader, const char *journal, int64_t seq, bool json)
{
    const struct sigaction action = {.sa_handler = interrupt};
    struct error why = {"no memory"};
    struct following *run = calloc(1, sizeof *run);
    int code = EXIT_ENVIRONMENT;
    if (run) {
        *run = (struct following){.reader = reader,
                                  .journal = journal,
                                  .seq = seq,
                                  .json = json,
                                  .to_terminal = print_is_for_terminal()};
        run->status = journal_status_open(journal, &why);
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (run && run->status && journal_reader_event(reader, seq, note_id, run))
        code = follow(run);
    else
        print_failure(why.text);
    if (run)
        journal_status_close(run->status);
    free(run);
    return code;
}

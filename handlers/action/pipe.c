/* `pipe:`: the rows, the formats, and an action run that is one frame of a pipe_writer. The
 * frame is made when its turn comes: until then the delivery, which is there anyway, is all that a
 * waiting event takes. */
#include "handlers/action/pipe.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "config/load.h"
#include "handlers/action/envelope.h"
#include "handlers/action/fifo.h"
#include "handlers/action/pipe_writer.h"
#include "handlers/value/reference_load.h"
#include "handlers/value/stored.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FRAME_MAX = 512 * 1024 * 1024, LENGTH_SIZE = 4, LINE_BYTES_MAX = 1 << 20 };

struct action_run {
    struct pipe_frame frame;
    struct pipe_writer *writer;
    const struct pipe_settings *settings;
    const struct delivery *delivery;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
    int64_t started_ns;
    bool no_memory;   /* for its frame */
    struct error why; /* there is no frame */
    struct buffer content;
};

/* ---- formats ---- */

static bool encode_json_lines(struct action_run *run)
{
    return envelope_append(&run->content, run->delivery) && buffer_append_text(&run->content, "\n");
}

static bool encode_body(struct action_run *run)
{
    const struct delivery *delivery = run->delivery;
    bool copied = delivery->body_is_json ? json_append_compact(&run->content, delivery->body)
                                         : buffer_append_bytes(&run->content, delivery->body);
    return copied && buffer_append_text(&run->content, "\n");
}

static bool encode_length(struct action_run *run)
{
    struct buffer *out = &run->content;
    if (!buffer_append(out, "\0\0\0", LENGTH_SIZE) || !envelope_append(out, run->delivery))
        return false;
    size_t length = out->length - LENGTH_SIZE; /* fits: FRAME_MAX */
    for (int i = 0; i < LENGTH_SIZE; i++)
        out->data[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
    return true;
}

/* The line of an event, without its end. False with the sentence for the sender; errno is ENOMEM
 * where it is only memory. */
static bool render_line(const struct pipe_settings *settings, struct value_context *values,
                        struct buffer *out, struct error *why)
{
    const struct reference *culprit = NULL;
    char absence[VALUE_ABSENCE_SIZE] = "";
    enum template_outcome outcome =
        template_render_line(&settings->line, values, LINE_BYTES_MAX, out, &culprit);
    if (outcome == TEMPLATE_DONE)
        return true;
    errno = outcome == TEMPLATE_NO_MEMORY ? ENOMEM : 0;
    if (culprit)
        value_absence(values, culprit, absence);
    return error_set(why, "%.200s in the line of the pipe %s%s",
                     culprit ? culprit->text : "the text", template_outcome_text(outcome), absence);
}

static bool encode_line(struct action_run *run)
{
    struct value_context values;
    value_context_of_stored(&values, run->delivery->stored);
    bool done = render_line(run->settings, &values, &run->content, &run->why);
    value_context_finish(&values);
    return done && buffer_append_text(&run->content, "\n");
}

/* Into run->content. False where the frame is too long or there is no memory (errno ENOMEM), or for
 * the reason that is in run->why. */
static bool (*const encoders[PIPE_FORMATS])(struct action_run *run) = {
    [PIPE_JSON_LINES] = encode_json_lines,
    [PIPE_BODY] = encode_body,
    [PIPE_LENGTH] = encode_length,
    [PIPE_LINE] = encode_line,
};

/* ---- a run ---- */

static const char *run_encode(struct pipe_frame *frame, struct bytes *content)
{
    struct action_run *run = (struct action_run *)frame;
    const struct delivery *delivery = run->delivery;
    if (run->settings->format == PIPE_BODY && !delivery->body_is_json && delivery->body.length &&
        memchr(delivery->body.data, '\n', delivery->body.length))
        return "the body holds a line end, so it cannot be sent as one line: use the format "
               "json-lines or length";
    errno = 0;
    error_set(&run->why, "its frame is too long");
    if (!encoders[run->settings->format](run)) {
        run->no_memory = errno == ENOMEM;
        return run->no_memory ? "the server had no memory for its frame" : run->why.text;
    }
    *content = buffer_bytes(&run->content);
    return NULL;
}

static void run_ended(struct pipe_frame *frame, enum pipe_end end, const char *reason)
{
    static const enum outcome_kind kinds[] = {[PIPE_DELIVERED] = OUTCOME_DONE,
                                              [PIPE_FAILED] = OUTCOME_FAILED,
                                              [PIPE_INTERRUPTED] = OUTCOME_INTERRUPTED};
    struct action_run *run = (struct action_run *)frame;
    struct outcome outcome = {.kind = run->no_memory ? OUTCOME_INTERRUPTED : kinds[end],
                              .exit_status = -1,
                              .torn = frame->torn,
                              .reason = reason,
                              .duration_ms = (clock_monotonic_ns() - run->started_ns) / NS_PER_MS};
    run->done(run->context, &outcome);
    buffer_finish(&run->content);
    free(run);
}

/* A reader wants to open the FIFO before the first event has come. */
static void pipe_prepare(const void *data, const struct action_place *place)
{
    const struct pipe_settings *settings = data;
    struct stat st;
    (void)place;
    if (settings->create && lstat(settings->path, &st) != 0)
        fifo_create(settings->path, (mode_t)settings->create, NULL);
}

static struct action_run *pipe_start(const void *data, struct loop *loop,
                                     const struct delivery *delivery,
                                     void (*done)(void *context, const struct outcome *outcome),
                                     void *context)
{
    const struct pipe_settings *settings = data;
    struct action_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    *run = (struct action_run){.frame = {.encode = run_encode,
                                         .ended = run_ended,
                                         .lines = settings->format != PIPE_LENGTH,
                                         .after_crash = delivery->after_crash},
                               .writer =
                                   pipe_writer_find(loop, settings->path, (mode_t)settings->create),
                               .settings = settings,
                               .delivery = delivery,
                               .done = done,
                               .context = context,
                               .started_ns = clock_monotonic_ns()};
    buffer_init(&run->content, FRAME_MAX);
    if (!run->writer || !pipe_writer_add(run->writer, &run->frame)) {
        free(run);
        return NULL;
    }
    return run;
}

static void pipe_stop(struct action_run *run, int64_t deadline_ns)
{
    pipe_writer_stop(run->writer, &run->frame, deadline_ns);
}

/* A reader that is in the middle of it has all the time it wants. */
static bool pipe_cancel(struct action_run *run)
{
    pipe_stop(run, INT64_MAX);
    return true;
}

/* ---- before an event is accepted ---- */

static bool pipe_try_values(const void *data, struct value_context *values,
                            const struct value_sink *sink, struct error *why)
{
    const struct pipe_settings *settings = data;
    struct buffer line;
    if (settings->format != PIPE_LINE)
        return true;
    buffer_init(&line, LINE_BYTES_MAX);
    bool good = render_line(settings, values, &line, why);
    if (good && sink)
        sink->take(sink->context, VALUE_LINE, NULL, buffer_bytes(&line));
    buffer_finish(&line);
    return good;
}

static bool pipe_visit_references(const void *data, const struct reference_visitor *visitor)
{
    return template_visit(&((const struct pipe_settings *)data)->line, visitor);
}

/* ---- the route file ---- */

#define FIELD(name) offsetof(struct pipe_settings, name)

/* In the order of enum pipe_format. */
static const char *const format_choices[] = {"json-lines", "body", "length", NULL};

/* What stands between the values is written as it is: a line end in it would end the line. */
static bool read_line(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct template *line = field;
    if (!template_load(load, node, "\"line\"", line))
        return false;
    for (size_t i = 0; i < line->count; i++) {
        struct bytes literal = line->parts[i].literal;
        for (size_t j = 0; !line->parts[i].is_value && j < literal.length; j++)
            if ((literal.data[j] < ' ' && literal.data[j] != '\t') || literal.data[j] == 0x7F)
                return load_problem(load, node,
                                    "\"%s\" is one line: the text around its values cannot hold a "
                                    "line end or another control character but a tab",
                                    row->name);
    }
    return true;
}

static const struct row line_rows[] = {
    {.name = "line",
     .type = ROW_CUSTOM,
     .offset = FIELD(line),
     .read = read_line,
     .flags = ROW_REQUIRED,
     .syntax = "text with {{value}}",
     .json_schema = "{\"type\": [\"string\", \"object\"]}",
     .sentence = "The line of an event, such as `{{event.type}} {{payload.ref}}`. Line ends, other "
                 "control characters and backslashes in its values are escaped; docs/actions.md "
                 "says how. An event without one of the values is refused."},
};
static const struct row_section line_section = {
    .name = "format",
    .sentence = "A line of your own.",
    .rows = line_rows,
    .row_count = ROW_COUNT(line_rows),
};

static bool read_format(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct pipe_settings *settings = field;
    if (node->kind == NODE_MAPPING) {
        settings->format = PIPE_LINE;
        return load_section(load, node, row->section, settings);
    }
    for (int i = 0; node->kind == NODE_SCALAR && format_choices[i]; i++) {
        settings->format = i;
        if (strcmp(node->text, format_choices[i]) == 0)
            return true;
    }
    return load_mismatch(load, node, row, "json-lines, body, length or {line: TEXT}");
}

static const struct row pipe_row = {
    "pipe", ROW_PATH, FIELD(path),
    "A FIFO that another program reads. Each event is one frame, and is delivered when the frame "
    "has been read to its end; while no process reads, events wait.",
    .flags = ROW_REQUIRED};

static const struct row pipe_rows[] = {
    {"format", ROW_CUSTOM, 0,
     "The frame of an event: `json-lines` (the JSON envelope as a line), `body` (the body alone as "
     "a line), `length` (the length in four bytes, big-endian, and the JSON envelope) or a line of "
     "your own with values of the event.",
     "json-lines", .choices = format_choices, .read = read_format, .section = &line_section,
     .syntax = "`json-lines`, `body`, `length` or `{line: TEXT}`"},
    {"create", ROW_MODE, FIELD(create),
     "The mode with which a missing FIFO is created (\"0640\": the group may read it).", NULL, 0,
     0777},
};

static const struct row_section pipe_section = {
    .name = "pipe",
    .sentence = "How events are written into the FIFO of a pipe action.",
    .rows = pipe_rows,
    .row_count = ROW_COUNT(pipe_rows),
};

/* Of a FIFO that is to be created. Below /run the start of the service makes its directory. */
static void warn_of_directory(struct load *load, const struct node *node, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    char *directory = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
    if (directory && strncmp(path, "/run/", 5) != 0 && stat(directory, &st) != 0)
        load_warning(load, node, "%s cannot be created at the moment: %s: %s", path, directory,
                     strerror(errno));
    free(directory);
}

static bool finish_pipe(struct load *load, const struct node *node, void *data)
{
    const struct pipe_settings *settings = data;
    struct stat st;
    if (strstr(settings->path, "{{"))
        return load_problem(load, node, "the path of a pipe cannot be a template");
    if (settings->create && (settings->create & 0600) != 0600)
        return load_problem(load, node,
                            "create: the owner must be able to read and write (\"0600\" "
                            "and more): the server is the owner");
    if (lstat(settings->path, &st) == 0) {
        const char *kind = fifo_wrong_kind(st.st_mode);
        return !kind || load_problem(load, node, "%s is %s, not a FIFO", settings->path, kind);
    }
    if (errno != ENOENT)
        load_warning(load, node, "%s cannot be examined: %s", settings->path, strerror(errno));
    else if (!settings->create)
        load_warning(load, node, "there is no FIFO %s at the moment, and create: is not set",
                     settings->path);
    else
        warn_of_directory(load, node, settings->path);
    return true;
}

static void pipe_visit_places(const void *data, const struct place_visitor *visitor)
{
    const struct pipe_settings *settings = data;
    visitor->visit(visitor->context, settings->create ? PLACE_FIFO_MADE : PLACE_FIFO,
                   settings->path);
}

const struct action_kind pipe_action = {
    .kind = {.name = "pipe",
             .sentence = "Writes each event into a FIFO that another program reads.",
             .value = &pipe_row,
             .beside = &pipe_section,
             .settings_size = sizeof(struct pipe_settings),
             .finish = finish_pipe},
    .must_be_recalled = true,
    .try_values = pipe_try_values,
    .visit_references = pipe_visit_references,
    .visit_places = pipe_visit_places,
    .prepare = pipe_prepare,
    .start = pipe_start,
    .stop = pipe_stop,
    .cancel = pipe_cancel,
};

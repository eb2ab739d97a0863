/* `worker:` as it stands in the route file. It has the keys of every process, and no values of an
 * event: its process sees many events. */
#include "config/load.h"
#include "handlers/action/command_texts.h"
#include "handlers/action/process_rows.h"
#include "handlers/action/worker.h"

/* Half of what it is given is sent, the rest is there when it has answered. */
enum { DELIVERIES_A_WINDOW = 2, RECALL_MAX_MS = 10 * 1000, RECALL_MIN_MS = 1000 };

#define FIELD(name) offsetof(struct worker_settings, name)

static const struct row worker_row = {
    .name = "worker",
    .example = "[./consume.py]",
    .type = ROW_CUSTOM,
    .read = command_read_arguments,
    .flags = ROW_REQUIRED,
    .syntax = "a list of strings",
    .json_schema = "{\"type\": \"array\", \"items\": " COMMAND_TEXT_SCHEMA "}",
    .sentence = "The program of the worker and its arguments, started without a shell, as for "
                "`command`. It has no values of an event, in `env` and `cwd` neither, because it "
                "sees many events."};

static const struct row worker_rows[] = {
    {"window", ROW_INTEGER, FIELD(window),
     "How many events the worker may have and not have answered; further ones wait.", "32", 1,
     1000},
    {"timeout", ROW_DURATION, FIELD(command.timeout_ms),
     "The time in which the worker must answer the oldest event that it has not answered. Without "
     "an answer that event has failed, and the worker is ended and started anew.",
     "5m", 1, 7 * 86400 * INT64_C(1000)},
    PROCESS_ROWS,
};

static const struct row_section worker_section = {
    .name = "worker",
    .sentence =
        "How events are given to a worker, and how its process is run. None of this can have "
        "values of an event.",
    .rows = worker_rows,
    .row_count = ROW_COUNT(worker_rows),
};

static bool refuse_values(struct load *load, const struct node *at, const char *subject)
{
    return load_problem(load, at,
                        "%s of a worker cannot have values of the event: it sees many events, and "
                        "gets each as a line on its standard input",
                        subject);
}

/* The first text of the list or map under `key` that has values. */
static const struct node *find_values(const struct node *node, const char *key,
                                      const struct template *templates)
{
    const struct node *list = tree_find(node, key);
    const struct node *text = list ? list->first : NULL;
    while (text && template_is_literal(templates)) {
        text = text->next;
        templates++;
    }
    return text;
}

static bool check_values(struct load *load, const struct node *node,
                         const struct command_templates *templates)
{
    const struct node *argument = find_values(node, "worker", templates->arguments);
    const struct node *variable = find_values(node, "env", templates->env);
    if (argument)
        return refuse_values(load, argument, "an argument");
    if (variable)
        return refuse_values(load, variable, "\"env\"");
    return templates->inside.count == 0 || refuse_values(load, tree_find(node, "cwd"), "\"cwd\"");
}

static bool finish_worker(struct load *load, const struct node *node, void *data)
{
    struct worker_settings *settings = data;
    return check_values(load, node, settings->command.templates) &&
           command_finish(load, node, "worker", &settings->command);
}

static int64_t worker_window(const void *data)
{
    const struct worker_settings *settings = data;
    return DELIVERIES_A_WINDOW * settings->window;
}

/* A newer worker waits so long for the older one to answer what it has. */
static int64_t worker_recall_ms(const void *data)
{
    int64_t ms = ((const struct worker_settings *)data)->command.kill_after_ms;
    return ms < RECALL_MIN_MS ? RECALL_MIN_MS : ms > RECALL_MAX_MS ? RECALL_MAX_MS : ms;
}

static const struct process_settings *worker_process_of(const void *data)
{
    return &((const struct worker_settings *)data)->command.process;
}

/* A worker is heard line by line. */
static bool learn_secrets(void *data, const struct secret_index *secrets)
{
    struct worker_settings *settings = data;
    return command_learn_secrets(data, secrets) && secret_mask_learn_lines(&settings->command.mask);
}

const struct action_kind worker_action = {
    .kind = {.name = "worker",
             .sentence = "Gives each event as a line to a program that is started once and stays, "
                         "and that answers with a line.",
             .value = &worker_row,
             .beside = &worker_section,
             .settings_size = sizeof(struct worker_settings),
             .finish = finish_worker},
    .process = worker_process_of,
    .must_be_recalled = true,
    .shares_process = true,
    .recall_ms = worker_recall_ms,
    .window = worker_window,
    .visit_places = command_visit_places,
    .prepare = worker_prepare,
    .learn_secrets = learn_secrets,
    .start = worker_start,
    .stop = worker_stop,
    .cancel = worker_cancel,
};

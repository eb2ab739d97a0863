/* The listener asks whether the values would do before it accepts an event, and the runner makes
 * them from what is stored, by the same code: what was accepted can be carried out, unless the file
 * has changed in between. */
#include "handlers/action/command_values.h"

#include "handlers/action/spawn.h"

#include <errno.h>

/* All values together. Linux takes about 2 MiB of arguments and variables. */
enum { VALUES_MAX = 1 << 20 };

struct filling {
    const struct command_settings *settings;
    struct value_context *values;
    struct arena *arena;           /* for what is kept, if it is */
    struct command_given *given;   /* NULL: nothing is */
    const struct value_sink *sink; /* NULL: nobody wants to see it */
    struct buffer text;            /* of one template at a time */
    size_t total;
    struct error *why;
};

static bool refuse_memory(struct filling *filling)
{
    errno = ENOMEM;
    return error_set(filling->why, "no memory for the values of the command");
}

/* The text of a template in filling->text. */
static bool render(struct filling *filling, const struct template *template, size_t limit,
                   const char *where)
{
    const struct reference *culprit = NULL;
    filling->text.length = 0;
    enum template_outcome outcome =
        template_render(template, filling->values, limit, &filling->text, &culprit);
    if (outcome == TEMPLATE_NO_MEMORY)
        return refuse_memory(filling);
    if (outcome != TEMPLATE_DONE)
        return error_set(filling->why, "%.200s in %s %s", culprit ? culprit->text : "the text",
                         where, template_outcome_text(outcome));
    filling->total += filling->text.length;
    return filling->total <= VALUES_MAX ||
           error_set(filling->why, "the values of the command are longer than 1 MiB together");
}

/* One text is complete: `*place` (may be NULL) keeps it; what is not rendered lives in the
 * settings.
 */
static bool deliver(struct filling *filling, const char *name, const char *literal,
                    const char **place)
{
    struct bytes text = literal ? bytes_of_text(literal) : buffer_bytes(&filling->text);
    if (filling->sink)
        filling->sink->take(filling->sink->context, name, text);
    if (!place)
        return true;
    *place = literal ? literal : arena_copy_bytes(filling->arena, text);
    return *place || refuse_memory(filling);
}

/* Programs take what begins so for an option. A default is the route file's own. */
static bool is_option(const struct filling *filling, const struct template *template)
{
    struct bytes text = buffer_bytes(&filling->text);
    const struct template_part *first = template->parts;
    return template_begins_with_value(template) && text.length && text.data[0] == '-' &&
           !(template->count == 1 && first->has_default && bytes_equal(text, first->default_text));
}

static bool fill_arguments(struct filling *filling)
{
    const struct command_settings *settings = filling->settings;
    for (size_t i = 0; i < settings->command.count; i++) {
        const struct template *template = &settings->templates->arguments[i];
        const char *literal = template_is_literal(template) ? settings->command.items[i] : NULL;
        char name[32];
        snprintf(name, sizeof name, "argument %zu", i);
        if (!literal && !render(filling, template, SPAWN_TEXT_MAX, name))
            return false;
        if (!literal && !settings->allow_dash && is_option(filling, template))
            return error_set(filling->why,
                             "%.200s in %s begins with \"-\", which is not allowed for a value "
                             "(allow_dash)",
                             template->parts[0].reference.text, name);
        if (!deliver(filling, name, literal, filling->given ? &filling->given->arguments[i] : NULL))
            return false;
    }
    return true;
}

static bool fill_env(struct filling *filling)
{
    const struct command_settings *settings = filling->settings;
    for (size_t i = 0; i < settings->env.count; i++) {
        const struct template *template = &settings->templates->env[i];
        const char *literal = template_is_literal(template) ? settings->env.values[i] : NULL;
        const char *name = settings->env.names[i];
        if (!literal && !render(filling, template, SPAWN_TEXT_MAX - strlen(name) - 1, name))
            return false;
        if (!deliver(filling, name, literal, filling->given ? &filling->given->env[i] : NULL))
            return false;
    }
    return true;
}

/* Every part of the path is a name. The kernel holds it to that too, with the links that it may
 * find (RESOLVE_BENEATH). */
static bool stays_inside(struct bytes path)
{
    size_t start = 0;
    for (size_t i = 0; i <= path.length; i++) {
        if (i < path.length && path.data[i] != '/')
            continue;
        struct bytes part = bytes_of(path.data + start, i - start);
        if (part.length == 0 || bytes_equal_text(part, ".") || bytes_equal_text(part, ".."))
            return false;
        start = i + 1;
    }
    return true;
}

static bool fill_directory(struct filling *filling)
{
    const struct template *template = &filling->settings->templates->inside;
    if (template->count == 0)
        return true;
    if (!render(filling, template, SPAWN_PATH_MAX, "cwd"))
        return false;
    if (!stays_inside(buffer_bytes(&filling->text)))
        return error_set(filling->why,
                         "the values of cwd make a path that is not below %.200s: every part of "
                         "it must be a name",
                         filling->settings->cwd);
    return deliver(filling, "cwd", NULL, filling->given ? &filling->given->inside : NULL);
}

static bool fill_all(struct filling *filling)
{
    buffer_init(&filling->text, SPAWN_TEXT_MAX);
    bool good = fill_arguments(filling) && fill_env(filling) && fill_directory(filling);
    buffer_finish(&filling->text);
    return good;
}

/* Without templates the texts of the file are what is given. */
static void show_literals(const struct command_settings *settings, const struct value_sink *sink)
{
    char name[32];
    for (size_t i = 0; i < settings->command.count; i++) {
        snprintf(name, sizeof name, "argument %zu", i);
        sink->take(sink->context, name, bytes_of_text(settings->command.items[i]));
    }
    for (size_t i = 0; i < settings->env.count; i++)
        sink->take(sink->context, settings->env.names[i], bytes_of_text(settings->env.values[i]));
}

bool command_fill(const struct command_settings *settings, struct value_context *values,
                  struct arena *arena, struct command_given *given, struct error *why)
{
    struct filling filling = {
        .settings = settings, .values = values, .arena = arena, .given = given, .why = why};
    *given = (struct command_given){
        .arguments = arena_alloc_array(arena, settings->command.count + 1, sizeof(char *)),
        .env = arena_alloc_array(arena, settings->env.count + 1, sizeof(char *))};
    if (!given->arguments || !given->env)
        return refuse_memory(&filling);
    if (settings->templates)
        return fill_all(&filling);
    memcpy(given->arguments, settings->command.items,
           settings->command.count * sizeof *given->arguments);
    if (settings->env.count)
        memcpy(given->env, settings->env.values, settings->env.count * sizeof *given->env);
    return true;
}

bool command_try_values(const void *data, struct value_context *values,
                        const struct value_sink *sink, struct error *why)
{
    const struct command_settings *settings = data;
    struct filling filling = {.settings = settings, .values = values, .sink = sink, .why = why};
    errno = 0;
    if (settings->templates)
        return fill_all(&filling);
    if (sink)
        show_literals(settings, sink);
    return true;
}

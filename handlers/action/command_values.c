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
    char absence[VALUE_ABSENCE_SIZE] = "";
    filling->text.length = 0;
    enum template_outcome outcome =
        template_render(template, filling->values, limit, &filling->text, &culprit);
    if (outcome == TEMPLATE_NO_MEMORY)
        return refuse_memory(filling);
    if (outcome != TEMPLATE_DONE && culprit)
        value_absence(filling->values, culprit, absence);
    if (outcome != TEMPLATE_DONE)
        return error_set(filling->why, "%.200s in %s %s%s", culprit ? culprit->text : "the text",
                         where, template_outcome_text(outcome), absence);
    filling->total += filling->text.length;
    return filling->total <= VALUES_MAX ||
           error_set(filling->why, "the values of the command are longer than 1 MiB together");
}

static void show(const struct filling *filling, enum value_place place, const char *name,
                 struct bytes text)
{
    if (filling->sink)
        filling->sink->take(filling->sink->context, place, name, text);
}

/* One text is complete: `*kept` (may be NULL) keeps it; a literal lives in the settings. */
static bool keep(struct filling *filling, const char *literal, const char **kept)
{
    if (!kept)
        return true;
    *kept = literal ? literal : arena_copy_bytes(filling->arena, buffer_bytes(&filling->text));
    return *kept || refuse_memory(filling);
}

static struct bytes text_of(const struct filling *filling, const char *literal)
{
    return literal ? bytes_of_text(literal) : buffer_bytes(&filling->text);
}

/* NULL: the text has no values, and is taken as it is written. */
static const struct template *with_values(const struct template *templates, size_t index)
{
    bool is_plain = !templates || template_is_literal(&templates[index]);
    return is_plain ? NULL : &templates[index];
}

/* Programs take what begins so for an option. A default is the route file's own. */
static bool is_option(const struct filling *filling, const struct template *template)
{
    struct bytes text = buffer_bytes(&filling->text);
    const struct template_part *first = template->parts;
    return template_begins_with_value(template) && text.length && text.data[0] == '-' &&
           !(template->count == 1 && first->reference.has_default &&
             bytes_equal(text, first->default_text));
}

static bool fill_argument(struct filling *filling, const struct template *template, size_t index)
{
    char where[32];
    snprintf(where, sizeof where, "argument %zu", index);
    if (!render(filling, template, SPAWN_TEXT_MAX, where))
        return false;
    if (filling->settings->allow_dash || !is_option(filling, template))
        return true;
    return error_set(filling->why,
                     "%.200s in %s begins with \"-\", which is not allowed for a value "
                     "(allow_dash)",
                     template->parts[0].reference.text, where);
}

static bool fill_arguments(struct filling *filling)
{
    const struct command_settings *settings = filling->settings;
    const struct command_templates *templates = settings->templates;
    for (size_t i = 0; i < settings->command.count; i++) {
        const struct template *template = with_values(templates ? templates->arguments : NULL, i);
        const char *literal = template ? NULL : settings->command.items[i];
        if (template && !fill_argument(filling, template, i))
            return false;
        show(filling, VALUE_ARGUMENT, NULL, text_of(filling, literal));
        if (!keep(filling, literal, filling->given ? &filling->given->arguments[i] : NULL))
            return false;
    }
    return true;
}

static bool fill_env(struct filling *filling)
{
    const struct command_settings *settings = filling->settings;
    const struct command_templates *templates = settings->templates;
    for (size_t i = 0; i < settings->env.count; i++) {
        const struct template *template = with_values(templates ? templates->env : NULL, i);
        const char *name = settings->env.names[i];
        const char *literal = template ? NULL : settings->env.values[i];
        if (template && !render(filling, template, SPAWN_TEXT_MAX - strlen(name) - 1, name))
            return false;
        show(filling, VALUE_VARIABLE, name, text_of(filling, literal));
        if (!keep(filling, literal, filling->given ? &filling->given->env[i] : NULL))
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

static void show_directory(const struct filling *filling, struct bytes inside)
{
    const char *above = filling->settings->cwd;
    struct buffer text;
    if (!filling->sink || !above)
        return;
    buffer_init(&text, 2 * SPAWN_PATH_MAX);
    bool is_parted = inside.length == 0 || above[strlen(above) - 1] == '/';
    if (buffer_append_text(&text, above) && buffer_append_text(&text, is_parted ? "" : "/") &&
        buffer_append_bytes(&text, inside))
        show(filling, VALUE_DIRECTORY, NULL, buffer_bytes(&text));
    buffer_finish(&text);
}

static bool fill_directory(struct filling *filling)
{
    const struct command_templates *templates = filling->settings->templates;
    if (!templates || templates->inside.count == 0) {
        show_directory(filling, bytes_of(NULL, 0));
        return true;
    }
    if (!render(filling, &templates->inside, SPAWN_PATH_MAX, "cwd"))
        return false;
    if (!stays_inside(buffer_bytes(&filling->text)))
        return error_set(filling->why,
                         "the values of cwd make a path that is not below %.200s: every part of "
                         "it must be a name",
                         filling->settings->cwd);
    show_directory(filling, buffer_bytes(&filling->text));
    return keep(filling, NULL, filling->given ? &filling->given->inside : NULL);
}

static bool fill_all(struct filling *filling)
{
    buffer_init(&filling->text, SPAWN_TEXT_MAX);
    bool good = fill_arguments(filling) && fill_env(filling) && fill_directory(filling);
    buffer_finish(&filling->text);
    return good;
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
    return fill_all(&filling);
}

bool command_try_values(const void *data, struct value_context *values,
                        const struct value_sink *sink, struct error *why)
{
    const struct command_settings *settings = data;
    struct filling filling = {.settings = settings, .values = values, .sink = sink, .why = why};
    errno = 0;
    return (!settings->templates && !sink) || fill_all(&filling);
}

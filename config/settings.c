/* The destruction of a snapshot, and lookups in one. */
#include "config/settings.h"

#include <stdlib.h>

void owned_destroy(struct owned *list)
{
    for (; list; list = list->next)
        list->destroy(list->object);
}

void settings_forget_secrets(struct settings *settings)
{
    for (size_t i = 0; i < settings->secret_count; i++)
        secret_list_finish(settings->secrets[i]);
}

void settings_destroy(struct settings *settings)
{
    if (!settings)
        return;
    settings_forget_secrets(settings);
    owned_destroy(settings->owned);
    free(settings->secrets);
    arena_finish(&settings->arena);
    free(settings);
}

static void *find_part(const struct row_section *const *sections, void **parts,
                       const struct row_section *section)
{
    for (size_t i = 0; sections && sections[i]; i++)
        if (sections[i] == section)
            return parts[i];
    return NULL;
}

void *settings_top_part(const struct settings *settings, const struct row_section *section)
{
    return find_part(settings->registry->top_parts, settings->parts, section);
}

void *action_part(const struct settings *settings, const struct action_settings *action,
                  const struct row_section *section)
{
    return find_part(settings->registry->action_parts, action->parts, section);
}

void settings_problem(struct problem_list *problems, enum problem_kind kind,
                      const struct position *at, const char *format, ...)
{
    va_list args;
    const struct source *source = problems->sources;
    while (source && at->file && strcmp(source->name, at->file) != 0)
        source = source->next;
    va_start(args, format);
    problem_add(problems, kind, at->file ? source : NULL, at->line, at->column, 0, format, args);
    va_end(args);
}

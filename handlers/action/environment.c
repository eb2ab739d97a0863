/* Built anew for each process from an allow-list, so that nothing gets in by being forgotten. Only
 * values come from the sender, never names. */
#include "handlers/action/environment.h"

#include "handlers/action/spawn.h"
#include "handlers/content/form.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAILURE_VARIABLES = 5 };

struct environment {
    struct arena *arena;
    const char **items;
    size_t count;
};

static bool environment_add(struct environment *env, const char *name, const char *value,
                            struct error *err)
{
    if (strlen(name) + 1 + strlen(value) > SPAWN_TEXT_MAX)
        return error_set(err, "the value of %s is longer than a process can get (128 KiB)", name);
    char *text = arena_format(env->arena, "%s=%s", name, value);
    if (!text)
        return error_set(err, "out of memory");
    env->items[env->count++] = text;
    return true;
}

static bool is_set_by_file(const struct command_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->env.count; i++)
        if (strcmp(settings->env.names[i], name) == 0)
            return true;
    return false;
}

static bool add_passed(struct environment *env, const struct command_settings *settings,
                       struct error *err)
{
    for (size_t i = 0; i < settings->pass_env.count; i++) {
        const char *name = settings->pass_env.items[i];
        const char *own = process_own_variable(&settings->process, name);
        const char *value = own ? own : getenv(name);
        if (value && !is_set_by_file(settings, name) && !environment_find(env->items, name) &&
            !environment_add(env, name, value, err))
            return false;
    }
    return true;
}

static bool add_event(struct environment *env, const struct delivery *delivery, struct error *err)
{
    const struct delivery_names *names = delivery->names;
    for (size_t i = 0; i < names->variable_count; i++)
        if (!environment_add(env, names->variables[i].name,
                             delivery->texts[names->variables[i].text], err))
            return false;
    for (size_t i = 0; i < delivery->param_count; i++)
        if (!environment_add(env, delivery->params[i].name, delivery->params[i].text, err))
            return false;
    return true;
}

/* What a sender or a command has written may hold NUL bytes. */
static bool add_bytes(struct environment *env, const char *name, struct bytes value,
                      struct error *err)
{
    char *text = arena_copy_bytes(env->arena, value);
    if (!text)
        return error_set(err, "out of memory");
    for (size_t i = 0; i < value.length; i++)
        if (text[i] == '\0')
            text[i] = '?';
    return environment_add(env, name, text, err);
}

/* One output is enough for a message: what a command says of its failure is its standard error. */
static bool add_failure(struct environment *env, const struct delivery_failure *failure,
                        struct error *err)
{
    char attempts[24], count[24];
    bool said = failure->error_output.length > 0;
    snprintf(attempts, sizeof attempts, "%u", failure->attempts);
    snprintf(count, sizeof count, "%lld", (long long)failure->count);
    return add_bytes(env, "TENTERHOOK_FAILED_ACTION", failure->action, err) &&
           add_bytes(env, "TENTERHOOK_FAILED_REASON", failure->reason, err) &&
           environment_add(env, "TENTERHOOK_FAILED_ATTEMPTS", attempts, err) &&
           environment_add(env, "TENTERHOOK_FAILED_COUNT", count, err) &&
           add_bytes(env, "TENTERHOOK_FAILED_OUTPUT",
                     said ? failure->error_output : failure->output, err);
}

/* A multipart form always has the count, so that a loop over its files is one without any. */
static bool add_files(struct environment *env, const struct form *form, const char *files,
                      struct error *err)
{
    char name[sizeof "TENTERHOOK_FILE_" + 20], value[PATH_MAX + 64];
    snprintf(value, sizeof value, "%zu", files ? form->file_count : 0);
    if (!environment_add(env, "TENTERHOOK_FILE_COUNT", value, err) ||
        (files && !environment_add(env, "TENTERHOOK_FILES", files, err)))
        return false;
    for (size_t i = 1; files && i <= form->file_count; i++) {
        snprintf(name, sizeof name, "TENTERHOOK_FILE_%zu", i);
        snprintf(value, sizeof value, "%s/%zu", files, i);
        if (!environment_add(env, name, value, err))
            return false;
    }
    return true;
}

const char *const *environment_build(struct arena *arena, const struct command_settings *settings,
                                     const char *const *env_values, const struct delivery *delivery,
                                     const char *body_file, const char *files, struct error *err)
{
    size_t most = settings->pass_env.count + settings->env.count + delivery->names->variable_count +
                  delivery->param_count + 2 +
                  (delivery->parts ? 2 + delivery->parts->file_count : 0) +
                  (delivery->failure ? FAILURE_VARIABLES : 0);
    struct environment env = {arena, arena_alloc_array(arena, most, sizeof(char *)), 0};
    if (!env.items) {
        error_set(err, "out of memory");
        return NULL;
    }
    if (!add_passed(&env, settings, err))
        return NULL;
    for (size_t i = 0; i < settings->env.count; i++)
        if (!environment_add(&env, settings->env.names[i], env_values[i], err))
            return NULL;
    if (body_file && !environment_add(&env, "TENTERHOOK_BODY_FILE", body_file, err))
        return NULL;
    if (delivery->parts && !add_files(&env, delivery->parts, files, err))
        return NULL;
    if (delivery->failure && !add_failure(&env, delivery->failure, err))
        return NULL;
    return add_event(&env, delivery, err) ? env.items : NULL;
}

bool command_learn_secrets(void *data, const struct secret_index *secrets)
{
    struct command_settings *settings = data;
    struct secret_mask *mask = &settings->mask;
    bool learnt = true;
    for (size_t i = 0; i < settings->command.count; i++)
        learnt &= secret_mask_learn(mask, secrets, bytes_of_text(settings->command.items[i]));
    for (size_t i = 0; i < settings->env.count; i++)
        learnt &= secret_mask_learn(mask, secrets, bytes_of_text(settings->env.values[i]));
    for (size_t i = 0; i < settings->pass_env.count; i++)
        learnt &=
            secret_mask_learn(mask, secrets, bytes_of_text(getenv(settings->pass_env.items[i])));
    return learnt;
}

const char *environment_find(const char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

/* Built anew for each process from an allow-list, so that nothing gets in by being forgotten. Only
 * values come from the sender, never names. */
#include "handlers/action/environment.h"

#include "handlers/action/spawn.h"

#include <stdlib.h>

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

const char *const *environment_build(struct arena *arena, const struct command_settings *settings,
                                     const char *const *env_values, const struct delivery *delivery,
                                     const char *body_file, struct error *err)
{
    size_t most = settings->pass_env.count + settings->env.count + delivery->names->variable_count +
                  delivery->param_count + 2;
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

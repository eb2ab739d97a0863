/* Kinds shaped as the real ones are: a section, a flag, a list, a path, a name. */
#include "fake_registry.h"

#include "config/load.h"

/* ---- auth ---- */

static const struct row token_rows[] = {
    {.name = "header",
     .type = ROW_TEXT,
     .offset = offsetof(struct fake_token, header),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = 100,
     .sentence = "The header."},
    {.name = "value",
     .type = ROW_SECRET,
     .offset = offsetof(struct fake_token, value),
     .flags = ROW_REQUIRED,
     .sentence = "The token."},
};
static const struct row_section token_section = {.name = "token",
                                                 .sentence = "A token.",
                                                 .rows = token_rows,
                                                 .row_count = ROW_COUNT(token_rows),
                                                 .size = sizeof(struct fake_token)};
static const struct row token_row = {
    .name = "token", .type = ROW_SECTION, .section = &token_section, .sentence = "A token."};
static const struct handler_kind token_kind = {.name = "token",
                                               .sentence = "A token.",
                                               .value = &token_row,
                                               .settings_size = sizeof(struct fake_token)};

static bool finish_none(struct load *load, const struct node *node, void *settings)
{
    return *(bool *)settings || load_problem(load, node, "\"none\" must be true");
}

static const struct row none_row = {.name = "none", .type = ROW_BOOL, .sentence = "Nothing."};
static const struct handler_kind none_kind = {.name = "none",
                                              .sentence = "Nothing.",
                                              .value = &none_row,
                                              .settings_size = sizeof(bool),
                                              .finish = finish_none};

static const struct handler_kind *const authenticators[] = {&token_kind, &none_kind, NULL};

/* ---- provider ---- */

static bool read_provider(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct fake_provider *provider = field;
    static const char *const names[] = {"github", "gitlab", NULL};
    const char *nearest;
    provider->name = load_text(load, node, row);
    if (!provider->name)
        return false;
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], provider->name) == 0)
            return true;
    nearest = nearest_name(provider->name, names);
    return load_problem(load, node, "unknown provider \"%s\"%s%s", provider->name,
                        nearest ? ", did you mean " : "", nearest ? nearest : "");
}

static bool finish_provider(struct load *load, const struct node *node, void *settings)
{
    struct fake_provider *provider = settings;
    return provider->secrets.count || load_problem(load, node, "the provider needs a \"secret\"");
}

/* Those of gitlab, for four days. */
static int64_t provider_replayable_ms(const void *settings)
{
    const struct fake_provider *provider = settings;
    return strcmp(provider->name, "gitlab") == 0 ? INT64_C(4) * 86400000 : 0;
}

static const struct row provider_row = {
    .name = "provider", .type = ROW_CUSTOM, .read = read_provider, .sentence = "Who sends."};
static const struct handler_kind provider_kind = {.name = "provider",
                                                  .sentence = "Who sends.",
                                                  .value = &provider_row,
                                                  .settings_size = sizeof(struct fake_provider),
                                                  .finish = finish_provider,
                                                  .replayable_ms = provider_replayable_ms};

/* ---- actions ---- */

static const char *const stdin_choices[] = {"body", "event", "none", NULL};

static const struct row beside_rows[] = {
    {.name = "env",
     .type = ROW_TEXT_MAP,
     .offset = offsetof(struct fake_command, env),
     .sentence = "Variables."},
    {.name = "timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct fake_command, timeout_ms),
     .default_text = "5m",
     .min = 1,
     .max = 86400000,
     .sentence = "How long."},
    {.name = "stdin",
     .type = ROW_CHOICE,
     .offset = offsetof(struct fake_command, std_in),
     .choices = stdin_choices,
     .default_text = "body",
     .sentence = "What it reads."},
};
static const struct row_section beside = {.name = "command",
                                          .sentence = "A command.",
                                          .rows = beside_rows,
                                          .row_count = ROW_COUNT(beside_rows)};
static const struct row command_row = {.name = "command",
                                       .type = ROW_TEXTS,
                                       .min = 1,
                                       .max = 100,
                                       .flags = ROW_EMPTY_OK,
                                       .sentence = "The argv."};
static const struct handler_kind command_kind = {.name = "command",
                                                 .sentence = "A command.",
                                                 .value = &command_row,
                                                 .beside = &beside,
                                                 .settings_size = sizeof(struct fake_command)};

static const struct row pipe_row = {.name = "pipe", .type = ROW_PATH, .sentence = "The FIFO."};
static const struct handler_kind pipe_kind = {.name = "pipe",
                                              .sentence = "A FIFO.",
                                              .value = &pipe_row,
                                              .settings_size = sizeof(const char *)};

static const struct handler_kind *const actions[] = {&command_kind, &pipe_kind, NULL};

/* ---- parts ---- */

static bool finish_part(struct load *load, const struct node *node, void *settings)
{
    struct fake_part *part = settings;
    (void)load;
    (void)node;
    part->finished = true;
    return true;
}

#define PART(name_, key_)                                                                          \
    static const struct row name_##_rows[] = {{.name = key_,                                       \
                                               .type = ROW_TEXT,                                   \
                                               .offset = offsetof(struct fake_part, label),        \
                                               .default_text = "none",                             \
                                               .sentence = "A label.",                             \
                                               .flags = ROW_IN_INCLUDES}};                         \
    const struct row_section name_ = {.name = key_,                                                \
                                      .sentence = "A part.",                                       \
                                      .rows = name_##_rows,                                        \
                                      .row_count = 1,                                              \
                                      .size = sizeof(struct fake_part),                            \
                                      .finish = finish_part};

PART(fake_route_keys, "route_label")
PART(fake_top_part, "top_label")
PART(fake_action_part, "action_label")

static const struct route_part fake_route_part = {.keys = &fake_route_keys, .after = "path"};
static const struct route_part *const route_parts[] = {&fake_route_part, NULL};
static const struct row_section *const top_parts[] = {&fake_top_part, NULL};
static const struct row_section *const action_parts[] = {&fake_action_part, NULL};

const struct registry fake_registry = {.authenticators = authenticators,
                                       .actions = actions,
                                       .provider = &provider_kind,
                                       .route_parts = route_parts,
                                       .top_parts = top_parts,
                                       .action_parts = action_parts};

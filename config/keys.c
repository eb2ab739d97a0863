/* The walk knows the three places where rows are not enough: a route is read by several sections,
 * `auth` holds kinds of the registry, and so does an action, with the keys beside them. */
#include "config/keys.h"

#include "base/units.h"
#include "config/actions.h"
#include "config/route.h"
#include "config/rows.h"

#include <stdio.h>

enum { DEPTH_MAX = 8 };

struct walk {
    const struct registry *registry;
    void (*visit)(void *context, const struct key_group *group);
    void *context;
    unsigned depth;
};

static void group_add(struct key_group *group, const struct row *row)
{
    if (group->count < KEY_ROWS_MAX)
        group->rows[group->count++] = row;
}

static void group_add_section(struct key_group *group, const struct row_section *section)
{
    for (size_t i = 0; i < section->row_count; i++)
        group_add(group, &section->rows[i]);
}

static void group_add_parts(struct key_group *group, const struct row_section *const *parts)
{
    for (; parts && *parts; parts++)
        group_add_section(group, *parts);
}

static void group_add_kinds(struct key_group *group, const struct handler_kind *const *kinds)
{
    for (; *kinds; kinds++)
        group_add(group, (*kinds)->value);
    group->kind_count = group->count;
}

static void group_init(struct key_group *group, const char *parent, const char *name,
                       const char *sentence)
{
    *group = (struct key_group){.sentence = sentence};
    snprintf(group->path, sizeof group->path, "%s%s%s", parent, *parent ? "." : "", name);
}

static void walk_row(struct walk *walk, const char *parent, const struct row *row);

static void walk_group(struct walk *walk, const struct key_group *group)
{
    walk->visit(walk->context, group);
    for (size_t i = 0; i < group->count; i++)
        walk_row(walk, group->path, group->rows[i]);
}

static void walk_section(struct walk *walk, const char *parent, const char *name,
                         const struct row_section *section)
{
    struct key_group group;
    if (walk->depth == DEPTH_MAX) /* a section may hold itself: conditions do */
        return;
    walk->depth++;
    group_init(&group, parent, name, section->sentence);
    group_add_section(&group, section);
    walk_group(walk, &group);
    walk->depth--;
}

static void walk_auth(struct walk *walk)
{
    struct key_group group;
    group_init(&group, "routes", "auth",
               "A mapping of kinds, or a list of them; all kinds given must pass.");
    group_add_kinds(&group, walk->registry->authenticators);
    walk_group(walk, &group);
}

/* Kinds may share their keys (command and shell do): those are shown once, with the first. */
static bool beside_seen(const struct handler_kind *const *kinds, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (kinds[i]->beside == kinds[index]->beside)
            return true;
    return false;
}

/* So they may share a section of these keys (`limits`). */
static bool section_seen(const struct handler_kind *const *kinds, size_t index,
                         const struct row_section *section)
{
    for (size_t i = 0; i < index; i++)
        for (size_t j = 0; kinds[i]->beside && j < kinds[i]->beside->row_count; j++)
            if (kinds[i]->beside->rows[j].section == section)
                return true;
    return false;
}

static const char *beside_names(const struct handler_kind *const *kinds, size_t index,
                                char text[128])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = index; kinds[i] && used < 100; i++)
        if (kinds[i]->beside == kinds[index]->beside)
            used += (size_t)snprintf(text + used, 128 - used, "%s`%s`", used ? ", " : "",
                                     kinds[i]->name);
    return text;
}

static void walk_actions(struct walk *walk)
{
    const struct handler_kind *const *kinds = walk->registry->actions;
    struct key_group group;
    char names[128];
    group_init(&group, "routes", "actions",
               "A list of actions. Each action has the key of exactly one kind, and may have the "
               "keys that belong to that kind.");
    group_add_kinds(&group, kinds);
    group_add_section(&group, &action_section);
    group_add_parts(&group, walk->registry->action_parts);
    walk_group(walk, &group);
    for (size_t i = 0; kinds[i]; i++) {
        if (!kinds[i]->beside || beside_seen(kinds, i))
            continue;
        group_init(&group, "routes", "actions", kinds[i]->beside->sentence);
        group.beside = beside_names(kinds, i, names);
        group_add_section(&group, kinds[i]->beside);
        walk->visit(walk->context, &group);
        for (size_t j = 0; j < group.count; j++)
            if (!group.rows[j]->section || !section_seen(kinds, i, group.rows[j]->section))
                walk_row(walk, group.path, group.rows[j]);
    }
}

/* The parts that follow the own key `after`; NULL: those that are the last. */
static void visit_parts(const struct registry *registry, const char *after,
                        void (*visit)(void *context, const struct row *row), void *context)
{
    const struct route_part *const *parts = registry->route_parts;
    for (; parts && *parts; parts++) {
        const char *own = (*parts)->after;
        if (after && own ? strcmp(own, after) != 0 : after != own)
            continue;
        for (size_t i = 0; i < (*parts)->keys->row_count; i++)
            visit(context, &(*parts)->keys->rows[i]);
    }
}

void keys_of_route(const struct registry *registry,
                   void (*visit)(void *context, const struct row *row), void *context)
{
    for (size_t i = 0; i < route_section.row_count; i++) {
        visit(context, &route_section.rows[i]);
        visit_parts(registry, route_section.rows[i].name, visit, context);
    }
    visit_parts(registry, NULL, visit, context);
}

static void add_route_key(void *context, const struct row *row)
{
    group_add(context, row);
}

static void walk_routes(struct walk *walk)
{
    struct key_group group;
    group_init(&group, "", "routes", route_section.sentence);
    keys_of_route(walk->registry, add_route_key, &group);
    walk_group(walk, &group);
}

static void walk_row(struct walk *walk, const char *parent, const struct row *row)
{
    static const struct {
        const char *parent, *name;
        void (*walk)(struct walk *walk);
    } special[] = {{"", "routes", walk_routes},
                   {"routes", "auth", walk_auth},
                   {"routes", "actions", walk_actions}};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(special[i].parent, parent) == 0 && strcmp(special[i].name, row->name) == 0) {
            special[i].walk(walk);
            return;
        }
    char name[80];
    snprintf(name, sizeof name, "%s%s", row->name, row->flags & ROW_NAMES_INSIDE ? ".NAME" : "");
    if (row->section)
        walk_section(walk, parent, name, row->section);
}

void keys_walk(const struct registry *registry,
               void (*visit)(void *context, const struct key_group *group), void *context)
{
    struct walk walk = {.registry = registry, .visit = visit, .context = context};
    struct key_group group;
    group_init(&group, "", "", top_section.sentence);
    group_add_section(&group, &top_section);
    group_add_parts(&group, registry->top_parts);
    walk_group(&walk, &group);
}

/* ---- values ---- */

static void format_plain(int64_t value, char text[32])
{
    snprintf(text, 32, "%lld", (long long)value);
}

static const struct {
    const char *text;
    void (*format)(int64_t value, char text[32]); /* of bounds */
} type_texts[] = {
    [ROW_BOOL] = {"`true` or `false`", NULL},
    [ROW_INTEGER] = {"an integer", format_plain},
    [ROW_SIZE] = {"a size", units_format_size},
    [ROW_DURATION] = {"a duration", units_format_duration},
    [ROW_TEXT] = {"a string", NULL},
    [ROW_CHOICE] = {"", NULL},
    [ROW_PATH] = {"a path", NULL},
    [ROW_MODE] = {"an octal number in quotes, such as `\"0620\"`", NULL},
    [ROW_TEXTS] = {"a list of strings", NULL},
    [ROW_TEXT_MAP] = {"a map of strings", NULL},
    [ROW_SECRET] = {"a [secret](#secrets)", NULL},
    [ROW_SECTION] = {"a mapping", NULL},
    [ROW_SECTIONS] = {"a list of mappings", NULL},
    [ROW_CUSTOM] = {"", NULL},
};

static void choice_text(const struct row *row, char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; row->choices[i] && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s`%s`",
                                 i == 0                ? ""
                                 : row->choices[i + 1] ? ", "
                                                       : " or ",
                                 row->choices[i]);
}

void key_value_text(const struct row *row, char *text, size_t size)
{
    char min[32], max[32];
    if (row->type == ROW_CHOICE) {
        choice_text(row, text, size);
        return;
    }
    int used =
        snprintf(text, size, "%s",
                 row->type == ROW_CUSTOM && row->syntax ? row->syntax : type_texts[row->type].text);
    if (type_texts[row->type].format && (row->min || row->max)) {
        type_texts[row->type].format(row->min, min);
        type_texts[row->type].format(row->max, max);
        snprintf(text + used, size - (size_t)used, ", %s to %s", min, max);
    } else if ((row->flags & ROW_ONE_OK) && row->type != ROW_CUSTOM) {
        snprintf(text + used, size - (size_t)used, ", or one alone");
    }
}

/* The actions of a route. The mapping of an action is read by several sections at once: config's
 * own rows, those of the registry's action_parts, the key that chooses the kind, and the keys that
 * may stand beside it. */
#include "config/actions.h"

#include "config/load_private.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/section.h"

#include <stdio.h>

static const struct row action_rows[] = {
    {.name = "name",
     .example = "deploy",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct action_settings, name),
     .read = load_name,
     .syntax = "letters, digits, `-`, `_`, `.`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$\"}",
     .sentence = "The name of the action, unique in its route; without it, the position of the "
                 "action (1, 2 …)."},
};
const struct row_section action_section = {.name = "an action",
                                           .sentence = "One action that runs for an event.",
                                           .rows = action_rows,
                                           .row_count = ROW_COUNT(action_rows),
                                           .size = sizeof(struct action_settings)};

/* ---- which kind ---- */

/* "command, shell, pipe or worker" */
static const char *kind_names(const struct handler_kind *const *kinds, char text[256])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; kinds[i] && used < 200; i++)
        used += (size_t)snprintf(text + used, 256 - used, "%s\"%s\"",
                                 i == 0         ? ""
                                 : kinds[i + 1] ? ", "
                                                : " or ",
                                 kinds[i]->name);
    return text;
}

static const struct handler_kind *kind_of(const struct load *load, const char *name)
{
    for (const struct handler_kind *const *kind = load->registry->actions; *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

/* A misspelt kind is reported as the unknown key that it is, with its suggestion. */
static bool report_misspelt_kind(struct load *load, const struct node *node)
{
    const char *names[LOAD_PARTS_MAX] = {NULL};
    for (size_t i = 0; load->registry->actions[i] && i < LOAD_PARTS_MAX - 1; i++)
        names[i] = load->registry->actions[i]->name;
    for (const struct node *value = node->first; value; value = value->next)
        if (nearest_name(value->key->text, names)) {
            load_unknown(load, value, "an action", names, false);
            return true;
        }
    return false;
}

/* The value of the one key that names a kind; NULL after a problem. */
static const struct node *find_kind(struct load *load, const struct node *node)
{
    const struct node *found = NULL;
    char names[256];
    for (const struct node *value = node->first; value; value = value->next) {
        if (!kind_of(load, value->key->text) || tree_find(node, value->key->text) != value)
            continue;
        if (found) {
            load_problem(load, value->key,
                         "\"%s\" and \"%s\" in one action; make two actions of them",
                         found->key->text, value->key->text);
            return NULL;
        }
        found = value;
    }
    if (!found && !report_misspelt_kind(load, node))
        load_problem(load, node, "an action needs %s", kind_names(load->registry->actions, names));
    return found;
}

static bool section_has(const struct row_section *section, const char *name)
{
    for (size_t i = 0; section && i < section->row_count; i++)
        if (strcmp(section->rows[i].name, name) == 0)
            return true;
    return false;
}

/* A key that another kind knows. */
static bool explain_beside(struct load *load, const struct load_mapping *mapping,
                           const struct node *value)
{
    const struct handler_kind *chosen = mapping->context;
    for (const struct handler_kind *const *kind = load->registry->actions; *kind; kind++)
        if (section_has((*kind)->beside, value->key->text)) {
            load_problem(load, value->key, "\"%s\" goes with \"%s\", not with \"%s\"",
                         value->key->text, (*kind)->name, chosen->name);
            return true;
        }
    return false;
}

/* ---- reading ---- */

static bool read_action(struct load *load, const struct node *node, const struct handler_kind *kind,
                        struct action_settings *action)
{
    struct load_mapping mapping = {.name = "an action", .unknown = explain_beside, .context = kind};
    struct row_section value = {.name = kind->name, .rows = kind->value, .row_count = 1};
    action->handler = (struct handler){kind, arena_alloc(load->arena, kind->settings_size + 1)};
    action->at = load_position(load, node);
    if (!action->handler.settings)
        return load_no_memory(load);
    load_mapping_add(&mapping, &action_section, action);
    load_mapping_add(&mapping, &value, action->handler.settings);
    if (kind->beside)
        load_mapping_add(&mapping, kind->beside, action->handler.settings);
    action->parts = load_mapping_add_parts(load, &mapping, load->registry->action_parts);
    return action->parts && load_mapping_read(load, node, &mapping) &&
           (!kind->finish || kind->finish(load, node, action->handler.settings));
}

static bool name_action(struct load *load, const struct node *node, struct action_list *list,
                        struct action_settings *action)
{
    const struct node *name = tree_find(node, "name");
    if (!action->name)
        action->name = arena_format(load->arena, "%zu", list->count + 1);
    if (!action->name)
        return load_no_memory(load);
    if (strcmp(action->name, ON_FAILURE_NAME) == 0)
        return load_problem(load, name,
                            "\"" ON_FAILURE_NAME "\" is the name of the action that runs when "
                            "another fails; choose another");
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name && strcmp(list->items[i].name, action->name) == 0)
            return load_problem(load, name ? name : node,
                                "another action of this route has the name \"%s\" (line %u)",
                                action->name, list->items[i].at.line);
    return true;
}

static bool read_one(struct load *load, const struct node *node, struct action_settings *action)
{
    if (node->kind != NODE_MAPPING)
        return load_expected(load, node, "an action", "a mapping such as {command: [./run.sh]}");
    const struct node *chosen = find_kind(load, node);
    return chosen && read_action(load, node, kind_of(load, chosen->key->text), action);
}

static bool load_action(struct load *load, const struct node *node, struct action_list *list)
{
    struct action_settings *action = &list->items[list->count];
    if (node->kind != NODE_MAPPING)
        return read_one(load, node, action);
    bool ok = read_one(load, node, action);
    ok = name_action(load, node, list, action) && ok;
    list->count++;
    return ok;
}

static bool append_actions(struct load *load, const struct node *node, const struct row *row,
                           bool are_choices, struct action_list *all)
{
    struct action_list list = {.count = all->count};
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return load_mismatch(load, node, row, "a list of actions (\"- command: …\")");
    if (node->count == 0 || node->count > ROUTE_ACTIONS_MAX)
        return load_problem(load, node, "\"%s\" holds 1 to %d actions, not %zu", row->name,
                            ROUTE_ACTIONS_MAX, node->count);
    if (all->count + node->count > ROUTE_ACTIONS_MAX)
        return load_problem(load, node, "a route has at most %d actions, not %zu",
                            ROUTE_ACTIONS_MAX, all->count + node->count);
    list.items = arena_alloc_array(load->arena, all->count + node->count, sizeof *list.items);
    if (!list.items)
        return load_no_memory(load);
    for (size_t i = 0; i < all->count; i++)
        list.items[i] = all->items[i];
    for (const struct node *item = node->first; item; item = item->next) {
        list.items[list.count].is_choice = are_choices;
        ok = load_action(load, item, &list) && ok;
    }
    if (ok)
        *all = list;
    return ok;
}

bool load_actions(struct load *load, const struct node *node, const struct row *row, void *field)
{
    return append_actions(load, node, row, false, field);
}

bool load_choices(struct load *load, const struct node *node, const struct row *row, void *field)
{
    return append_actions(load, node, row, true, field);
}

/* ---- on_failure ---- */

/* Which failures it runs for, and what it is called, is no choice. */
static bool refuse_key(struct load *load, const struct node *node, const char *key)
{
    const struct node *value = tree_find(node, key);
    return !value || load_problem(load, value->key,
                                  "\"" ON_FAILURE_NAME "\" runs for every failure of the route, "
                                  "and has no \"%s\"",
                                  key);
}

bool load_on_failure(struct load *load, const struct node *node, const struct row *row, void *field)
{
    static const char *const refused[] = {"name", "when", "events", "else"};
    struct action_settings *action = field;
    (void)row;
    if (node->kind == NODE_SCALAR && strcmp(node->text, "off") == 0)
        return true;
    bool ok = read_one(load, node, action);
    for (size_t i = 0; i < sizeof refused / sizeof *refused && node->kind == NODE_MAPPING; i++)
        ok = refuse_key(load, node, refused[i]) && ok;
    action->name = ON_FAILURE_NAME;
    return ok;
}

bool load_append_on_failure(struct load *load, struct action_list *list,
                            const struct action_settings *on_failure)
{
    struct action_settings *items =
        arena_alloc_array(load->arena, list->count + 1, sizeof *list->items);
    if (!items)
        return load_no_memory(load);
    for (size_t i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count] = *on_failure;
    list->items = items;
    return true;
}

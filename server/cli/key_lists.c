/* Both sides are sorted, so routes and keys are compared in one walk. */
#include "server/cli/key_lists.h"

#include "base/encoding.h"
#include "handlers/schema/value.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10 * 1000, ROUTE_WIDTH = 20 };

/* ---- the two sides ---- */

static void add_key(struct key_list *list, const char *route, const char *key, const char *digest)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 256;
        struct known_key *more = realloc(list->items, capacity * sizeof *more);
        list->no_memory |= !more;
        if (!more)
            return;
        list->items = more;
        list->capacity = capacity;
    }
    struct known_key *item = &list->items[list->count++];
    *item = (struct known_key){strdup(route), strdup(key), ""};
    snprintf(item->digest, sizeof item->digest, "%s", digest);
    list->no_memory |= !item->route || !item->key;
}

static bool add_line(void *context, struct json_object *line, struct bytes text)
{
    struct key_list *list = context;
    struct json_object *keys = control_part(line, "keys");
    (void)text;
    if (!keys)
        return true;
    for (struct member m = member_first(keys); m.entry; member_next(&m))
        add_key(list, control_text(line, "route"), member_name(&m),
                value_c_string(member_value(&m)));
    return !list->no_memory;
}

enum control_end key_list_ask(struct key_list *list, const char *journal, struct error *err)
{
    const struct control_request request = {.journal = journal,
                                            .verb = "keys",
                                            .patience_ms = PATIENCE_MS,
                                            .line = add_line,
                                            .context = list};
    return control_ask(&request, NULL, err);
}

enum control_end key_list_ask_server_of(struct key_list *list, const char *file,
                                        const char **journal, struct error *err)
{
    enum control_end end = key_list_ask(list, *journal, err);
    if (end != CONTROL_NO_SERVER || !*journal || !file || !control_usual_server_has(file))
        return end;
    *journal = NULL;
    return key_list_ask(list, NULL, err);
}

void key_list_add(struct key_list *list, const struct settings *settings)
{
    const struct settings_prints *prints = &settings->prints;
    for (size_t i = 0; i < prints->key_count; i++) {
        char digest[2 * KEY_PRINT_BYTES + 1];
        hex_encode(bytes_of(prints->keys[i].digest, KEY_PRINT_BYTES), digest);
        add_key(list, prints->keys[i].route ? prints->keys[i].route : "", prints->keys[i].key,
                digest);
    }
}

static void free_key(struct known_key *key)
{
    free(key->route);
    free(key->key);
}

void key_list_finish(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_key(&list->items[i]);
    free(list->items);
    *list = (struct key_list){NULL};
}

static int compare_keys(const void *one, const void *other)
{
    const struct known_key *a = one, *b = other;
    int routes = strcmp(a->route, b->route);
    return routes ? routes : strcmp(a->key, b->key);
}

/* A file that several keys name is there several times. */
static void list_sort(struct key_list *list)
{
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof *list->items, compare_keys);
    for (size_t i = 1; i < list->count; i++) {
        if (compare_keys(&list->items[kept], &list->items[i]) == 0)
            free_key(&list->items[i]);
        else
            list->items[++kept] = list->items[i];
    }
    list->count = kept + 1;
}

/* ---- what differs ---- */

enum change { CHANGED, ADDED, REMOVED, CHANGES };

struct comparison {
    const struct known_key *before, *before_end, *after, *after_end;
    size_t different; /* routes and sections */
};

/* The keys of one route on one side, from `*at` on. */
static size_t count_of_route(const struct known_key *at, const struct known_key *end,
                             const char *route)
{
    size_t count = 0;
    while (at + count < end && strcmp(at[count].route, route) == 0)
        count++;
    return count;
}

struct route_change {
    const char *route;
    bool some[CHANGES];
    char *texts[CHANGES]; /* names of keys */
    size_t lengths[CHANGES];
    FILE *out[CHANGES];
};

/* A path stands for the contents of that file. Which files are read, other keys say. */
static bool is_file(const char *key)
{
    return key[0] == '/';
}

static void note_change(struct route_change *changes, enum change change, const char *key)
{
    FILE *out = changes->out[change];
    fputs(changes->some[change] ? ", " : "", out);
    fputs(is_file(key) ? "contents of " : "", out);
    print_safe(out, bytes_of_text(key));
    changes->some[change] = true;
}

/* The keys of one route, in order on both sides. */
static void compare_route(struct route_change *changes, const struct known_key *before,
                          size_t before_count, const struct known_key *after, size_t after_count)
{
    size_t i = 0, j = 0;
    while (i < before_count || j < after_count) {
        int order = i == before_count  ? 1
                    : j == after_count ? -1
                                       : strcmp(before[i].key, after[j].key);
        if (order < 0 && !is_file(before[i].key))
            note_change(changes, REMOVED, before[i].key);
        else if (order > 0 && !is_file(after[j].key))
            note_change(changes, ADDED, after[j].key);
        else if (order == 0 && strcmp(before[i].digest, after[j].digest) != 0)
            note_change(changes, CHANGED, after[j].key);
        i += order <= 0;
        j += order >= 0;
    }
}

static void print_changes(const struct route_change *changes)
{
    static const char *const words[CHANGES] = {"changed", "added", "removed"};
    const char *separator = "";
    if (changes->route[0])
        fputs("route ", stdout);
    print_column(stdout, bytes_of_text(changes->route[0] ? changes->route : "the server"),
                 changes->route[0] ? ROUTE_WIDTH : ROUTE_WIDTH + strlen("route "));
    for (int i = 0; i < CHANGES; i++) {
        if (!changes->some[i])
            continue;
        printf("%s%s: %s", separator, words[i], changes->texts[i]);
        separator = "; ";
    }
    fputc('\n', stdout);
}

static void print_whole(const char *route, const char *word)
{
    fputs("route ", stdout);
    print_column(stdout, bytes_of_text(route), ROUTE_WIDTH);
    printf("%s\n", word);
}

/* False without memory. */
static bool tell_route(struct comparison *both, const char *route)
{
    struct route_change changes = {.route = route};
    size_t before = count_of_route(both->before, both->before_end, route);
    size_t after = count_of_route(both->after, both->after_end, route);
    bool opened = true;
    for (int i = 0; i < CHANGES; i++) {
        changes.out[i] = open_memstream(&changes.texts[i], &changes.lengths[i]);
        opened = opened && changes.out[i];
    }
    if (opened)
        compare_route(&changes, both->before, before, both->after, after);
    for (int i = 0; i < CHANGES; i++)
        opened = changes.out[i] && fclose(changes.out[i]) == 0 && opened;
    bool differs = changes.some[CHANGED] || changes.some[ADDED] || changes.some[REMOVED];
    both->different += differs;
    if (differs && route[0] && (before == 0 || after == 0))
        print_whole(route, before == 0 ? "is added" : "is removed");
    else if (differs && opened)
        print_changes(&changes);
    for (int i = 0; i < CHANGES; i++)
        free(changes.texts[i]);
    both->before += before;
    both->after += after;
    return opened;
}

int key_lists_print(struct key_list *before, struct key_list *after)
{
    bool good = !before->no_memory && !after->no_memory;
    if (good) {
        list_sort(before);
        list_sort(after);
    }
    struct comparison both = {before->items, before->items + before->count, after->items,
                              after->items + after->count, 0};
    while (good && (both.before < both.before_end || both.after < both.after_end)) {
        const char *route = both.before == both.before_end ? both.after->route
                            : both.after == both.after_end ? both.before->route
                            : strcmp(both.before->route, both.after->route) <= 0
                                ? both.before->route
                                : both.after->route;
        good = tell_route(&both, route);
    }
    return good ? (int)both.different : -1;
}

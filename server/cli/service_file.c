/* systemd.syntax(7): sections, NAME=VALUE, a backslash joins lines, "#" and ";" begin comments. An
 * empty value takes back what was said before. Drop-ins are read in the order of their names, one
 * of each name, of the directory that comes first. */
#include "server/cli/service_file.h"

#include "config/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNIT_SIZE_MAX = 256 * 1024, DROP_INS_MAX = 64 };

static const char *const directories[] = {"/etc/systemd/system", "/run/systemd/system",
                                          "/usr/local/lib/systemd/system",
                                          "/usr/lib/systemd/system", "/lib/systemd/system"};
enum { DIRECTORIES = sizeof directories / sizeof *directories };

/* ---- one text ---- */

static void forget(struct service *unit, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < unit->count; i++)
        if (strcmp(unit->settings[i].name, name) != 0)
            unit->settings[kept++] = unit->settings[i];
    unit->count = kept;
}

static bool keep(struct service *unit, struct bytes line, struct error *err)
{
    struct bytes value = line;
    struct bytes given = bytes_trim(bytes_split(&value, '='));
    if (!value.data) /* no "=" */
        return true;
    const char *name = arena_copy_bytes(unit->arena, given);
    const char *text = arena_copy_bytes(unit->arena, bytes_trim(value));
    if (!name || !text)
        return error_set(err, "no memory");
    if (!*text)
        forget(unit, name);
    else if (unit->count == SERVICE_SETTINGS_MAX)
        return error_set(err, "the unit has more than %d settings", SERVICE_SETTINGS_MAX);
    else
        unit->settings[unit->count++] = (struct service_setting){name, text};
    return true;
}

static bool is_comment(struct bytes line)
{
    return line.length == 0 || line.data[0] == '#' || line.data[0] == ';';
}

/* The next line, with those that it is joined to; false at the end. */
static bool next_line(struct bytes *text, struct buffer *line)
{
    bool joins = true;
    line->length = 0;
    if (!text->data || text->length == 0)
        return false;
    while (joins && text->data && text->length > 0) {
        struct bytes part = bytes_trim(bytes_split(text, '\n'));
        if (line->length > 0 && is_comment(part))
            continue;
        joins = part.length > 0 && part.data[part.length - 1] == '\\' && !is_comment(part);
        part.length -= joins;
        if (!buffer_append_bytes(line, part) || (joins && !buffer_append_text(line, " ")))
            return false;
    }
    return true;
}

bool service_add(struct service *unit, struct bytes text, struct error *err)
{
    struct buffer line;
    bool done = true, is_service = false;
    buffer_init(&line, UNIT_SIZE_MAX);
    while (done && next_line(&text, &line)) {
        struct bytes one = bytes_trim(buffer_bytes(&line));
        if (is_comment(one))
            continue;
        if (one.data[0] == '[')
            is_service = bytes_equal_text(one, "[Service]");
        else if (is_service)
            done = keep(unit, one, err);
    }
    buffer_finish(&line);
    return done;
}

/* ---- files ---- */

static bool add_file(struct service *unit, const char *path, struct error *err)
{
    struct buffer content;
    bool done =
        file_read(path, path, UNIT_SIZE_MAX, FILE_SHARED, &content, NULL, err) == FILE_READ &&
        service_add(unit, buffer_bytes(&content), err);
    buffer_finish(&content);
    return done;
}

struct drop_ins {
    struct drop_in {
        const char *name, *path;
    } items[DROP_INS_MAX];
    size_t count;
};

static int is_drop_in(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 &&
           strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static bool is_known(const struct drop_ins *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->items[i].name, name) == 0)
            return true;
    return false;
}

static void find_drop_ins(struct arena *arena, const char *directory, struct drop_ins *found)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_drop_in, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = arena_copy_text(arena, entries[i]->d_name);
        const char *path = arena_format(arena, "%s/%s", directory, entries[i]->d_name);
        if (name && path && found->count < DROP_INS_MAX && !is_known(found, name))
            found->items[found->count++] = (struct drop_in){name, path};
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct drop_in *)a)->name, ((const struct drop_in *)b)->name);
}

static bool add_drop_ins(struct service *unit, struct drop_ins *found, struct error *err)
{
    qsort(found->items, found->count, sizeof *found->items, compare);
    for (size_t i = 0; i < found->count; i++)
        if (!add_file(unit, found->items[i].path, err))
            return false;
    return true;
}

static bool read_named(const char *name, struct service *unit, struct error *err)
{
    struct drop_ins found = {.count = 0};
    size_t length = strlen(name);
    bool is_whole = length > 8 && strcmp(name + length - 8, ".service") == 0;
    for (size_t i = 0; i < DIRECTORIES; i++) {
        const char *path =
            arena_format(unit->arena, "%s/%s%s", directories[i], name, is_whole ? "" : ".service");
        const char *beside = path ? arena_format(unit->arena, "%s.d", path) : NULL;
        if (!beside)
            return error_set(err, "no memory");
        if (!unit->path && access(path, F_OK) == 0)
            unit->path = path;
        find_drop_ins(unit->arena, beside, &found);
    }
    if (!unit->path)
        return error_set(err,
                         "there is no unit %.100s%s in systemd's directories; --unit takes a "
                         "file too",
                         name, is_whole ? "" : ".service");
    return add_file(unit, unit->path, err) && add_drop_ins(unit, &found, err);
}

bool service_read(const char *name, struct arena *arena, struct service *unit, struct error *err)
{
    struct drop_ins found = {.count = 0};
    unit->arena = arena;
    unit->path = NULL;
    unit->count = 0;
    if (!strchr(name, '/'))
        return read_named(name, unit, err);
    const char *beside = arena_format(arena, "%s.d", name);
    unit->path = name;
    if (!beside)
        return error_set(err, "no memory");
    find_drop_ins(arena, beside, &found);
    return add_file(unit, name, err) && add_drop_ins(unit, &found, err);
}

/* ---- values ---- */

const char *service_value(const struct service *unit, const char *name)
{
    for (size_t i = unit->count; i > 0; i--)
        if (strcmp(unit->settings[i - 1].name, name) == 0)
            return unit->settings[i - 1].value;
    return NULL;
}

bool service_says(const struct service *unit, const char *name)
{
    static const char *const words[] = {"yes", "true", "on", "1"};
    const char *value = service_value(unit, name);
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

const char *service_word(struct arena *arena, const char **rest)
{
    const char *at = *rest + strspn(*rest, " \t");
    char *word = *at ? arena_alloc(arena, strlen(at) + 1) : NULL, *end = word, quote = '\0';
    if (!word)
        return NULL;
    for (; *at && (quote || !strchr(" \t", *at)); at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? '\0' : *at;
        else if (*at == '\\' && at[1])
            *end++ = *++at;
        else
            *end++ = *at;
        if (at[0] == '%' && at[1] == '%')
            at++;
    }
    *end = '\0';
    *rest = at;
    return word;
}

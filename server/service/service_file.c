/* systemd.syntax(7): sections, NAME=VALUE, a backslash joins lines, "#" and ";" begin comments,
 * also among joined lines. An empty value takes back what a list has, but is no value of a choice,
 * and systemd passes over it. Drop-ins are read in the order of their names, one of each name, of
 * the directory that comes first. */
#include "server/service/service_file.h"

#include "config/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DROP_INS_MAX = 64, DROP_IN_NAMES_MAX = 32, UNITS_MAX = 50, ENTRIES_MAX = 4096 };

static const char *const directories[] = {
    "/etc/systemd/system.control",   "/run/systemd/system.control", "/run/systemd/transient",
    "/etc/systemd/system",           "/run/systemd/system",         "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",     "/lib/systemd/system",
    "/run/systemd/generator.late"};
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

/* Settings with words of their own, or yes and no. */
static bool is_choice(const char *name)
{
    static const char *const beginnings[] = {
        "Protect",         "Private",          "NoNewPrivileges",  "MemoryDenyWriteExecute",
        "LockPersonality", "RestrictRealtime", "RestrictSUIDSGID", "DynamicUser"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
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
    if (!*text && is_choice(name))
        return true;
    if (!*text)
        forget(unit, name);
    else if (unit->count == SERVICE_SETTINGS_MAX)
        return error_set(err, "the unit has more than %d settings", SERVICE_SETTINGS_MAX);
    else
        unit->settings[unit->count++] = (struct service_setting){name, text};
    return true;
}

/* Whether a backslash joins it to the next line: one that is not escaped itself. */
static bool is_joined(struct bytes line)
{
    bool escaped = false;
    for (size_t i = 0; i < line.length; i++)
        escaped = !escaped && line.data[i] == '\\';
    return escaped;
}

static struct bytes without_blanks_before(struct bytes line)
{
    while (line.length > 0 && byte_is_among(line.data[0], " \t\r"))
        line = bytes_from(line, 1);
    return line;
}

/* The next line, with those that it is joined to; false at the end, and without memory. */
static bool next_line(struct bytes *text, struct buffer *line)
{
    bool some = false;
    line->length = 0;
    while (text->data && text->length > 0) {
        struct bytes part = bytes_split(text, '\n'), seen = without_blanks_before(part);
        if (part.length > 0 && part.data[part.length - 1] == '\r')
            part.length--;
        if (seen.length > 0 && byte_is_among(seen.data[0], "#;"))
            continue;
        some = true;
        if (!buffer_append_bytes(line, part))
            return false;
        if (!is_joined(part))
            break;
        line->data[line->length - 1] = ' ';
    }
    return some;
}

bool service_add(struct service *unit, struct bytes text, struct error *err)
{
    struct buffer line;
    bool done = true, is_service = false;
    buffer_init(&line, SERVICE_TEXT_MAX);
    if (bytes_starts_with(text, bytes_of_text("\xEF\xBB\xBF")))
        text = bytes_from(text, 3);
    while (done && next_line(&text, &line)) {
        struct bytes one = bytes_trim(buffer_bytes(&line));
        if (one.length > 0 && one.data[0] == '[')
            is_service = bytes_equal_text(one, "[Service]");
        else if (is_service)
            done = keep(unit, one, err);
    }
    buffer_finish(&line);
    return done;
}

/* ---- files ---- */

/* Empty, or a link to /dev/null. */
static bool is_masked(const char *path)
{
    struct stat what;
    return stat(path, &what) == 0 && (S_ISCHR(what.st_mode) || what.st_size == 0);
}

static bool add_file(struct service *unit, const char *path, struct error *err)
{
    struct buffer content;
    bool done =
        file_read(path, path, SERVICE_TEXT_MAX, FILE_SHARED, &content, NULL, err) == FILE_READ &&
        service_add(unit, buffer_bytes(&content), err);
    buffer_finish(&content);
    return done;
}

struct drop_ins {
    struct drop_in {
        const char *name, *path;
    } items[DROP_INS_MAX];
    size_t count;
    bool too_many;
};

static int is_drop_in(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           bytes_ends_with(bytes_of_text(entry->d_name), bytes_of_text(".conf"));
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
        bool fits = name && path && found->count < DROP_INS_MAX;
        if (fits && !is_known(found, name))
            found->items[found->count++] = (struct drop_in){name, path};
        found->too_many |= !fits;
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
    if (found->too_many)
        return error_set(err, "the unit has more than %d drop-ins", DROP_INS_MAX);
    qsort(found->items, found->count, sizeof *found->items, compare);
    for (size_t i = 0; i < found->count; i++)
        if (!is_masked(found->items[i].path) && !add_file(unit, found->items[i].path, err))
            return false;
    return true;
}

/* ---- units by name ---- */

/* What drop-ins of a unit may be named for, the nearest first: of "a-b@c.service" itself,
 * "a-@c.service", then "a-b@.service" and "a-@.service". NULL-terminated. */
struct drop_in_names {
    const char *items[DROP_IN_NAMES_MAX + 1];
    size_t count;
};

static void add_names(struct arena *arena, const char *prefix, const char *ending,
                      struct drop_in_names *names)
{
    char *stem = arena_copy_text(arena, prefix), *dash;
    while (stem && names->count < DROP_IN_NAMES_MAX) {
        const char *name = arena_format(arena, "%s%s", stem, ending);
        if (name)
            names->items[names->count++] = name;
        size_t length = strlen(stem);
        while (length > 0 && stem[length - 1] == '-')
            stem[--length] = '\0';
        if (!(dash = strrchr(stem, '-')))
            return;
        dash[1] = '\0';
    }
}

/* "a@.service" of "a@b.service"; NULL: it is no instance. */
static const char *template_of(struct arena *arena, const char *name)
{
    const char *at = strchr(name, '@');
    return at && strcmp(at + 1, ".service") != 0
               ? arena_format(arena, "%.*s@.service", (int)(at - name), name)
               : NULL;
}

static void find_names(struct arena *arena, const char *name, struct drop_in_names *names)
{
    const char *ending = strchr(name, '@');
    if (!ending)
        ending = name + strlen(name) - strlen(".service");
    const char *prefix = arena_format(arena, "%.*s", (int)(ending - name), name);
    add_names(arena, prefix, ending, names);
    if (template_of(arena, name))
        add_names(arena, prefix, "@.service", names);
}

/* The first of so many directories that has a file of the name counts. */
static bool find_place(const char *name, size_t count, char path[PATH_MAX])
{
    for (size_t i = 0; i < count; i++) {
        snprintf(path, PATH_MAX, "%s/%s", directories[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* The file of a unit, or of its template; NULL: there is none. */
static const char *find_unit(struct arena *arena, const char *name)
{
    char path[PATH_MAX];
    for (; name; name = template_of(arena, name))
        if (find_place(name, DIRECTORIES, path))
            return arena_copy_text(arena, path);
    return NULL;
}

/* The directories of "service.d" are for all services, and come last. */
static void find_all_drop_ins(struct arena *arena, const char *name, struct drop_ins *found)
{
    struct drop_in_names names = {.count = 0};
    find_names(arena, name, &names);
    for (size_t i = 0; i < DIRECTORIES; i++)
        for (size_t j = 0; j < names.count; j++) {
            const char *place = arena_format(arena, "%s/%s.d", directories[i], names.items[j]);
            if (place)
                find_drop_ins(arena, place, found);
        }
    for (size_t i = 0; i < DIRECTORIES; i++) {
        const char *place = arena_format(arena, "%s/service.d", directories[i]);
        if (place)
            find_drop_ins(arena, place, found);
    }
}

static bool names_service(const char *name)
{
    struct bytes text = bytes_of_text(name), ending = bytes_of_text(".service");
    return text.length > ending.length && bytes_ends_with(text, ending);
}

static bool read_named(const char *name, struct service *unit, struct error *err)
{
    struct drop_ins found = {.count = 0};
    unit->names.unit = names_service(name) ? arena_copy_text(unit->arena, name)
                                           : arena_format(unit->arena, "%s.service", name);
    if (!unit->names.unit)
        return error_set(err, "no memory");
    unit->names.path = find_unit(unit->arena, unit->names.unit);
    if (!unit->names.path)
        return error_set(err,
                         "there is no unit %.100s in systemd's directories; --unit takes a file "
                         "too",
                         unit->names.unit);
    if (is_masked(unit->names.path))
        return error_set(err, "the unit %s is masked", unit->names.path);
    find_all_drop_ins(unit->arena, unit->names.unit, &found);
    return add_file(unit, unit->names.path, err) && add_drop_ins(unit, &found, err);
}

bool service_read(const char *name, struct arena *arena, struct service *unit, struct error *err)
{
    struct drop_ins found = {.count = 0};
    const char *slash = strrchr(name, '/');
    unit->arena = arena;
    unit->names = (struct service_names){.unit = slash ? slash + 1 : name, .path = name};
    unit->count = 0;
    if (!slash)
        return read_named(name, unit, err);
    const char *beside = arena_format(arena, "%s.d", name);
    if (!beside)
        return error_set(err, "no memory");
    find_drop_ins(arena, beside, &found);
    return add_file(unit, name, err) && add_drop_ins(unit, &found, err);
}

bool service_is_installed(void)
{
    char path[PATH_MAX];
    return find_place(SERVICE_USUAL ".service", DIRECTORIES, path) && !is_masked(path);
}

/* ---- values ---- */

const char *service_value(const struct service *unit, const char *name)
{
    for (size_t i = unit->count; i > 0; i--)
        if (strcmp(unit->settings[i - 1].name, name) == 0)
            return unit->settings[i - 1].value;
    return NULL;
}

/* "yes", "no", or one of the choices; NULL. */
static const char *choice_of(const char *value, const char *const *choices)
{
    static const char *const yes[] = {"yes", "y", "true", "t", "on", "1"}, *const no[] = {
                                                                               "no", "n",   "false",
                                                                               "f",  "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0)
            return strcasecmp(value, yes[i]) == 0 ? yes[0] : no[0];
    for (; choices && *choices; choices++)
        if (strcmp(value, *choices) == 0)
            return *choices;
    return NULL;
}

const char *service_choice(const struct service *unit, const char *name, const char *const *choices)
{
    const char *choice = NULL;
    for (size_t i = unit->count; i > 0 && !choice; i--)
        if (strcmp(unit->settings[i - 1].name, name) == 0)
            choice = choice_of(unit->settings[i - 1].value, choices);
    return choice;
}

bool service_says(const struct service *unit, const char *name)
{
    const char *choice = service_choice(unit, name, NULL);
    return choice && strcmp(choice, "yes") == 0;
}

const char *service_text(const struct service *unit, const char *value)
{
    char unknown;
    return service_expand(unit->arena, &unit->names, value, &unknown);
}

const char *service_words_next(struct service_words *words)
{
    const struct service *unit = words->unit;
    for (;;) {
        const char *raw =
            words->rest ? service_split(unit->arena, &words->rest, words->escapes) : NULL;
        const char *word = raw ? service_text(unit, raw) : NULL;
        if (word)
            return word;
        if (raw)
            continue;
        while (words->next < unit->count &&
               strcmp(unit->settings[words->next].name, words->name) != 0)
            words->next++;
        if (words->next == unit->count)
            return NULL;
        words->rest = unit->settings[words->next++].value;
    }
}

/* ---- all units ---- */

static bool has_word(const char *path, const char *word)
{
    struct buffer content;
    struct error why;
    bool has =
        file_read(path, path, SERVICE_TEXT_MAX, FILE_SHARED, &content, NULL, &why) == FILE_READ &&
        memmem(content.data, content.length, word, strlen(word));
    buffer_finish(&content);
    return has;
}

void service_units_walk(const char *word,
                        void (*visit)(void *context, const char *name, const char *directory),
                        void *context)
{
    char path[PATH_MAX];
    unsigned looked_at = 0, found = 0;
    for (size_t i = 0; i < DIRECTORIES; i++) {
        DIR *directory = opendir(directories[i]);
        const struct dirent *entry;
        while (directory && found < UNITS_MAX && looked_at < ENTRIES_MAX &&
               (entry = readdir(directory))) {
            looked_at++;
            snprintf(path, sizeof path, "%s/%s", directories[i], entry->d_name);
            if (!names_service(entry->d_name) || strstr(entry->d_name, "@.") ||
                !has_word(path, word) || find_place(entry->d_name, i, path))
                continue;
            visit(context, entry->d_name, directories[i]);
            found++;
        }
        if (directory)
            closedir(directory);
    }
}

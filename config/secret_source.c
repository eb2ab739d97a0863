/* Where secrets come from: the environment, a file, a systemd credential, or the route file itself.
 * Their values go from there into a secret_list and nowhere else: no message holds one, what stands
 * in the route file is masked, and the buffer of a file is wiped.
 *
 * People put the secret itself where its name belongs: {env: SECRET}, {file: SECRET}, {SECRET}. So
 * a word is only repeated, and its line shown, when it has turned out to be a name: a variable that
 * is named as variables are, a file that is there or whose directory is. */
#include "config/secret_source.h"

#include "config/file.h"
#include "config/load_private.h"
#include "config/names.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/secret_doubt.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 64 * 1024, SECRET_SHORT = 16, DIRECTORY_FILES_MAX = 64 };

bool load_keep_secrets(struct load *load, struct secret_list *list)
{
    struct settings *settings = load->settings;
    if (!settings)
        return true; /* section_load_text: no secrets there */
    if (settings->secret_count == settings->secret_capacity) {
        size_t capacity = settings->secret_capacity ? settings->secret_capacity * 2 : 8;
        struct secret_list **lists = realloc(settings->secrets, capacity * sizeof *lists);
        if (!lists)
            return load_no_memory(load);
        settings->secrets = lists;
        settings->secret_capacity = capacity;
    }
    settings->secrets[settings->secret_count++] = list;
    return true;
}

/* ---- one value ---- */

/* `file` is where the value was found, as messages call it; NULL: it is no file. */
static bool add_value(struct load *load, const struct node *node, const struct row *row,
                      const char *file, struct bytes value, struct secret_list *list)
{
    const char *before = file ? ": " : "", *name = file ? file : "";
    if (value.length == 0)
        return load_problem(load, node, "\"%s\"%s%s is empty", row->name, before, name);
    if (memchr(value.data, 0, value.length))
        return load_problem(load, node, "\"%s\"%s%s holds a NUL byte", row->name, before, name);
    if (value.length < SECRET_SHORT)
        load_warning(load, node, "\"%s\"%s%s is shorter than %d bytes and may be guessed",
                     row->name, before, name, SECRET_SHORT);
    const char *doubt = load_secret_doubt(value, load->offline ? NULL : node->source->directory);
    if (doubt)
        load_warning(load, node, "\"%s\"%s%s %s", row->name, before, name, doubt);
    return secret_list_add(list, value) || load_no_memory(load);
}

/* One line end at the end is the editor's, not the secret's; in the environment it is that of the
 * echo that the value was made with, in the route file that of YAML's block text. */
static struct bytes trim_line_end(struct bytes text)
{
    if (text.length && text.data[text.length - 1] == '\n')
        text.length--;
    else
        return text;
    if (text.length && text.data[text.length - 1] == '\r')
        text.length--;
    return text;
}

static bool add_file(struct load *load, const struct node *node, const struct row *row,
                     const char *path, const char *name, enum file_care care,
                     struct secret_list *list)
{
    struct buffer content;
    struct error warning, err;
    bool added = false;
    if (file_read(path, name, SECRET_MAX, care, &content, &warning, &err) != FILE_READ) {
        load->problems->missing_secrets += access(path, R_OK) != 0 && errno == EACCES;
        load_problem(load, node, "\"%s\": %s", row->name, err.text);
    } else {
        load_note_contents(load, path, buffer_bytes(&content));
        added = add_value(load, node, row, name, trim_line_end(buffer_bytes(&content)), list);
    }
    if (added && warning.text[0])
        load_warning(load, node, "\"%s\": %s", row->name, warning.text);
    if (content.capacity)
        secret_wipe(content.data, content.capacity);
    buffer_finish(&content);
    return added;
}

/* What the package's unit has for it (docs/install.md). */
#define VARIABLE_REMEDY                                                                            \
    ": under systemd it is a line of /etc/tenterhook/environment, which only a restart reads"

static bool add_from_env(struct load *load, const struct node *node, const struct row *row,
                         struct secret_list *list)
{
    const char *value = env_name_valid(node->text) ? getenv(node->text) : NULL;
    if (value)
        return add_value(load, node, row, NULL, trim_line_end(bytes_of_text(value)), list);
    load->problems->missing_secrets++;
    if (load_is_usual_variable(node->text) && env_name_valid(node->text))
        return load_problem(
            load, node, "the environment variable \"%s\" is not set" VARIABLE_REMEDY, node->text);
    load_mask(load, node);
    return load_problem(load, node,
                        env_name_valid(node->text)
                            ? "the environment variable of that name is not set" VARIABLE_REMEDY
                            : "\"env\" needs the name of an environment variable");
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* All files of a directory in the order of their names: keys that are valid side by side. */
static bool add_directory(struct load *load, const struct node *node, const struct row *row,
                          const char *path, struct secret_list *list)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_shown, alphasort);
    bool ok = count > 0 && count <= DIRECTORY_FILES_MAX;
    if (!ok)
        load_problem(load, node, "\"%s\": the directory %s %s", row->name, path,
                     count < 0    ? "cannot be read"
                     : count == 0 ? "holds no file"
                                  : "holds too many files");
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const char *file = arena_format(load->arena, "%s/%s", path, name);
        if (ok)
            ok = file ? add_file(load, node, row, file, file, FILE_SECRET, list)
                      : load_no_memory(load);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return ok;
}

/* Whether it ends as the names of such files do; no secret ends so. */
static bool has_ending(const char *name)
{
    static const char *const endings[] = {".secret", ".key", ".pem", ".txt", ".token", ".password"};
    struct bytes given = bytes_of_text(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct bytes ending = bytes_of_text(endings[i]);
        if (given.length > ending.length && bytes_ends_with(given, ending))
            return true;
    }
    return false;
}

/* Whether something is at `path`, or its directory is and was named, or it is called as a file. */
static bool is_place(struct load *load, const char *path, const char *given)
{
    struct stat what;
    const char *slash = strrchr(path, '/'), *directory;
    if (lstat(path, &what) == 0 || has_ending(given))
        return true;
    if (!strchr(given, '/') || slash == path)
        return false;
    directory = arena_format(load->arena, "%.*s", (int)(slash - path), path);
    return directory && stat(directory, &what) == 0 && S_ISDIR(what.st_mode);
}

/* What a message calls it; where it is no place, nothing of it is shown. */
static const char *place_name(struct load *load, const struct node *node, const char *path,
                              const char *other)
{
    if (is_place(load, path, node->text))
        return path;
    load_mask(load, node);
    return other;
}

static bool add_from_file(struct load *load, const struct node *node, const struct row *row,
                          struct secret_list *list)
{
    struct stat what;
    const char *path = load_path(load, node, node->text);
    if (!path)
        return load_no_memory(load);
    if (stat(path, &what) != 0 || !S_ISDIR(what.st_mode))
        return add_file(load, node, row, path,
                        place_name(load, node, path, "the file of that name"), FILE_SECRET, list);
    if ((what.st_mode & S_IWOTH) && !file_path_is_sealed(path))
        return load_problem(load, node, "\"%s\": every user can create files in %s", row->name,
                            path);
    return add_directory(load, node, row, path, list);
}

/* What is no usual name may be the credential itself. */
static bool tell_no_credential(struct load *load, const struct node *node)
{
    bool is_shown = load_is_usual_credential(node->text);
    const char *name = is_shown ? node->text : "NAME", *quote = is_shown ? "\"" : "";
    if (!is_shown)
        load_mask(load, node);
    load->problems->missing_secrets++;
    return load_problem(load, node,
                        "the credential %s%s%s is missing: the unit needs "
                        "LoadCredential=%s:/etc/tenterhook/FILE under [Service] (systemctl edit "
                        "tenterhook), and a restart",
                        quote, is_shown ? name : "of that name", quote, name);
}

static bool add_from_credential(struct load *load, const struct node *node, const struct row *row,
                                struct secret_list *list)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    struct stat what;
    if (strchr(node->text, '/') || node->text[0] == '.') {
        load_mask(load, node);
        return load_problem(load, node, "\"credential\" needs the name of a credential");
    }
    if (!directory || directory[0] != '/')
        return tell_no_credential(load, node);
    const char *path = arena_format(load->arena, "%s/%s", directory, node->text);
    if (!path)
        return load_no_memory(load);
    if (lstat(path, &what) != 0 && errno == ENOENT)
        return tell_no_credential(load, node);
    return add_file(load, node, row, path,
                    place_name(load, node, path, "the credential of that name"), FILE_CREDENTIAL,
                    list);
}

static const struct secret_source {
    const char *name;
    bool (*add)(struct load *load, const struct node *node, const struct row *row,
                struct secret_list *list);
} secret_sources[] = {
    {"env", add_from_env}, {"file", add_from_file}, {"credential", add_from_credential}};

static const char *const source_names[] = {"env", "file", "credential", NULL};

/* ---- the ways to write it ---- */

static const char expected[] = "a string, {env: NAME}, {file: PATH} or {credential: NAME}";

/* Whether it is taken to be there, whoever looks. */
static bool is_assumed(const struct load *load, const struct secret_source *source,
                       const char *name)
{
    const char *const *assumed = load->problems->assumed_credentials;
    if (load->secretless && (source->add != add_from_env || env_name_valid(name)))
        return true;
    for (; source->add == add_from_credential && assumed && *assumed; assumed++)
        if (strcmp(name, *assumed) == 0)
            return true;
    return false;
}

static bool add_from_source(struct load *load, const struct node *node, const struct row *row,
                            struct secret_list *list)
{
    const struct node *value = node->first;
    if (node->count != 1)
        return load_mismatch(load, node, row, expected);
    for (size_t i = 0; i < sizeof secret_sources / sizeof *secret_sources; i++) {
        if (strcmp(value->key->text, secret_sources[i].name) != 0)
            continue;
        if (value->kind != NODE_SCALAR || value->length == 0 || tree_is_null(value)) {
            load_mask(load, value);
            return load_problem(load, value, "\"%s\" must be a string", secret_sources[i].name);
        }
        if (!is_assumed(load, &secret_sources[i], value->text))
            return secret_sources[i].add(load, value, row, list);
        if (load->settings)
            load->settings->assumed_secrets++;
        return secret_list_add(list, bytes_of_text("taken to be there"));
    }
    const char *nearest = nearest_name(value->key->text, source_names);
    load_mask(load, value->key);
    for (size_t i = 0; i < sizeof secret_sources / sizeof *secret_sources; i++) {
        size_t length = strlen(secret_sources[i].name);
        if (strncmp(value->key->text, secret_sources[i].name, length) == 0 &&
            value->key->text[length] == ':')
            return load_problem(load, value->key, "a blank is missing after \"%s:\"",
                                secret_sources[i].name);
    }
    if (nearest)
        return load_problem(load, value->key, "unknown key in a secret, did you mean \"%s\"?",
                            nearest);
    return load_problem(load, value->key, "unknown key in a secret, which must be %s", expected);
}

static bool add_secret(struct load *load, const struct node *node, const struct row *row,
                       struct secret_list *list)
{
    if (node->kind == NODE_MAPPING)
        return add_from_source(load, node, row, list);
    load_mask(load, node);
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_mismatch(load, node, row, expected);
    return add_value(load, node, row, NULL, trim_line_end(bytes_of(node->text, node->length)),
                     list);
}

const struct node *load_secret_node(const struct load *load, size_t which, size_t count)
{
    const struct node *secret = load->secret;
    if (!secret || secret->kind != NODE_SEQUENCE || secret->count != count)
        return secret; /* a directory is several */
    const struct node *item = secret->first;
    while (which-- > 0)
        item = item->next;
    return item;
}

bool load_secret(struct load *load, const struct node *node, const struct row *row, void *field)
{
    struct secret_list *list = field;
    bool ok = true;
    if (!load->settings)
        return load_problem(load, node, "\"%s\" is not allowed here", row->name);
    *list = (struct secret_list){0};
    if (!load_keep_secrets(load, list))
        return false;
    if (node->kind != NODE_SEQUENCE)
        return add_secret(load, node, row, list);
    if (!node->first)
        return load_problem(load, node, "the list of \"%s\" is empty", row->name);
    for (const struct node *item = node->first; item; item = item->next)
        ok = add_secret(load, item, row, list) && ok;
    return ok;
}

/* The files of a configuration: opened, read, parsed, and what they include. Only the main file
 * includes others, so that the order and the names of all files can be seen in one place. */
#include "config/include.h"

#include "config/file.h"
#include "config/load_private.h"
#include "config/text.h"

#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>

const struct node *load_parse_text(struct load *load, const char *name, const char *directory,
                                   struct bytes text)
{
    const struct source *source = problem_list_add_source(load->problems, name, directory, text);
    const struct node *root = source ? tree_parse(source, &load->scratch, load->problems) : NULL;
    if (!source)
        load_no_memory(load);
    if (!root)
        return NULL;
    load->roots[load->root_count++] = root;
    if (root->kind == NODE_MAPPING)
        return root;
    load_problem(load, root, "the file must be a mapping that begins with \"version: 1\"");
    return NULL;
}

/* `path` is to be opened, `name` is shown, paths in the file start in `directory`. `asked` is where
 * it is included; NULL: it is the main file. */
static const struct node *parse_file(struct load *load, const struct node *asked, const char *path,
                                     const char *name, const char *directory, bool *unreadable)
{
    struct buffer content;
    struct error err;
    const struct node *root = NULL;
    enum file_result result = file_read(path, name, TEXT_MAX, FILE_SHARED, &content, NULL, &err);
    *unreadable = result == FILE_MISSING;
    if (result == FILE_READ)
        root = load_parse_text(load, name, directory, buffer_bytes(&content));
    else if (asked)
        load_problem(load, asked, "%s", err.text);
    else
        problem_add_plain(load->problems, "%s", err.text);
    if (content.capacity)
        secret_wipe(content.data, content.capacity);
    buffer_finish(&content);
    return root;
}

/* The absolute directory of `file`, in the scratch arena. */
static const char *directory_of(struct load *load, const char *file)
{
    char *copy = arena_copy_text(&load->scratch, file);
    char *real = copy ? realpath(dirname(copy), NULL) : NULL;
    const char *directory = real ? arena_copy_text(&load->scratch, real) : NULL;
    free(real);
    return directory ? directory : "/";
}

const struct node *load_parse_main(struct load *load, const char *file)
{
    return parse_file(load, NULL, file, file, directory_of(load, file),
                      &load->problems->unreadable);
}

/* ---- includes ---- */

/* A name is a pattern's part only where the pattern says so: the directory is quoted. */
static char *quote_pattern(struct load *load, const char *directory, const char *pattern)
{
    char *quoted = arena_alloc(&load->scratch, strlen(directory) * 2 + strlen(pattern) + 2);
    char *out = quoted;
    if (!quoted)
        return NULL;
    for (const char *c = directory; pattern[0] != '/' && *c; c++) {
        if (strchr("*?[]\\", *c))
            *out++ = '\\';
        *out++ = *c;
    }
    if (pattern[0] != '/')
        *out++ = '/';
    memcpy(out, pattern, strlen(pattern) + 1);
    return quoted;
}

static bool read_already(const struct load *load, const char *name)
{
    for (const struct source *source = load->problems->sources; source; source = source->next)
        if (strcmp(source->name, name) == 0)
            return true;
    return false;
}

static void include_file(struct load *load, const struct node *item, const char *path)
{
    bool unreadable;
    const char *name = load_shown_path(load, path);
    if (read_already(load, name))
        return;
    if (load->root_count == LOAD_FILES_MAX)
        load_problem(load, item, "more than %d files", LOAD_FILES_MAX);
    else
        parse_file(load, item, path, name, directory_of(load, path), &unreadable);
}

static void include_pattern(struct load *load, const struct node *item, const char *directory)
{
    glob_t found = {0};
    bool is_pattern = item->text[strcspn(item->text, "*?[")] != '\0';
    const char *pattern = quote_pattern(load, directory, item->text);
    int failed = pattern ? glob(pattern, 0, NULL, &found) : GLOB_NOSPACE;
    for (size_t i = 0; failed == 0 && i < found.gl_pathc; i++)
        include_file(load, item, found.gl_pathv[i]);
    if (failed == GLOB_NOMATCH && is_pattern)
        load_warning(load, item, "no file matches \"%s\"", item->text);
    else if (failed == GLOB_NOMATCH)
        load_problem(load, item, "there is no file \"%s\"", item->text);
    else if (failed)
        load_problem(load, item, "cannot look for \"%s\"", item->text);
    globfree(&found);
}

void load_includes(struct load *load, const struct node *include)
{
    const char *directory = include->source->directory;
    if (load->offline)
        return;
    if (include->kind == NODE_SCALAR)
        include_pattern(load, include, directory);
    for (const struct node *item = include->first; item; item = item->next)
        include_pattern(load, item, directory);
}

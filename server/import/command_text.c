/* The command gets what it got: arguments and variables become templates. Where no template can say
 * it (the raw body as an argument, a body in a file under another name), a constant line of shell
 * in front of the command does; nothing of the hooks file, and nothing of a sender, is in its text.
 */
#include "server/import/command_text.h"
#include "server/import/yaml_text.h"

#include "config/names.h"
#include "handlers/action/command_check.h"

#include <ctype.h>
#include <stdio.h>

enum { ARGUMENTS_MAX = 200, FILES_MAX = 8, SCRIPT_MAX = 16384, VARIABLE_MAX = 64 };

/* A file that the command gets, by a variable with its name. */
struct front_file {
    char variable[VARIABLE_MAX + 1];
    const struct old_value *value; /* NULL: the file with the whole body */
};

/* What goes in front of the command. */
struct front {
    bool has_body; /* an argument is the raw body */
    bool has_body_file, has_value_file;
    struct front_file files[FILES_MAX];
    size_t file_count;
};

/* ---- values ---- */

static bool is_raw_body(const struct old_value *value)
{
    return bytes_equal_text(value->source, "raw-request-body");
}

/* {{REFERENCE}}, with a default where `webhook` passes "" for what is missing. */
static bool write_reference(const struct route_draft *draft, struct buffer *text,
                            const struct origin *origin, struct bytes reference)
{
    const char *standby = origin->is_whole ? " | default null" : " | default \"\"";
    bool always = origin->is_client || bytes_equal_text(reference, "request.method");
    return buffer_append_text(text, "{{") && buffer_append_bytes(text, reference) &&
           (always || !draft->exact || buffer_append_text(text, standby)) &&
           buffer_append_text(text, "}}");
}

/* A value as an argument or a variable, behind a prefix: a template, or a constant. */
static bool write_value(struct route_draft *draft, struct buffer *out, const char *prefix,
                        const struct old_value *value)
{
    struct origin origin;
    struct buffer text;
    origin_translate(value, &draft->body, draft->arena, &origin);
    if (origin.form == ORIGIN_NOTHING)
        return draft_fail(draft, origin.reason);
    if (origin.form == ORIGIN_CONSTANT) {
        const char *whole = arena_format(draft->arena, "%s%.*s", prefix, (int)origin.text.length,
                                         (const char *)origin.text.data);
        return yaml_literal(out, bytes_of_text(whole));
    }
    if (callers_own(&draft->callers, value))
        return draft_fail(draft, "the command is given a secret that authenticates the caller");
    buffer_init(&text, 8192);
    bool ok = buffer_append_text(&text, prefix) &&
              write_reference(draft, &text, &origin, origin.text) &&
              (!origin.other.data || write_reference(draft, &text, &origin, origin.other)) &&
              yaml_string(out, buffer_bytes(&text));
    buffer_finish(&text);
    return ok || draft_fail(draft, "a name is too long");
}

/* ---- the program ---- */

/* `webhook` looks for a relative program in command-working-directory. */
static const char *program_path(const struct route_draft *draft)
{
    struct bytes command = draft->hook->command, directory = draft->hook->directory;
    if (bytes_starts_with(command, bytes_of_text("./")) && directory.length > 0)
        command = bytes_from(command, 2);
    if (command.data[0] == '/' || directory.length == 0)
        return arena_copy_bytes(draft->arena, draft->hook->command);
    bool has_slash = directory.data[directory.length - 1] == '/';
    return arena_format(draft->arena, "%.*s%s%.*s", (int)directory.length,
                        (const char *)directory.data, has_slash ? "" : "/", (int)command.length,
                        (const char *)command.data);
}

/* The values of files come first among the arguments, each behind an x, so that none of them is
 * taken for an option. */
static bool write_files(const struct front *front, struct buffer *script)
{
    bool ok =
        !front->has_value_file || buffer_append_text(script, "_files=$(mktemp -d) || exit 1; "
                                                             "trap 'rm -rf \"$_files\"' EXIT; ");
    for (size_t i = 0; ok && i < front->file_count; i++) {
        const struct front_file *file = &front->files[i];
        if (!file->value) {
            ok = buffer_printf(script, "export %s=\"$TENTERHOOK_BODY_FILE\"; ", file->variable);
            continue;
        }
        ok = buffer_printf(script,
                           "printf %%s \"${1#x}\"%s >\"$_files/%zu\"; export "
                           "%s=\"$_files/%zu\"; shift; ",
                           file->value->base64decode ? " | base64 -d" : "", i, file->variable, i);
    }
    return ok;
}

/* "$0" is the program, "$1" … are the other arguments; ${_body%x} is the body with its line ends.
 */
static bool write_script(const struct route_draft *draft, const struct front *front,
                         struct buffer *script)
{
    const struct old_values *arguments = &draft->hook->arguments;
    size_t place = 0;
    bool ok = write_files(front, script);
    if (front->has_body)
        ok = ok && buffer_append_text(script, "_body=$(cat; printf x); ");
    ok = ok && buffer_append_text(script, front->has_value_file ? "\"$0\"" : "exec \"$0\"");
    if (!front->has_body)
        return ok && (arguments->count == 0 || buffer_append_text(script, " \"$@\""));
    for (size_t i = 0; ok && i < arguments->count; i++)
        ok = is_raw_body(&arguments->items[i]) ? buffer_append_text(script, " \"${_body%x}\"")
                                               : buffer_printf(script, " \"${%zu}\"", ++place);
    return ok;
}

static bool write_front(const struct route_draft *draft, const struct front *front,
                        struct buffer *out)
{
    struct buffer script;
    if (!front->has_body && front->file_count == 0)
        return true;
    buffer_init(&script, SCRIPT_MAX);
    bool ok = write_script(draft, front, &script) && buffer_append_text(out, "/bin/sh, -c, ") &&
              yaml_string(out, buffer_bytes(&script)) && buffer_append_text(out, ", ");
    buffer_finish(&script);
    return ok;
}

static bool write_command(struct route_draft *draft, const struct front *front, struct buffer *out)
{
    const struct old_values *arguments = &draft->hook->arguments;
    const char *program = program_path(draft);
    bool ok = program && buffer_append_text(out, "        command: [") &&
              write_front(draft, front, out) && yaml_literal(out, bytes_of_text(program));
    for (size_t i = 0; ok && i < front->file_count; i++)
        if (front->files[i].value)
            ok = buffer_append_text(out, ", ") &&
                 write_value(draft, out, "x", front->files[i].value);
    for (size_t i = 0; ok && i < arguments->count; i++)
        if (!is_raw_body(&arguments->items[i]))
            ok = buffer_append_text(out, ", ") && write_value(draft, out, "", &arguments->items[i]);
    return ok && buffer_append_text(out, "]\n");
}

/* ---- variables ---- */

/* The variable's name; `webhook` puts HOOK_ before that of the value. */
static const char *variable_name(const struct route_draft *draft, const struct old_value *value)
{
    if (value->envname.length > 0)
        return arena_copy_bytes(draft->arena, value->envname);
    return arena_format(draft->arena, "HOOK_%.*s", (int)value->name.length,
                        (const char *)value->name.data);
}

/* Of variables with the same name the last counts. */
static bool comes_again(const struct route_draft *draft, size_t index, const char *name)
{
    const struct old_values *environment = &draft->hook->environment;
    for (size_t i = index + 1; i < environment->count; i++) {
        const char *other = variable_name(draft, &environment->items[i]);
        if (other && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

static bool write_environment(struct route_draft *draft, struct buffer *out)
{
    const struct old_values *environment = &draft->hook->environment;
    bool ok = environment->count == 0 || buffer_append_text(out, "        env:\n");
    for (size_t i = 0; ok && i < environment->count; i++) {
        const char *name = variable_name(draft, &environment->items[i]);
        if (!name || !command_variable_is_allowed(name, NULL))
            return draft_fail(draft, "a variable that no command can be given");
        if (is_raw_body(&environment->items[i]))
            return draft_fail(draft, "the raw body as a variable; the command has it on standard "
                                     "input (stdin: body)");
        if (comes_again(draft, i, name))
            continue;
        ok = buffer_append_text(out, "          ") && yaml_string(out, bytes_of_text(name)) &&
             buffer_append_text(out, ": ") && write_value(draft, out, "", &environment->items[i]) &&
             buffer_append_text(out, "\n");
    }
    return ok;
}

/* ---- files ---- */

static const char *file_variable(const struct route_draft *draft, const struct old_value *file)
{
    if (file->envname.length > 0)
        return arena_copy_bytes(draft->arena, file->envname);
    char *name = arena_format(draft->arena, "HOOK_%.*s", (int)file->name.length,
                              (const char *)file->name.data);
    for (char *c = name; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return name;
}

static bool is_whole_body(const struct route_draft *draft, const struct old_value *file)
{
    bool is_json = strcmp(draft->content, "json") == 0 || strcmp(draft->content, "auto") == 0;
    return is_raw_body(file) || (bytes_equal_text(file->source, "entire-payload") && is_json);
}

static bool read_files(struct route_draft *draft, struct front *front)
{
    const struct old_values *files = &draft->hook->files;
    if (files->count > FILES_MAX)
        return draft_fail(draft, "more files than an import writes");
    for (size_t i = 0; i < files->count; i++) {
        const struct old_value *value = &files->items[i];
        const char *name = file_variable(draft, value);
        struct front_file *file = &front->files[front->file_count++];
        if (!name || !env_name_valid(name) || strlen(name) > VARIABLE_MAX ||
            !command_variable_is_allowed(name, NULL))
            return draft_fail(draft, "a file by a variable that no shell can have");
        snprintf(file->variable, sizeof file->variable, "%s", name);
        if (is_whole_body(draft, value) && value->base64decode)
            return draft_fail(draft, "the whole body in base64: let the command decode it");
        file->value = is_whole_body(draft, value) ? NULL : value;
        front->has_body_file |= !file->value;
        front->has_value_file |= file->value != NULL;
    }
    return true;
}

/* ---- the action ---- */

static bool read_front(struct route_draft *draft, struct front *front)
{
    const struct old_hook *hook = draft->hook;
    if (hook->arguments.count > ARGUMENTS_MAX || hook->environment.count > ARGUMENTS_MAX)
        return draft_fail(draft, "more arguments or variables than a command may have");
    if (yaml_has_braces(hook->directory))
        return draft_fail(draft, "command-working-directory has braces in it");
    for (size_t i = 0; i < hook->arguments.count; i++)
        front->has_body |= is_raw_body(&hook->arguments.items[i]);
    return read_files(draft, front);
}

static bool reads_client(const struct old_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        if (bytes_equal_text(values->items[i].source, "request") &&
            bytes_equal_nocase(values->items[i].name, bytes_of_text("remote-addr")))
            return true;
    return false;
}

static bool write_remarks(const struct route_draft *draft, const struct front *front,
                          struct buffer *out)
{
    const struct old_hook *hook = draft->hook;
    bool has_values = false, ok = true;
    for (size_t i = 0; i < hook->arguments.count; i++)
        has_values |= !bytes_equal_text(hook->arguments.items[i].source, "string") &&
                      !bytes_equal_text(hook->arguments.items[i].source, "request");
    if (has_values)
        ok = yaml_comment(out, KEY_INDENT + 4,
                          draft->exact
                              ? "Stricter: an argument of the sender that begins with - is "
                                "answered 422, because programs take it for an option; to pass it, "
                                "add allow_dash: true."
                              : "Stricter: a value that is missing is answered 422, and so is an "
                                "argument that begins with -. webhook passes \"\" for what is "
                                "missing: {{NAME | default \"\"}}.");
    if (ok && (reads_client(&hook->arguments) || reads_client(&hook->environment)))
        ok = yaml_comment(out, KEY_INDENT + 4, "The client's address is without its port here.");
    if (ok && front->has_value_file)
        ok = yaml_comment(out, KEY_INDENT + 4,
                          "A value of at most 128 KiB goes into a file that is gone afterwards.");
    if (ok && front->has_body)
        ok = yaml_comment(out, KEY_INDENT + 4,
                          "The raw body is an argument, of 128 KiB at most: a command that reads "
                          "its standard input needs no shell in front of it.");
    if (ok && hook->directory.length == 0 && hook->command.data[0] != '/' &&
        memchr(hook->command.data, '/', hook->command.length))
        ok = yaml_comment(out, KEY_INDENT + 4,
                          "Relative to this file here; webhook looks from where it was started.");
    return ok;
}

bool draft_write_command(struct route_draft *draft, struct buffer *out)
{
    struct front front = {.has_body = false};
    const struct old_hook *hook = draft->hook;
    if (!read_front(draft, &front))
        return false;
    bool ok = buffer_append_text(out, "    actions:\n      - name: run\n") &&
              write_remarks(draft, &front, out) && write_command(draft, &front, out) &&
              write_environment(draft, out);
    if (ok && front.has_body_file)
        ok = buffer_append_text(out, "        body_file: true\n");
    if (ok && draft->exact && !front.has_body)
        ok = buffer_append_text(out, "        stdin: none\n");
    if (ok && hook->directory.length > 0)
        ok = buffer_append_text(out, "        cwd: ") && yaml_string(out, hook->directory) &&
             buffer_append_text(out, "\n");
    if (ok && draft->exact)
        ok = yaml_comment(out, KEY_INDENT + 4, "webhook lets a command run without end.") &&
             buffer_append_text(out, "        timeout: 7d\n");
    return ok;
}

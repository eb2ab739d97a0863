/* Warnings about values that are probably not secrets: the name of a variable in the syntax of
 * another program, the path of a file, or a value with blanks that were copied along. Such a value
 * is taken as it is written, because a secret may look like anything; the warning is given because
 * every message would be refused, or anyone could guess a value from a manual. */
#include "config/secret_doubt.h"

#include "base/secret.h"
#include "config/names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool load_is_usual_variable(const char *name)
{
    size_t length = strlen(name);
    bool words = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length;
    return words && (strchr(name, '_') || strcspn(name, "0123456789") == length);
}

/* Up to three words of small letters; four are a passphrase, and a password has more than letters.
 */
bool load_is_usual_credential(const char *name)
{
    enum { LENGTH_MAX = 24, WORDS_MAX = 3 };
    size_t words = 0;
    if (load_is_usual_variable(name))
        return true;
    for (const char *rest = name;; rest++) {
        size_t length = strspn(rest, "abcdefghijklmnopqrstuvwxyz");
        rest += length;
        if (length == 0 || ++words > WORDS_MAX)
            return false;
        if (!*rest)
            return rest - name <= LENGTH_MAX;
        if (!strchr("-_.", *rest))
            return false;
    }
}

/* A password may begin with "$" too, so a bare name is one only if it is written as variables are,
 * or if there is a variable of that name. */
static bool is_shell_variable(const char *text)
{
    const char *name = text + 1;
    size_t length = strlen(text);
    if (text[0] != '$' || length < 3)
        return false;
    if (*name == '{' || *name == '(')
        return text[length - 1] == (*name == '{' ? '}' : ')');
    return env_name_valid(name) && (load_is_usual_variable(name) || getenv(name));
}

/* {{ .Values.secret }}, %SECRET% */
static bool is_template(const char *text)
{
    size_t length = strlen(text);
    if (length > 4 && begins(text, "{{") && strcmp(text + length - 2, "}}") == 0)
        return true;
    return length > 2 && text[0] == '%' && text[length - 1] == '%' &&
           strcspn(text + 1, "%") == length - 2;
}

/* The words of a source in front of a colon: "env:NAME", for {env: NAME}. */
static bool is_source(const char *text)
{
    return begins(text, "env:") || begins(text, "file:") || begins(text, "credential:");
}

/* Base64 may begin with a slash: so an absolute path is one if something is there, or its directory
 * is. */
static bool is_path(const char *text, const char *directory)
{
    char path[PATH_MAX];
    struct stat what;
    if (begins(text, "./") || begins(text, "../") || begins(text, "~/"))
        return true;
    int length = snprintf(path, sizeof path, "%s%s%s", text[0] == '/' ? "" : directory,
                          text[0] == '/' ? "" : "/", text);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    if (stat(path, &what) == 0 && !S_ISDIR(what.st_mode))
        return true;
    char *slash = strrchr(path, '/');
    if (text[0] != '/' || slash == path)
        return false;
    *slash = '\0';
    return stat(path, &what) == 0 && S_ISDIR(what.st_mode);
}

static const char *short_doubt(const char *text, const char *directory)
{
    bool is_name = load_is_usual_variable(text) && strchr(text, '_');
    if (is_name || is_shell_variable(text) || is_template(text))
        return "looks like a variable or a template, but is taken as it is; to take it from the "
               "environment write {env: NAME}";
    if (is_source(text))
        return "begins like the name of a source, but is taken as it is; write a mapping: {env: "
               "NAME} or {file: PATH}";
    if (directory && is_path(text, directory))
        return "looks like the path of a file, but is taken as it is; to take the content of the "
               "file write {file: PATH}";
    return NULL;
}

const char *load_secret_doubt(struct bytes value, const char *directory)
{
    char text[256];
    const char *doubt = NULL;
    if (bytes_starts_with(value, bytes_of_text("-----BEGIN ")))
        return NULL; /* a key in PEM: lines and blanks do no harm */
    if (bytes_starts_with(value, bytes_of("\xef\xbb\xbf", 3)))
        return "begins with a byte order mark, which is taken as part of it; save it without one";
    if (is_blank(value.data[0]) || is_blank(value.data[value.length - 1]))
        return "begins or ends with a blank or a line end, which is taken as part of it";
    if (value.length < sizeof text) {
        memcpy(text, value.data, value.length);
        text[value.length] = '\0';
        doubt = short_doubt(text, directory);
        secret_wipe(text, sizeof text);
    }
    return doubt;
}

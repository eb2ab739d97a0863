/* Rules for names, each a small automaton; the refused variables are a table with its reasons. */
#include "config/names.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool name_valid(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_LENGTH_MAX || !(is_letter(name[0]) || is_digit(name[0])))
        return false;
    for (; *name; name++)
        if (!is_letter(*name) && !is_digit(*name) && !strchr("-_.", *name))
            return false;
    return true;
}

bool env_name_valid(const char *name)
{
    if (!is_letter(*name) && *name != '_')
        return false;
    while (is_letter(*name) || is_digit(*name) || *name == '_')
        name++;
    return *name == '\0';
}

/* A trailing star: whatever begins so. What each of them does to the program that is started: */
static const struct {
    const char *pattern, *reason;
} refused_names[] = {
    {"TENTERHOOK_*", "is set by tenterhook itself"},
    {"PATH", "decides which program runs; name programs by their path"},
    {"IFS", "changes how a shell takes words apart"},
    {"ENV", "names a file that a shell runs first"},
    {"SHELLOPTS", "changes how a shell works"},
    {"PS4", "is run by a shell that traces"},
    {"BASH_*", "can make a shell run other code"},
    {"BASHOPTS", "changes how a shell works"},
    {"LD_*", "changes which libraries a program loads"},
    {"GCONV_PATH", "changes which libraries a program loads"},
    {"GLIBC_TUNABLES", "changes how a program is loaded"},
    {"MALLOC_*", "changes how a program is loaded"},
    {"PYTHONSTARTUP", "names a file that is run first"},
    {"PYTHONHOME", "changes which code a program loads"},
    {"PYTHONPATH", "changes which code a program loads"},
    {"PERL5LIB", "changes which code a program loads"},
    {"PERL5OPT", "changes which code a program loads"},
    {"RUBYOPT", "changes which code a program loads"},
    {"RUBYLIB", "changes which code a program loads"},
    {"NODE_OPTIONS", "changes which code a program loads"},
};

static bool matches(const char *pattern, const char *name)
{
    size_t length = strlen(pattern);
    return pattern[length - 1] == '*' ? strncmp(pattern, name, length - 1) == 0
                                      : strcmp(pattern, name) == 0;
}

bool env_name_check(const char *name, struct error *err)
{
    if (!env_name_valid(name))
        return error_set(err, "\"%.80s\" is not the name of an environment variable", name);
    for (size_t i = 0; i < sizeof refused_names / sizeof *refused_names; i++)
        if (matches(refused_names[i].pattern, name))
            return error_set(err, "%s %s", name, refused_names[i].reason);
    return true;
}

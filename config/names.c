/* ASCII by hand: isalpha and its kind follow the locale. */
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

/* "Did you mean": the restricted edit distance (Damerau: insert, delete, replace, swap neighbours)
 * between short words. A suggestion that is far off is worse than none, so the distance may be at
 * most a third of the word. */
#include "config/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 40 };

static unsigned smallest(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replace = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(replace, smallest(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smallest(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

/* `-` for `_` and capitals are the commonest slips, and cost nothing. */
static size_t fold_name(const char *name, char *out)
{
    size_t length = 0;
    for (; *name && length < NAME_MAX_LENGTH; name++)
        out[length++] = *name == '-' ? '_' : (*name >= 'A' && *name <= 'Z') ? *name | 32 : *name;
    return length;
}

/* "warn" for "warning": at least three letters, and the only one that goes on from them. */
static const char *name_begun(const char *given, const char *const *names)
{
    const char *found = NULL;
    size_t length = strlen(given);
    if (length < 3)
        return NULL;
    for (; *names; names++) {
        if (strncmp(*names, given, length) != 0)
            continue;
        if (found)
            return NULL;
        found = *names;
    }
    return found;
}

const char *nearest_name(const char *given, const char *const *names)
{
    const char *best = NULL;
    char a[NAME_MAX_LENGTH], b[NAME_MAX_LENGTH];
    size_t a_length = fold_name(given, a);
    unsigned best_distance = (unsigned)(a_length + 2) / 3;
    if (strlen(given) > NAME_MAX_LENGTH || a_length < 2)
        return NULL;
    for (size_t i = 0; names[i]; i++) {
        unsigned distance = edit_distance(a, a_length, b, fold_name(names[i], b));
        /* of two that are as near, the one that begins alike: people seldom miss the first letter
         */
        bool better = !best || (b[0] == a[0] && best[0] != a[0]);
        if (distance < best_distance || (distance == best_distance && better)) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best ? best : name_begun(given, names);
}

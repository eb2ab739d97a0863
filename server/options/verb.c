/* What the tables of a verb say together, for those who read or print them. */
#include "server/options/verb.h"

#include <assert.h>

size_t verb_form_count(const struct verb *verb)
{
    size_t count = 0;
    while (verb->forms[count].run)
        count++;
    return count;
}

size_t verb_rows(const struct verb *verb, struct placed_row rows[VERB_ROWS_MAX])
{
    size_t count = 0;
    unsigned all = (1U << verb_form_count(verb)) - 1;
    for (const struct option_group *group = verb->groups; group->rows; group++)
        for (size_t i = 0; i < group->count; i++) {
            const struct option_row *row = &group->rows[i];
            assert(count < VERB_ROWS_MAX);
            unsigned forms = (row->forms ? row->forms : all) & (group->forms ? group->forms : all);
            rows[count++] = (struct placed_row){row, group->offset + row->offset, forms & all,
                                                row->needed & forms & all};
        }
    return count;
}

bool verb_has_operands(const struct verb *verb, unsigned forms)
{
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count = verb_rows(verb, rows);
    for (size_t i = 0; i < count; i++)
        if (!rows[i].row->name && (rows[i].forms & forms))
            return true;
    return false;
}

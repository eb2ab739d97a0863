/* Properties that follow from a single row. */
#include "config/row.h"

static bool section_holds_secret(const struct row_section *section, unsigned depth)
{
    for (size_t i = 0; i < section->row_count; i++) {
        const struct row *row = &section->rows[i];
        if (row->type == ROW_SECRET ||
            (row->section && depth < 4 && section_holds_secret(row->section, depth + 1)))
            return true;
    }
    return false;
}

bool row_holds_secret(const struct row *row)
{
    return row->type == ROW_SECRET || (row->flags & ROW_SECRETS_INSIDE) ||
           (row->section && section_holds_secret(row->section, 0));
}

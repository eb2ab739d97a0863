/* The lines are collected, because who prints a line piece by piece does not know its width.
 * Without memory for that they are printed as they are. */
#include "server/terminal/prose.h"

#include "base/wrap.h"
#include "server/terminal/terminal.h"

#include <stdlib.h>

unsigned prose_width(void)
{
    enum { WIDTH_MAX = 100 }; /* longer lines are hard to read */
    struct screen screen = screen_look();
    return screen.is_terminal && screen.width > WIDTH_MAX ? WIDTH_MAX : screen.width;
}

FILE *prose_begin(struct prose *prose)
{
    *prose = (struct prose){NULL};
    prose->out = open_memstream(&prose->text, &prose->length);
    return prose->out ? prose->out : stdout;
}

void prose_end(struct prose *prose)
{
    if (prose->out && fclose(prose->out) == 0)
        wrap_print_lines(stdout, prose->text, prose_width());
    free(prose->text);
}

/* Output through a memory stream, so that code that prints to a FILE needs no change. */
#include "server/terminal/output.h"

#include <stdlib.h>

static bool page_no_memory(void)
{
    fputs("tenterhook: no memory\n", stderr);
    return false;
}

bool page_begin(struct page *page)
{
    page->out = open_memstream(&page->text, &page->length);
    return page->out || page_no_memory();
}

bool page_end(struct page *page)
{
    bool whole = fclose(page->out) == 0;
    bool written =
        whole && fwrite(page->text, 1, page->length, stdout) == page->length && fflush(stdout) == 0;
    if (!whole)
        page_no_memory();
    free(page->text);
    page->out = NULL;
    return written;
}

void page_drop(struct page *page)
{
    fclose(page->out);
    free(page->text);
    page->out = NULL;
}

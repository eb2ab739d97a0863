/* Keys in the engine in memory: what stands first of each, and what a newer event supersedes. */
#ifndef TENTERHOOK_TESTS_JOURNAL_MEMORY_KEYS_H
#define TENTERHOOK_TESTS_JOURNAL_MEMORY_KEYS_H

#include "journal_memory_rows.h"

void memory_look_at_keys(struct tables *tables, struct journal_key_look *look, int64_t due_ms);
void memory_watch(struct tables *tables, struct journal_watch *watch);
/* Before the last row, the delivery at `place` of the admission, is pending or running: what it
 * supersedes. True where it is of a burst, and pending until the end of that. */
bool memory_supersede(struct tables *tables, struct journal_turn *turn, struct journal_admit *admit,
                      size_t place);
/* Of one that has ended or was left: it is superseded, if it would be pending and is marked. */
void memory_give_way(struct delivery_row *row);

#endif

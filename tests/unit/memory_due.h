/* The part of journal_memory.c about deliveries that wait for their time, and the count of those
 * that wait. All of it is static, for the one file that includes it. */
#ifndef TENTERHOOK_TESTS_MEMORY_DUE_H
#define TENTERHOOK_TESTS_MEMORY_DUE_H

static void read_due(struct memory_journal *journal, struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    if (turn->reads_due_offset)
        turn->due_offset_ms = tables->due_offset_ms;
    for (size_t i = 0; i < tables->delivery_count && turn->reads_due; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        if (row->state != MEMORY_PENDING || row->due_ms <= turn->due_after_ms)
            continue;
        if (row->due_ms > turn->due_ms) {
            if (turn->next_due_ms == 0 || row->due_ms < turn->next_due_ms)
                turn->next_due_ms = row->due_ms;
        } else if (turn->woken.count == JOURNAL_WOKEN_MAX) {
            turn->woken_more = true;
        } else {
            const struct journal_due due = memory_due(tables, row);
            engine_add_due(&turn->woken, &due);
        }
    }
}

static void write_due(struct memory_journal *journal, const struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    if (turn->puts_due_offset)
        tables->due_offset_ms = turn->due_offset_ms;
    for (size_t i = 0; i < tables->delivery_count && turn->pulls_in; i++) {
        struct delivery_row *row = &tables->deliveries[i];
        if (row->state == MEMORY_PENDING && row->due_ms > turn->due_ms + row->wait_ms)
            row->due_ms = turn->due_ms + row->wait_ms;
    }
}

static void read_tally(struct memory_journal *journal, struct journal_tally *tally)
{
    struct tables *tables = &journal->store->now;
    tally->count = 0;
    tally->bytes = 0;
    tally->last = tally->after;
    for (size_t i = 0; i < tables->delivery_count && tally->count < tally->room; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        if (row->state != MEMORY_PENDING || row->action != tally->action ||
            row->handle <= tally->after)
            continue;
        const struct event_row *event = memory_event(tables, row->handle);
        tally->count++;
        tally->bytes += event ? (int64_t)event->event.body.length : 0;
        tally->last = row->handle;
    }
}

#endif

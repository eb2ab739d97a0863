/* The part of journal_memory.c about who tells of failures: what tell.c and notice.c are to
 * SQLite's engine. All of it is static, for the one file that includes it. */
#ifndef TENTERHOOK_TESTS_MEMORY_TELL_H
#define TENTERHOOK_TESTS_MEMORY_TELL_H

static struct told_row *route_of(struct tables *tables, const char *name)
{
    struct told_row *row = tables->told;
    while (row->name[0] && strcmp(row->name, name) != 0)
        row++;
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

static bool has_waiting(const struct tables *tables, int64_t teller)
{
    bool waits = false;
    for (size_t i = 0; i < tables->delivery_count; i++)
        waits |=
            tables->deliveries[i].action == teller && tables->deliveries[i].state == MEMORY_PENDING;
    return waits;
}

static struct delivery_row *free_teller(struct tables *tables, int64_t event)
{
    for (int place = JOURNAL_TELLER_LAST; place >= JOURNAL_TELLER_FIRST; place--) {
        int64_t handle = event * JOURNAL_ACTIONS_MAX + place;
        struct delivery_row *row = memory_delivery(tables, handle);
        if (row && row->state <= MEMORY_RUNNING)
            continue;
        if (!row)
            row = &tables->deliveries[tables->delivery_count++];
        row->handle = handle;
        return row;
    }
    return NULL;
}

static void let_wait(struct journal_turn *turn, struct delivery_row *row, int64_t due_ms)
{
    row->due_ms = due_ms;
    row->wait_ms = due_ms - turn->due_ms;
    if (turn->teller_due_ms == 0 || due_ms < turn->teller_due_ms)
        turn->teller_due_ms = due_ms;
}

static int64_t tell_after_ms(const struct told_row *route, const struct journal_action *teller,
                             int64_t now_ms)
{
    return (route->told_ms < now_ms ? route->told_ms : now_ms) + teller->tell_every_ms;
}

static void add_teller(struct memory_journal *journal, struct journal_turn *turn,
                       const struct journal_action *teller, struct delivery_row *row)
{
    struct tables *tables = &journal->store->now;
    int64_t due_ms = tell_after_ms(route_of(tables, teller->route), teller, turn->due_ms);
    *row = (struct delivery_row){
        .handle = row->handle, .action = teller->number, .attempt = row->attempt};
    const struct journal_due due = memory_due(tables, row);
    if (due_ms > turn->due_ms)
        let_wait(turn, row, due_ms);
    else
        engine_add_due(&turn->reruns, &due);
}

static const struct journal_action *find_teller(struct memory_journal *journal, int64_t action)
{
    const struct action_row *rows = journal->store->now.actions;
    for (int64_t number = 1; number <= (int64_t)journal->store->now.action_count; number++)
        if (strcmp(rows[number - 1].route, rows[action - 1].route) == 0 &&
            strcmp(rows[number - 1].name, ON_FAILURE_NAME) == 0)
            return engine_find_action(&journal->base, number);
    return NULL;
}

static void tell(void *context, struct journal_turn *turn, int64_t handle)
{
    struct memory_journal *journal = context;
    struct tables *tables = &journal->store->now;
    const struct delivery_row *dead = memory_delivery(tables, handle);
    const struct journal_action *teller = find_teller(journal, dead->action);
    if (!teller || engine_is_teller(handle) || dead->state != MEMORY_DEAD)
        return;
    struct told_row *route = route_of(tables, teller->route);
    struct delivery_row *row = has_waiting(tables, teller->number)
                                   ? NULL
                                   : free_teller(tables, handle / JOURNAL_ACTIONS_MAX);
    if (!row) {
        route->untold++;
        return;
    }
    add_teller(journal, turn, teller, row);
}

static void add_notice(struct memory_journal *journal, struct journal_turn *turn,
                       struct event *event, int64_t teller, char id[ID_TEXT_SIZE])
{
    struct tables *tables = &journal->store->now;
    struct event_row *row = &tables->events[tables->event_count++];
    id_create(turn->now_ms, id);
    event->id = bytes_of_text(id);
    *row = (struct event_row){.seq = (int64_t)tables->event_count,
                              .event = copy_event(journal->store, event),
                              .has_body = true,
                              .first = tables->delivery_count};
    add_teller(journal, turn, engine_find_action(&journal->base, teller),
               free_teller(tables, row->seq));
}

static void write_notices(struct memory_journal *journal, struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    for (const struct journal_finish *finish = turn->finish; finish; finish = finish->next) {
        if (!finish->applied || finish->told == 0 || finish->state != DELIVERY_DONE)
            continue;
        int64_t action = memory_delivery(tables, finish->handle)->action;
        struct told_row *route = route_of(tables, tables->actions[action - 1].route);
        route->untold -= finish->told < route->untold ? finish->told : route->untold;
    }
    for (size_t i = 0; i < turn->hear_count; i++) {
        struct told_row *route = route_of(tables, turn->hears[i].route);
        if (route->event_ms != 0 && turn->hears[i].event_ms < 0)
            continue;
        route->event_ms = turn->hears[i].event_ms;
        route->told_silence = route->told_refusal = false;
    }
    for (size_t i = 0; i < turn->notice_count; i++) {
        struct journal_notice *notice = &turn->notices[i];
        struct told_row *route = route_of(tables, notice->route);
        bool *told = notice->kind == NOTICE_SILENT ? &route->told_silence : &route->told_refusal;
        bool is_late = notice->kind == NOTICE_SILENT && route->event_ms > notice->heard_ms;
        notice->applied = !*told && !is_late;
        *told |= notice->applied;
        if (notice->applied && notice->teller)
            add_notice(journal, turn, notice->event, notice->teller, notice->id);
    }
}

static void write_pauses(struct memory_journal *journal, struct journal_turn *turn)
{
    struct notice_event made;
    char why[JOURNAL_WHY_SIZE];
    for (size_t i = 0; i < turn->streak_count; i++) {
        struct journal_streak *streak = &turn->streaks[i];
        if (!streak->paused || !streak->teller)
            continue;
        journal_explain_streak(streak, why);
        notice_event_make(&made, NOTICE_PAUSED, streak->route, turn->now_ms, why);
        add_notice(journal, turn, &made.event, streak->teller, streak->told_id);
    }
}

/* False: it is too early. */
static bool prepare_teller(struct memory_journal *journal, struct journal_turn *turn,
                           struct delivery_row *row, struct delivery_failure *failure)
{
    struct tables *tables = &journal->store->now;
    const struct journal_action *teller = engine_find_action(&journal->base, row->action);
    const struct event_row *event = memory_event(tables, row->handle);
    struct told_row *route = route_of(tables, teller->route);
    int64_t due_ms = tell_after_ms(route, teller, turn->due_ms);
    if (row->failures + row->takeovers == 0 && route->told_ms <= turn->due_ms &&
        due_ms > turn->due_ms) {
        let_wait(turn, row, due_ms);
        return false;
    }
    *failure = (struct delivery_failure){
        .exit_status = -1, .count = route->untold, .reason = event->event.title};
    const struct delivery_row *last = NULL;
    for (size_t i = event->first; i < event->first + event->count; i++) {
        const struct delivery_row *one = &tables->deliveries[i];
        if (!last || (one->state == MEMORY_DEAD) > (last->state == MEMORY_DEAD) ||
            ((one->state == MEMORY_DEAD) == (last->state == MEMORY_DEAD) &&
             one->ended_ms > last->ended_ms))
            last = one;
    }
    if (last)
        *failure = (struct delivery_failure){
            .action = bytes_of_text(tables->actions[last->action - 1].name),
            .reason = last->reason,
            .attempts = last->attempt,
            .exit_status = last->answer.exit_status,
            .output = last->answer.output,
            .error_output = last->error_output,
            .count = route->untold};
    return true;
}

#endif

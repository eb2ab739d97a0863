/* What stands first of each key. An index has the open deliveries by action and key, in the order
 * of their numbers; so one step finds the next key and another what stands first of it, however
 * many deliveries of a key wait. */
#include "server/journal/private.h"

enum { KEYLESS_STEP = 2048 }; /* JOURNAL_KEYLESS_STEP */

/* The first of several actions. */
static void take_head(struct journal_head *head, const struct journal_head *other)
{
    bool first = head->handle == 0 || other->handle < head->handle;
    bool more = head->handle != 0 || other->more;
    if (first)
        *head = *other;
    head->more = more;
}

static struct journal_head head_of_row(const struct query *query, int64_t action, int64_t key)
{
    return (struct journal_head){.key = key,
                                 .action = action,
                                 .handle = query_number(query, 0),
                                 .due_ms = query_number(query, 1),
                                 .bytes = (uint32_t)query_number(query, 2)};
}

/* False where nothing of the key is pending. */
static bool find_head(struct sqlite_journal *journal, const struct journal_key_look *look,
                      int64_t key, int64_t due_ms, struct journal_head *head)
{
    int which = look->scope == KEYS_ANY ? SQL_ANY_HEADS : SQL_KEY_HEADS;
    *head = (struct journal_head){0};
    for (size_t i = 0; i < look->action_count; i++) {
        struct query query =
            sqlite_query(&journal->db, which, bind_number(look->actions[i]), bind_number(key),
                         bind_number(look->only_due ? due_ms : INT64_MAX));
        while (query_next(&query)) {
            struct journal_head found = head_of_row(&query, look->actions[i], key);
            take_head(head, &found);
        }
    }
    return head->handle != 0;
}

static bool next_key(struct sqlite_journal *journal, const struct journal_key_look *look,
                     int64_t after, int64_t *key)
{
    bool found = false;
    for (size_t i = 0; i < look->action_count; i++) {
        struct query query = sqlite_query(&journal->db, SQL_NEXT_KEY, bind_number(look->actions[i]),
                                          bind_number(after));
        while (query_next(&query)) {
            int64_t next = query_number(&query, 0);
            *key = !found || next < *key ? next : *key;
            found = true;
        }
    }
    return found;
}

static void look_after(struct sqlite_journal *journal, struct journal_key_look *look,
                       int64_t due_ms)
{
    int64_t key;
    look->reached = look->key;
    look->goes_on = true;
    while (look->count < look->room && look->goes_on) {
        look->goes_on = next_key(journal, look, look->reached, &key);
        if (!look->goes_on)
            return;
        look->reached = key;
        look->count += find_head(journal, look, key, due_ms, &look->heads[look->count]);
    }
}

/* The first delivery without a key of one action, or how far the rows were looked at. */
static bool find_keyless(struct sqlite_journal *journal, const struct journal_key_look *look,
                         int64_t action, int64_t due_ms, struct journal_head *head,
                         int64_t *reached)
{
    size_t rows = 0;
    int64_t last = look->after;
    *head = (struct journal_head){0};
    struct query query =
        sqlite_query(&journal->db, SQL_KEYLESS, bind_number(action), bind_number(look->after),
                     bind_number(look->only_due ? due_ms : INT64_MAX));
    while (query_next(&query)) {
        rows++;
        last = query_number(&query, 0);
        if (query_number(&query, 3) != 1)
            continue;
        *head = head_of_row(&query, action, 0);
        head->more = true; /* the next look finds out */
        query_end(&query);
        break;
    }
    *reached = head->handle == 0 && rows < KEYLESS_STEP ? INT64_MAX : last;
    return head->handle != 0;
}

/* What was found counts only up to where all actions have been looked at. */
static void look_keyless(struct sqlite_journal *journal, struct journal_key_look *look,
                         int64_t due_ms)
{
    struct journal_head first = {0}, head;
    int64_t reached;
    look->reached = INT64_MAX;
    for (size_t i = 0; i < look->action_count; i++) {
        if (find_keyless(journal, look, look->actions[i], due_ms, &head, &reached))
            take_head(&first, &head);
        if (reached < look->reached)
            look->reached = reached;
    }
    look->goes_on = look->reached < INT64_MAX;
    if (first.handle == 0 || first.handle > look->reached)
        return;
    look->heads[look->count++] = first;
    look->reached = first.handle - 1; /* it is pending still until it is claimed */
}

bool keys_look(struct sqlite_journal *journal, struct journal_key_look *look, int64_t due_ms)
{
    look->count = 0;
    look->goes_on = false;
    look->reached = 0;
    if (look->room == 0)
        return true;
    if (look->scope == KEYS_AFTER)
        look_after(journal, look, due_ms);
    else if (look->scope == KEYS_NONE)
        look_keyless(journal, look, due_ms);
    else
        look->count = find_head(journal, look, look->key, due_ms, &look->heads[0]);
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool keys_watch(struct sqlite_journal *journal, struct journal_watch *watch)
{
    struct query query = sqlite_query(&journal->db, SQL_WATCH, bind_number(watch->handle));
    watch->is_over = true;
    watch->state = DELIVERY_DEAD;
    watch->by[0] = '\0';
    while (query_next(&query)) {
        struct bytes by = query_bytes(&query, 0);
        watch->state = events_state(query_bytes(&query, 1));
        watch->is_over = watch->state != DELIVERY_RUNNING;
        if (by.length == 0 || by.length >= sizeof watch->by)
            continue;
        memcpy(watch->by, by.data, by.length);
        watch->by[by.length] = '\0';
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

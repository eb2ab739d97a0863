/* Keys are compared and stored as numbers: 63 bits of a SHA-256 of the value, because an index of
 * numbers is small and a value has any length. Whoever chooses values cannot make two of them the
 * same key; 100,000 keys have two that are the same by chance once in two billion times, and then
 * these two wait for each other. */
#include "handlers/admission/event_key.h"

#include "base/crypto.h"
#include "handlers/value/reference_load.h"

#include <stdio.h>
#include <string.h>

bool event_key_read(struct load *load, const struct node *node, const struct row *row, void *field)
{
    struct reference *key = field;
    char subject[64];
    snprintf(subject, sizeof subject, "\"%s\"", row->name);
    if (!reference_load(load, node, subject, key))
        return false;
    if (key->root != REFERENCE_EVENT_ID && key->root != REFERENCE_EVENT_ATTEMPT &&
        key->root != REFERENCE_EVENT_RECEIVED && key->root != REFERENCE_ACTION_NAME)
        return true;
    return load_problem(load, node, "%s is no key: no two events share it", key->text);
}

struct verdict event_key_find(struct value_context *context, const struct reference *per,
                              int64_t *key)
{
    struct value value;
    uint8_t hash[HASH_MAX_SIZE];
    uint64_t number = 0;
    if (!value_resolve(context, per, &value))
        return value_refusal(context);
    *key = EVENT_KEY_COMMON;
    if (value.kind == VALUE_MISSING || value.kind == VALUE_NULL)
        return GO_ON;
    if (!hash_compute(HASH_SHA256, value.text, hash))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the key of an event");
    memcpy(&number, hash, sizeof number);
    number &= INT64_MAX;
    *key = number > (uint64_t)EVENT_KEY_COMMON ? (int64_t)number : EVENT_KEY_COMMON + 1;
    return GO_ON;
}

/* Each secret is looked for with memmem, which takes time in proportion to the text whatever is in
 * it, and each remembers where it is found next, so that one that is not there is looked for once.
 *
 * The mark is not longer than any secret, so the result fits where the text was. */
#include "handlers/action/secret_mask.h"

#include <stdlib.h>

_Static_assert(sizeof SECRET_MARK - 1 <= SECRET_MASKED_MIN, "masking never needs more room");

static bool is_known(const struct secret_mask *mask, struct bytes secret)
{
    for (size_t i = 0; i < mask->secrets.count; i++)
        if (bytes_equal(secret_bytes(&mask->secrets.items[i]), secret))
            return true;
    return false;
}

static bool keep(struct secret_mask *mask, struct bytes secret)
{
    size_t *next = realloc(mask->next, (mask->secrets.count + 1) * sizeof *next);
    if (!next)
        return false;
    mask->next = next;
    if (!secret_list_add(&mask->secrets, secret))
        return false;
    if (secret.length > mask->longest)
        mask->longest = secret.length;
    return true;
}

bool secret_mask_learn(struct secret_mask *mask, const struct secret_list *known, struct bytes text)
{
    for (size_t i = 0; i < known->count; i++) {
        struct bytes secret = secret_bytes(&known->items[i]);
        if (secret.length >= SECRET_MASKED_MIN && text.length >= secret.length &&
            memmem(text.data, text.length, secret.data, secret.length) && !is_known(mask, secret) &&
            !keep(mask, secret))
            return false;
    }
    return true;
}

void secret_mask_finish(struct secret_mask *mask)
{
    secret_list_finish(&mask->secrets);
    free(mask->next);
    *mask = (struct secret_mask){.next = NULL};
}

/* Where a secret is at or behind `from`; SIZE_MAX: nowhere. */
static size_t find(struct bytes text, size_t from, const struct secret *secret)
{
    if (from >= text.length)
        return SIZE_MAX;
    const uint8_t *found =
        memmem(text.data + from, text.length - from, secret->data, secret->length);
    return found ? (size_t)(found - text.data) : SIZE_MAX;
}

/* The next part of the text that secrets cover: the first of them, with those that begin in it. */
static bool next_part(const struct secret_mask *mask, struct bytes text, size_t *begin, size_t *end)
{
    const struct secret *secrets = mask->secrets.items;
    size_t first = 0;
    for (size_t i = 1; i < mask->secrets.count; i++)
        if (mask->next[i] < mask->next[first])
            first = i;
    *begin = mask->next[first];
    if (*begin == SIZE_MAX)
        return false;
    *end = *begin + secrets[first].length;
    for (size_t i = 0; i < mask->secrets.count;) {
        if (mask->next[i] >= *end) {
            i++;
            continue;
        }
        size_t reach = mask->next[i] + secrets[i].length;
        mask->next[i] = find(text, mask->next[i] + 1, &secrets[i]);
        if (reach > *end)
            *end = reach;
        i = 0; /* the part may have grown */
    }
    return true;
}

size_t secret_mask_apply(const struct secret_mask *mask, uint8_t *data, size_t length,
                         size_t before)
{
    struct bytes text = bytes_of(data, length);
    size_t taken = before, kept = 0, begin, end;
    for (size_t i = 0; i < mask->secrets.count; i++)
        mask->next[i] = find(text, 0, &mask->secrets.items[i]);
    while (mask->secrets.count > 0 && next_part(mask, text, &begin, &end)) {
        if (end <= before)
            continue;
        if (begin > taken) {
            memmove(data + kept, data + taken, begin - taken);
            kept += begin - taken;
        }
        memcpy(data + kept, SECRET_MARK, sizeof SECRET_MARK - 1);
        kept += sizeof SECRET_MARK - 1;
        taken = end;
    }
    if (taken < length)
        memmove(data + kept, data + taken, length - taken);
    return taken < length ? kept + length - taken : kept;
}

size_t secret_mask_held(const struct secret_mask *mask, struct bytes text)
{
    size_t most = mask->longest == 0 ? 0 : mask->longest - 1;
    for (size_t held = most < text.length ? most : text.length; held > 0; held--)
        for (size_t i = 0; i < mask->secrets.count; i++)
            if (mask->secrets.items[i].length > held &&
                memcmp(text.data + text.length - held, mask->secrets.items[i].data, held) == 0)
                return held;
    return 0;
}

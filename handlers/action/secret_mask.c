/* What an action is given is looked up in a sorted list of all secrets, at each place by its first
 * bytes: a route file may have ten thousand of both.
 *
 * In an output each secret is looked for with memmem, which takes time in proportion to the text
 * whatever is in it, and each remembers where it is found next, so that one that is not there is
 * looked for once.
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

/* ---- which secrets there are ---- */

static int compare_secrets(const void *left, const void *right)
{
    const struct bytes *a = left, *b = right;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->data, b->data, common);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

bool secret_index_make(struct secret_index *index, struct secret_list *const *lists,
                       size_t list_count)
{
    size_t most = 0, count = 0;
    for (size_t i = 0; i < list_count; i++)
        most += lists[i]->count;
    *index = (struct secret_index){.secrets = calloc(most + 1, sizeof *index->secrets)};
    if (!index->secrets)
        return false;
    for (size_t i = 0; i < list_count; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (lists[i]->items[j].length >= SECRET_MASKED_MIN)
                index->secrets[count++] = secret_bytes(&lists[i]->items[j]);
    qsort(index->secrets, count, sizeof *index->secrets, compare_secrets);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !bytes_equal(index->secrets[i], index->secrets[index->count - 1]))
            index->secrets[index->count++] = index->secrets[i];
    return true;
}

void secret_index_finish(struct secret_index *index)
{
    free(index->secrets);
    *index = (struct secret_index){.secrets = NULL};
}

/* The first whose beginning is not before that of `text`. */
static size_t find_beginning(const struct secret_index *index, const uint8_t *text)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(index->secrets[middle].data, text, SECRET_MASKED_MIN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool secret_mask_learn(struct secret_mask *mask, const struct secret_index *index,
                       struct bytes text)
{
    for (; text.length >= SECRET_MASKED_MIN; text = bytes_from(text, 1)) {
        for (size_t i = find_beginning(index, text.data);
             i < index->count &&
             bytes_starts_with(text, bytes_of(index->secrets[i].data, SECRET_MASKED_MIN));
             i++)
            if (bytes_starts_with(text, index->secrets[i]) && !is_known(mask, index->secrets[i]) &&
                !keep(mask, index->secrets[i]))
                return false;
    }
    return true;
}

bool secret_mask_learn_lines(struct secret_mask *mask)
{
    size_t count = mask->secrets.count;
    for (size_t i = 0; i < count; i++) {
        struct bytes rest = secret_bytes(&mask->secrets.items[i]);
        while (rest.length > 0) {
            struct bytes line = bytes_split(&rest, '\n');
            if (line.length >= SECRET_MASKED_MIN && !is_known(mask, line) && !keep(mask, line))
                return false;
        }
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

size_t secret_mask_apply_cut(const struct secret_mask *mask, uint8_t *data, size_t length)
{
    size_t left = secret_mask_apply(mask, data, length, 0);
    return left - secret_mask_held(mask, bytes_of(data, left));
}

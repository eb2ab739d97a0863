/* PCRE2 and ECMA-262 differ in what a group holds when a repetition around it begins anew: PCRE2
 * remembers what it held, ECMA-262 forgets. The two can be told apart only if the group takes no
 * part in the last round, because it is in an alternative or may be repeated no times. A reference
 * to such a group is refused, since PCRE2 cannot be made to forget, unless it follows the group in
 * the same alternative; one that comes before its group, or stands inside of it, is always empty in
 * ECMA-262 and is written so. */
#include "handlers/schema/regex_groups.h"

static void add(struct capture_set *set, unsigned capture)
{
    if (capture < CAPTURES_MAX)
        set->words[capture / 64] |= UINT64_C(1) << capture % 64;
}

static bool has(const struct capture_set *set, unsigned capture)
{
    return capture < CAPTURES_MAX && (set->words[capture / 64] >> capture % 64 & 1);
}

/* The first capture inside of a group, which may be a capture itself. */
static unsigned first_inside(const struct group *group)
{
    return group->outer + 1 + (group->kind == GROUP_CAPTURE);
}

static void add_inside(struct capture_set *set, const struct group *group, unsigned last)
{
    for (unsigned i = first_inside(group); i <= last; i++)
        add(set, i);
}

static bool is_open(const struct regex_groups *groups, unsigned capture)
{
    for (unsigned i = 0; i < groups->depth; i++)
        if (groups->open[i].kind == GROUP_CAPTURE && groups->open[i].outer + 1 == capture)
            return true;
    return false;
}

const char *groups_open(struct regex_groups *groups, enum group_kind kind)
{
    if (groups->depth == GROUPS_MAX)
        return "groups nested too deeply";
    groups->open[groups->depth++] = (struct group){.kind = kind, .outer = groups->captures};
    groups->captures += kind == GROUP_CAPTURE;
    return NULL;
}

const char *groups_close(struct regex_groups *groups)
{
    if (groups->depth == 0)
        return "a closing parenthesis without an opening one";
    struct group *group = &groups->closed;
    *group = groups->open[--groups->depth];
    group->last = groups->captures;
    if (group->alternatives)
        add_inside(&groups->optional, group, group->last);
    return NULL;
}

void groups_alternative(struct regex_groups *groups)
{
    if (groups->depth == 0)
        return;
    struct group *group = &groups->open[groups->depth - 1];
    group->alternatives = true;
    add_inside(&groups->optional, group, groups->captures);
}

void groups_repeat(struct regex_groups *groups, unsigned least, unsigned most)
{
    const struct group *group = &groups->closed;
    for (unsigned i = first_inside(group); most > 1 && i <= group->last; i++)
        if (has(&groups->optional, i))
            add(&groups->lost, i);
    for (unsigned i = group->outer + 1; least == 0 && i <= group->last; i++)
        add(&groups->optional, i);
}

/* ---- references ---- */

const char *groups_refer(struct regex_groups *groups, unsigned capture, unsigned *number)
{
    if (capture >= CAPTURES_MAX)
        return "a reference to a group beyond the 1,023rd";
    if (capture > groups->last_referred)
        groups->last_referred = capture;
    bool empty = capture > groups->captures || is_open(groups, capture);
    if (!empty && has(&groups->optional, capture))
        add(&groups->referred, capture);
    *number = empty ? 0 : capture;
    return NULL;
}

static struct group_name *find_name(struct regex_groups *groups, struct bytes name)
{
    for (unsigned i = 0; i < groups->name_count; i++)
        if (bytes_equal(groups->names[i].text, name))
            return &groups->names[i];
    if (groups->name_count == NAMES_MAX)
        return NULL;
    struct group_name *added = &groups->names[groups->name_count++];
    *added = (struct group_name){.text = name};
    return added;
}

const char *groups_name(struct regex_groups *groups, struct bytes name)
{
    struct group_name *found = find_name(groups, name);
    if (!found)
        return "more than 64 names of groups";
    if (found->capture)
        return "two groups of one name";
    found->capture = groups->captures;
    return NULL;
}

const char *groups_refer_name(struct regex_groups *groups, struct bytes name, unsigned *number)
{
    const struct group_name *found = find_name(groups, name);
    *number = 0;
    if (!found)
        return "more than 64 names of groups";
    return found->capture ? groups_refer(groups, found->capture, number) : NULL;
}

const char *groups_check(const struct regex_groups *groups)
{
    if (groups->depth)
        return "a group without its closing parenthesis";
    bool good = groups->last_referred <= groups->captures;
    for (unsigned i = 0; i < groups->name_count; i++)
        good &= groups->names[i].capture > 0;
    return good ? NULL : "a reference to a group that does not exist";
}

const char *groups_check_lost(const struct regex_groups *groups)
{
    for (unsigned i = 0; i < CAPTURES_MAX / 64; i++)
        if (groups->lost.words[i] & groups->referred.words[i])
            return "a reference to a group that a repetition may leave out";
    return NULL;
}

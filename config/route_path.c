/* Patterns are compared segment by segment. There are so few forms (text, {name}, a star at the
 * end) that no automaton is needed. */
#include "config/route_path.h"

#include "config/names.h"

#include <string.h>

enum { PATH_MAX_LENGTH = 1024 };

enum segment_kind { SEGMENT_TEXT, SEGMENT_NAME, SEGMENT_STAR, SEGMENT_END };

/* Takes the next segment off the front of `*rest`, which begins with "/" or is empty. */
static enum segment_kind next_segment(struct bytes *rest, struct bytes *segment)
{
    if (rest->length == 0)
        return SEGMENT_END;
    struct bytes from = bytes_from(*rest, 1);
    size_t length = 0;
    while (length < from.length && from.data[length] != '/')
        length++;
    *segment = bytes_of(from.data, length);
    *rest = bytes_from(from, length);
    if (length == 1 && segment->data[0] == '*' && rest->length == 0)
        return SEGMENT_STAR;
    return length > 1 && segment->data[0] == '{' ? SEGMENT_NAME : SEGMENT_TEXT;
}

bool route_path_segment_name(struct bytes segment, struct bytes *name)
{
    if (segment.length < 3 || segment.data[0] != '{' || segment.data[segment.length - 1] != '}')
        return false;
    *name = bytes_of(segment.data + 1, segment.length - 2);
    return true;
}

bool route_path_variable(struct bytes name, char text[PARAM_VARIABLE_SIZE])
{
    static const char prefix[] = "TENTERHOOK_PARAM_";
    char *at = text + sizeof prefix - 1;
    if (sizeof prefix + name.length > PARAM_VARIABLE_SIZE)
        return false;
    memcpy(text, prefix, sizeof prefix);
    for (size_t i = 0; i < name.length; i++)
        *at++ = (char)(name.data[i] >= 'a' && name.data[i] <= 'z' ? name.data[i] - 'a' + 'A'
                                                                  : name.data[i]);
    *at = '\0';
    return true;
}

/* ---- syntax ---- */

/* Two names that differ in case alone would be one variable of a command. */
static bool check_others(struct bytes name, struct bytes behind, const char *pattern,
                         struct error *err)
{
    struct bytes segment, other;
    while (next_segment(&behind, &segment) != SEGMENT_END) {
        if (!route_path_segment_name(segment, &other) || !bytes_equal_nocase(name, other))
            continue;
        int length = (int)name.length;
        return bytes_equal(name, other)
                   ? error_set(err, "the segment {%.*s} is repeated in \"%s\"", length, name.data,
                               pattern)
                   : error_set(
                         err,
                         "the segments {%.*s} and {%.*s} differ in upper and lower case only, "
                         "and commands get both in one variable",
                         length, name.data, length, other.data);
    }
    return true;
}

static bool check_name(struct bytes segment, struct bytes behind, const char *pattern,
                       struct error *err)
{
    char text[NAME_LENGTH_MAX + 2] = "";
    struct bytes name;
    bool closed = route_path_segment_name(segment, &name);
    if (closed && name.length < sizeof text)
        memcpy(text, name.data, name.length);
    if (!closed || !env_name_valid(text))
        return error_set(err, "\"%.*s\" is not a segment {name} of letters, digits and \"_\"",
                         (int)segment.length, segment.data);
    return check_others(name, behind, pattern, err);
}

static bool check_text(struct bytes segment, struct error *err)
{
    if (bytes_equal_text(segment, ".") || bytes_equal_text(segment, ".."))
        return error_set(err, "a path must not have \".\" or \"..\" segments");
    for (size_t i = 0; i < segment.length; i++) {
        uint8_t byte = segment.data[i];
        if (byte == '{' || byte == '}')
            return error_set(err, "{name} must be a whole segment of the path");
        if (byte == '*')
            return error_set(err, "\"*\" can only be the last segment of the path");
        if (byte == '%')
            return error_set(err, "write the path decoded, without \"%%\"");
        if (byte == '?' || byte == '#')
            return error_set(err, "a path must not have a query or a fragment (\"%c\")", byte);
        if (byte < 0x20 || byte == 0x7f || byte == '\\')
            return error_set(err, "a path must not have backslashes or control characters");
    }
    return true;
}

bool route_path_check(const char *pattern, struct error *err)
{
    struct bytes rest = bytes_of_text(pattern), segment;
    enum segment_kind kind;
    if (pattern[0] != '/')
        return error_set(err, "a path must start with \"/\"");
    if (strstr(pattern, "//"))
        return error_set(err, "a path must not have empty segments (\"//\")");
    if (rest.length > PATH_MAX_LENGTH)
        return error_set(err, "the path is longer than %d bytes", PATH_MAX_LENGTH);
    while ((kind = next_segment(&rest, &segment)) != SEGMENT_END) {
        bool ok = kind == SEGMENT_NAME   ? check_name(segment, rest, pattern, err)
                  : kind == SEGMENT_TEXT ? check_text(segment, err)
                                         : true;
        if (!ok)
            return false;
    }
    return true;
}

size_t route_path_fixed(const char *pattern)
{
    struct bytes rest = bytes_of_text(pattern), segment;
    size_t fixed = 0;
    enum segment_kind kind;
    while ((kind = next_segment(&rest, &segment)) == SEGMENT_TEXT)
        fixed++;
    return kind == SEGMENT_END ? SIZE_MAX : fixed;
}

/* ---- collisions ---- */

/* FNV-1a, never 0. Two texts with one hash only cost the time of a real comparison. */
static uint32_t hash_segment(struct bytes segment)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < segment.length; i++)
        hash = (hash ^ segment.data[i]) * 16777619u;
    return hash ? hash : 1;
}

struct route_path_shape route_path_shape(const char *pattern)
{
    struct route_path_shape shape = {.kind = SEGMENT_TEXT};
    struct bytes rest = bytes_of_text(pattern), segment;
    enum segment_kind kind;
    while ((kind = next_segment(&rest, &segment)) != SEGMENT_END) {
        shape.kind = kind > shape.kind ? kind : shape.kind; /* the least exact there is */
        if (kind == SEGMENT_TEXT && shape.segments < SHAPE_HASHES)
            shape.hashes[shape.segments] = hash_segment(segment);
        shape.segments++;
    }
    shape.group = shape.kind * 256 + shape.segments;
    for (int i = 0; shape.kind == SEGMENT_TEXT && i < SHAPE_HASHES; i++)
        shape.group = shape.group * 31 + shape.hashes[i];
    return shape;
}

bool route_path_may_conflict(const struct route_path_shape *a, const struct route_path_shape *b)
{
    if (a->kind != b->kind || a->segments != b->segments)
        return false; /* the order between those is fixed */
    for (unsigned i = 0; i < SHAPE_HASHES; i++)
        if (a->hashes[i] && b->hashes[i] && a->hashes[i] != b->hashes[i])
            return false;
    return true;
}

bool route_path_conflicts(const char *a, const char *b)
{
    struct route_path_shape left_shape = route_path_shape(a), right_shape = route_path_shape(b);
    struct bytes left = bytes_of_text(a), right = bytes_of_text(b);
    struct bytes left_segment = {0}, right_segment = {0};
    bool left_better = false, right_better = false;
    if (!route_path_may_conflict(&left_shape, &right_shape))
        return false;
    for (;;) {
        enum segment_kind left_kind = next_segment(&left, &left_segment);
        enum segment_kind right_kind = next_segment(&right, &right_segment);
        if (left_kind == SEGMENT_END || left_kind == SEGMENT_STAR)
            return left_better == right_better;
        left_better |= left_kind < right_kind;
        right_better |= right_kind < left_kind;
        if (left_kind == SEGMENT_TEXT && right_kind == SEGMENT_TEXT &&
            !bytes_equal(left_segment, right_segment))
            return false;
    }
}

/* A route is written into a buffer of its own, which is dropped if some part of the hook turns out
 * to be beyond a route: half a hook could run a command that the whole one would not. */
#include "server/import/route.h"

#include "config/route_path.h"
#include "server/import/answer_text.h"
#include "server/import/auth_text.h"
#include "server/import/body_text.h"
#include "server/import/command_text.h"
#include "server/import/yaml_text.h"

#include <ctype.h>

enum { ROUTE_TEXT_MAX = 1 << 20, ID_SHOWN = 64 };

/* ---- name and path ---- */

static bool name_is_taken(const struct route_writer *writer, const char *name)
{
    for (size_t i = 0; i < writer->name_count; i++)
        if (bytes_equal_text(writer->names[i], name))
            return true;
    return false;
}

/* The id with what a name cannot have as "-", and a number if another id comes out the same. */
static const char *route_name(struct route_writer *writer, struct bytes id)
{
    enum { NAME_KEPT = 50, TRIES_MAX = 10000 };
    size_t length = id.length < NAME_KEPT ? id.length : NAME_KEPT;
    char *name = arena_copy_bytes(writer->arena, bytes_of(id.data, length));
    if (!name)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)name[i];
        name[i] = c < 0x80 && (isalnum(c) || byte_is_among(c, "-_.")) ? name[i] : '-';
    }
    if (!isalnum((unsigned char)name[0]))
        name[0] = 'h';
    const char *tried = name;
    for (int i = 2; tried && name_is_taken(writer, tried); i++)
        tried = i < TRIES_MAX ? arena_format(writer->arena, "%s-%d", name, i) : NULL;
    if (tried)
        writer->names[writer->name_count++] = bytes_of_text(tried);
    return tried;
}

static const char *route_path(struct route_draft *draft)
{
    struct error err;
    struct bytes id = draft->hook->id;
    const char *prefix = draft->writer->flags->prefix;
    const char *path = arena_format(draft->arena, "/%s%s%.*s", prefix, prefix[0] ? "/" : "",
                                    (int)id.length, (const char *)id.data);
    bool is_fixed = !memchr(id.data, '{', id.length) && !memchr(id.data, '*', id.length);
    if (path && is_fixed && route_path_check(path, &err))
        return path;
    draft_fail(draft, "its id cannot be a path");
    return NULL;
}

/* ---- the route ---- */

static bool write_head(struct route_draft *draft, struct buffer *out)
{
    const char *path = route_path(draft);
    const char *name = path ? route_name(draft->writer, draft->hook->id) : NULL;
    return name && buffer_append_text(out, "  - name: ") && yaml_string(out, bytes_of_text(name)) &&
           buffer_append_text(out, "\n    path: ") && yaml_string(out, bytes_of_text(path)) &&
           buffer_append_text(out, "\n");
}

static bool write_when(const struct route_draft *draft, struct buffer *out)
{
    bool ok = true;
    if (draft->when->kind == WHEN_TRUE)
        return true;
    if (draft->builder.has_expression)
        ok = yaml_comment(out, KEY_INDENT,
                          "Stricter: an expression that needs too many steps is answered 422%s.",
                          draft->builder.has_typed_expression
                              ? "; only strings match, where webhook makes text of numbers"
                              : "");
    return ok && buffer_append_text(out, "    when:\n") &&
           when_write(out, KEY_INDENT + 2, draft->when);
}

static bool write_route(struct route_draft *draft, struct buffer *out)
{
    return draft_read_body(draft) && draft_read_callers(draft) && write_head(draft, out) &&
           draft_write_methods(draft, out) && draft_write_callers(draft, out) &&
           draft_write_content(draft, out) && write_when(draft, out) &&
           draft_write_answers(draft, out) && draft_write_command(draft, out);
}

static bool leave_out(struct route_writer *writer, const struct route_draft *draft,
                      struct buffer *out)
{
    const struct old_hook *hook = draft->hook;
    const struct old_rule *where = draft->builder.where;
    const char *reason = draft->failure ? draft->failure : "it is too large";
    struct buffer id;
    buffer_init(&id, 1024);
    report_append_shown(&id, hook->id, ID_SHOWN);
    yaml_comment(out, 2, "The hook \"%.*s\" is left out: %s.", (int)id.length,
                 (const char *)id.data, reason);
    buffer_append_text(out, "\n");
    buffer_finish(&id);
    writer->report->hook = hook->id;
    report_problem(writer->report, where ? where->line : hook->line,
                   where ? where->column : hook->column, "left out: %s", reason);
    writer->report->hook = bytes_of(NULL, 0);
    return false;
}

bool route_write(struct route_writer *writer, const struct old_hook *hook, struct buffer *out)
{
    struct route_draft draft = {
        .writer = writer, .hook = hook, .arena = writer->arena, .exact = writer->exact};
    struct buffer text;
    bool had_scheme[SCHEMES];
    memcpy(had_scheme, writer->has_scheme, sizeof had_scheme);
    buffer_init(&text, ROUTE_TEXT_MAX);
    bool ok = write_route(&draft, &text) &&
              yaml_comment(out, 2, "%s:%u", writer->report->file, hook->line) &&
              buffer_append_bytes(out, buffer_bytes(&text)) && buffer_append_text(out, "\n");
    buffer_finish(&text);
    if (!ok)
        memcpy(writer->has_scheme, had_scheme, sizeof had_scheme);
    writer->route_count += ok;
    return ok || leave_out(writer, &draft, out);
}

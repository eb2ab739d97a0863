/* A title is made of what strangers may have written and is shown in terminals, so it consists of
 * characters that show: anything else, and any run of blanks, is one blank. What is too long is cut
 * between two characters, with an ellipsis. */
#include "handlers/auth/title.h"

#include "base/encoding.h"
#include "handlers/auth/reference_check.h"
#include "handlers/auth/route_auth.h"
#include "handlers/value/reference_load.h"

/* ---- the key ---- */

static bool read_title(struct load *load, const struct node *node, const struct row *row,
                       void *field)
{
    struct title_settings *settings = field;
    (void)row;
    settings->is_set = true;
    return template_load(load, node, "\"title\"", &settings->text);
}

static const struct row title_rows[] = {
    {.name = "title",
     .example = "\"{{payload.ref}} by {{payload.pusher.name}}\"",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_title,
     .syntax = "a string with values of the event",
     .json_schema = "{\"type\": [\"string\", \"object\"]}",
     .sentence = "What an event is about, for `tenterhook events`, such as "
                 "`{{payload.repository.full_name}} {{payload.ref}}`: at most 200 bytes. A value "
                 "that is missing is left out. Without this key, what the provider's preset has; "
                 "`\"\"` for no title."},
};

static const struct row_section title_keys = {.name = "title",
                                              .sentence = "How events are listed.",
                                              .rows = title_rows,
                                              .row_count = ROW_COUNT(title_rows),
                                              .size = sizeof(struct title_settings)};

static bool finish_title(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *field)
{
    const struct title_settings *settings = field;
    struct reference_check check = {load, route, true};
    const struct reference_visitor visitor = reference_checker(&check);
    (void)node;
    (void)defaults;
    template_visit(&settings->text, &visitor);
    return check.ok;
}

const struct route_part title_route_part = {
    .keys = &title_keys, .after = "max_body", .finish_route = finish_title};

/* ---- titles ---- */

struct title {
    char text[TITLE_MAX];
    size_t length;
    bool needs_blank, is_cut;
};

static void add_character(struct title *title, const uint8_t *character, size_t length)
{
    static const char ellipsis[] = "…";
    size_t room = sizeof title->text - title->length - (sizeof ellipsis - 1);
    bool blank = title->needs_blank && title->length > 0;
    if (blank + length > room) {
        memcpy(title->text + title->length, ellipsis, sizeof ellipsis - 1);
        title->length += sizeof ellipsis - 1;
        title->is_cut = true;
        return;
    }
    if (blank)
        title->text[title->length++] = ' ';
    memcpy(title->text + title->length, character, length);
    title->length += length;
    title->needs_blank = false;
}

static void add_text(struct title *title, struct bytes text)
{
    while (text.length > 0 && !title->is_cut) {
        size_t length = utf8_shown(text.data, text.length);
        if (length > 0 && text.data[0] != ' ')
            add_character(title, text.data, length);
        else
            title->needs_blank = true;
        text = bytes_from(text, length > 0 ? length : 1);
    }
}

static void add_part(struct title *title, const struct template_part *part,
                     struct value_context *context)
{
    struct value value;
    if (!part->is_value)
        add_text(title, part->literal);
    else if (!value_resolve(context, &part->reference, &value) || value.kind == VALUE_MISSING ||
             value.kind == VALUE_NULL)
        add_text(title, part->default_text);
    else
        add_text(title, value.text);
}

struct bytes title_make(const struct route *route, struct value_context *context,
                        struct arena *arena)
{
    const struct title_settings *settings = title_settings_of(route);
    const struct template *text = settings->is_set ? &settings->text : route_title(route);
    struct title title = {.length = 0};
    for (size_t i = 0; text && i < text->count && !title.is_cut; i++)
        add_part(&title, &text->parts[i], context);
    const char *copy =
        title.length > 0 ? arena_copy_bytes(arena, bytes_of(title.text, title.length)) : NULL;
    return bytes_of(copy, copy ? title.length : 0);
}

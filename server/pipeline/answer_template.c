/* A header that a sender could write would be an answer that he could forge for whoever reads it,
 * so what becomes of a template is held against the same rules as what stands in the file. */
#include "server/pipeline/answer_template.h"

#include "base/id.h"

#include <stdio.h>
#include <strings.h>

/* ---- loading ---- */

bool answer_template_read_body(struct load *load, const struct node *node, const struct row *row,
                               void *field)
{
    struct answer_body *body = field;
    char subject[32];
    snprintf(subject, sizeof subject, "\"%s\"", row->name);
    if (node->kind == NODE_SCALAR && tree_is_null(node))
        return load_expected(load, node, subject, "a string");
    if (!template_load(load, node, subject, &body->text))
        return false;
    if (strlen(body->text.text) > ANSWER_BODY_MAX)
        return load_problem(load, node, "%s is longer than %d bytes", subject, ANSWER_BODY_MAX);
    body->is_set = true;
    return true;
}

/* Whether the header is one that the server writes itself, or that changes the framing or the
 * connection. */
static bool is_own_header(const char *name)
{
    static const char *const names[] = {"Cache-Control",
                                        "Connection",
                                        "Content-Encoding",
                                        "Content-Length",
                                        "Date",
                                        "Keep-Alive",
                                        "Proxy-Connection",
                                        "Proxy-Authenticate",
                                        "Set-Cookie",
                                        "TE",
                                        "Trailer",
                                        "Transfer-Encoding",
                                        "Upgrade",
                                        "Via",
                                        "X-Content-Type-Options"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_token(const char *name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *name && name[strspn(name, marks)] == '\0';
}

static bool is_repeated(const struct node *first, const struct node *value)
{
    while (first != value && strcasecmp(first->key->text, value->key->text) != 0)
        first = first->next;
    return first != value;
}

static bool check_name(struct load *load, const struct node *first, const struct node *value)
{
    const struct node *key = value->key;
    if (!is_token(key->text))
        return load_problem(load, key, "\"%s\" is not a name for a header", key->text);
    if (is_repeated(first, value))
        return load_problem(load, key, "the header %s is repeated", key->text);
    if (strcasecmp(key->text, "Content-Type") == 0)
        return load_problem(load, key, "the media type of the answer is said in \"type\"");
    return !is_own_header(key->text) ||
           load_problem(load, key, "the server decides about the header %s itself", key->text);
}

static bool is_visible(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    return true;
}

static bool is_header_value(struct bytes value)
{
    return is_visible(value) && bytes_trim(value).length == value.length;
}

static bool read_header(struct load *load, const struct node *node, struct answer_header *header)
{
    char subject[80];
    snprintf(subject, sizeof subject, "\"%.60s\"", node->key->text);
    header->name = arena_copy_text(load_arena(load), node->key->text);
    if (!header->name)
        return load_no_memory(load);
    if (node->kind == NODE_SCALAR && tree_is_null(node))
        return load_expected(load, node, subject, "a string");
    if (!template_load(load, node, subject, &header->value))
        return false;
    return !template_is_literal(&header->value) ||
           is_header_value(template_fixed_prefix(&header->value)) ||
           load_problem(load, node,
                        "the value of a header has visible ASCII characters and blanks between "
                        "them");
}

bool answer_template_read_headers(struct load *load, const struct node *node, const struct row *row,
                                  void *field)
{
    struct answer_headers *headers = field;
    size_t bytes = 0;
    bool ok = true;
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a mapping of names to values");
    if (node->count > ANSWER_HEADERS_MAX)
        return load_problem(load, node, "\"%s\" has %zu entries; at most %d are allowed", row->name,
                            node->count, ANSWER_HEADERS_MAX);
    headers->items = arena_alloc_array(load_arena(load), node->count + 1, sizeof *headers->items);
    if (!headers->items)
        return load_no_memory(load);
    for (const struct node *value = node->first; value; value = value->next) {
        struct answer_header *header = &headers->items[headers->count++];
        bool good = check_name(load, node->first, value) && read_header(load, value, header);
        bytes += good ? strlen(header->name) + strlen(header->value.text) : 0;
        ok = good && ok;
    }
    return ok && (bytes <= ANSWER_HEADER_BYTES ||
                  load_problem(load, node, "\"%s\" are %zu bytes together; at most %d are allowed",
                               row->name, bytes, ANSWER_HEADER_BYTES));
}

static bool has_values(const struct answer_template *answer)
{
    bool found = !template_is_literal(&answer->body.text);
    for (size_t i = 0; i < answer->headers.count; i++)
        found |= !template_is_literal(&answer->headers.items[i].value);
    return found;
}

/* What has no values is the same for every event. */
static bool make_plain(struct load *load, struct answer_template *answer)
{
    struct rendered_answer *plain = &answer->plain;
    size_t count = answer->headers.count;
    if (has_values(answer))
        return true;
    plain->headers = arena_alloc_array(load_arena(load), count + 1, sizeof *plain->headers);
    if (!plain->headers)
        return load_no_memory(load);
    for (size_t i = 0; i < count; i++)
        plain->headers[i] = (struct verdict_header){answer->headers.items[i].name,
                                                    answer->headers.items[i].value.text};
    plain->body = template_fixed_prefix(&answer->body.text);
    plain->is_made = true;
    return true;
}

/* Statuses that cannot have a body get none; all others go with any. */
bool answer_template_finish(struct load *load, const struct node *node,
                            struct answer_template *answer, bool has_output)
{
    const struct node *body = tree_find(node, "body"), *type = tree_find(node, "type");
    bool bodiless = answer->status == 204 || answer->status == 205;
    bool has_body = answer->body.is_set && answer->body.text.count > 0;
    if (bodiless && has_body)
        return load_problem(load, body, "an answer with status %d has no body",
                            (int)answer->status);
    if (type && !has_output && !has_body)
        return load_problem(load, type, "\"type\" is the media type of \"body\", which is %s",
                            body ? "empty" : "missing");
    if (type && (!is_visible(bytes_of_text(answer->type)) || !strchr(answer->type, '/')))
        return load_problem(load, type, "\"type\" must be a media type such as application/json");
    if (bodiless)
        answer->body.is_set = true;
    else if (!type && (has_output || has_body))
        answer->type = "text/plain; charset=utf-8";
    return make_plain(load, answer);
}

bool answer_template_visit(const struct answer_template *answer,
                           const struct reference_visitor *visitor)
{
    bool goes_on = template_visit(&answer->body.text, visitor);
    for (size_t i = 0; i < answer->headers.count && goes_on; i++)
        goes_on = template_visit(&answer->headers.items[i].value, visitor);
    return goes_on;
}

/* ---- making ---- */

struct maker {
    struct value_context *context;
    struct arena *arena;
    struct rendered_answer *made;
    const char *where; /* "the body", "the header X-Id" of the answer */
};

static size_t count_ids(const struct template *template)
{
    size_t count = 0;
    for (size_t i = 0; i < template->count; i++)
        count +=
            template->parts[i].is_value && template->parts[i].reference.root == REFERENCE_EVENT_ID;
    return count;
}

static struct verdict no_memory(void)
{
    return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the answer");
}

/* The sender is told which value, and nothing of what it is. */
static struct verdict refuse(const struct maker *maker, const char *what, const char *why)
{
    char *text = arena_format(maker->arena, "%s of the answer cannot be written: %s %s",
                              maker->where, what, why);
    struct verdict verdict = verdict_refuse(REPLY_UNPROCESSABLE, text);
    verdict.message = text;
    return text ? verdict : no_memory();
}

static struct verdict refuse_template(const struct maker *maker, enum template_outcome outcome,
                                      const struct reference *culprit)
{
    char absence[VALUE_ABSENCE_SIZE] = "";
    if (outcome == TEMPLATE_NO_MEMORY)
        return no_memory();
    if (culprit)
        value_absence(maker->context, culprit, absence);
    const char *why = arena_format(maker->arena, "%s%s", template_outcome_text(outcome), absence);
    return why ? refuse(maker, culprit ? culprit->text : "it", why) : no_memory();
}

/* Part after part, because the places of the id are noted. */
static struct verdict make_text(struct maker *maker, const struct template *template, size_t limit,
                                struct bytes *text)
{
    struct buffer out;
    size_t ids[TEMPLATE_PARTS_MAX], id_count = 0;
    enum template_outcome outcome = TEMPLATE_DONE;
    const struct reference *culprit = NULL;
    buffer_init(&out, limit);
    for (size_t i = 0; i < template->count && outcome == TEMPLATE_DONE; i++) {
        struct template_part *part = &template->parts[i];
        const struct template one = {.parts = part, .count = 1, .text = template->text};
        if (part->is_value && part->reference.root == REFERENCE_EVENT_ID)
            ids[id_count++] = out.length + part->as_json; /* behind the quote */
        outcome = template_render(&one, maker->context, limit - out.length, &out, &culprit);
    }
    char *copy =
        outcome == TEMPLATE_DONE ? arena_copy_bytes(maker->arena, buffer_bytes(&out)) : NULL;
    *text = bytes_of(copy, out.length);
    buffer_finish(&out);
    if (outcome != TEMPLATE_DONE)
        return refuse_template(maker, outcome, culprit);
    for (size_t i = 0; i < id_count && copy; i++)
        maker->made->ids[maker->made->id_count++] = copy + ids[i];
    return copy ? GO_ON : no_memory();
}

static struct verdict make_header(struct maker *maker, const struct answer_header *header,
                                  size_t *room, struct verdict_header *made)
{
    struct bytes value;
    size_t length = strlen(header->name);
    maker->where = arena_format(maker->arena, "the header %s", header->name);
    if (!maker->where)
        return no_memory();
    *room -= length < *room ? length : *room;
    struct verdict verdict = make_text(maker, &header->value, *room, &value);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    if (!is_header_value(value))
        return refuse(maker, "a value", "has characters that no header has");
    *room -= value.length;
    *made = (struct verdict_header){header->name, (const char *)value.data};
    return GO_ON;
}

struct verdict answer_template_render(const struct answer_template *answer,
                                      struct value_context *context, struct arena *arena,
                                      struct rendered_answer *made)
{
    struct maker maker = {context, arena, made, "the body"};
    size_t count = answer->headers.count, ids = count_ids(&answer->body.text);
    size_t room = ANSWER_HEADER_BYTES;
    *made = answer->plain;
    if (made->is_made)
        return GO_ON;
    for (size_t i = 0; i < count; i++)
        ids += count_ids(&answer->headers.items[i].value);
    made->ids = arena_alloc_array(arena, ids + 1, sizeof *made->ids);
    made->headers = arena_alloc_array(arena, count + 1, sizeof *made->headers);
    if (!made->ids || !made->headers)
        return no_memory();
    struct verdict verdict = make_text(&maker, &answer->body.text, ANSWER_BODY_MAX, &made->body);
    for (size_t i = 0; i < count && verdict.reply == REPLY_NONE; i++)
        verdict = make_header(&maker, &answer->headers.items[i], &room, &made->headers[i]);
    made->is_made = verdict.reply == REPLY_NONE;
    return verdict;
}

void answer_template_apply(const struct answer_template *answer, const struct rendered_answer *made,
                           const char *id, struct verdict *verdict)
{
    if (answer->status)
        verdict->status = (unsigned)answer->status;
    if (!made->is_made)
        made = &answer->plain;
    if (!made->is_made)
        return;
    for (size_t i = 0; i < made->id_count && strlen(id) == ID_TEXT_SIZE - 1; i++)
        memcpy(made->ids[i], id, ID_TEXT_SIZE - 1);
    if (answer->body.is_set) {
        verdict->content_type = answer->type;
        verdict->body = made->body;
        verdict->empty_body = made->body.length == 0;
    }
    verdict->headers = made->headers;
    verdict->header_count = answer->headers.count;
}

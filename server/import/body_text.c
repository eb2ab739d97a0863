/* `webhook` reads a body by its media type, and calls fields of forms, JSON and XML alike
 * "payload". Here a route says what it takes, so that has to be found in what the hook uses. */
#include "server/import/body_text.h"
#include "server/import/yaml_text.h"

/* ---- values of the hook ---- */

/* Calls `visit` for every value that the hook reads, until it returns true. */
static bool any_in_list(const struct old_values *values,
                        bool (*visit)(const struct old_value *value))
{
    for (size_t i = 0; i < values->count; i++)
        if (visit(&values->items[i]))
            return true;
    return false;
}

static bool any_in_rule(const struct old_rule *rule, bool (*visit)(const struct old_value *value))
{
    if (rule->kind == OLD_MATCH && visit(&rule->parameter))
        return true;
    for (size_t i = 0; i < rule->count; i++)
        if (any_in_rule(rule->children[i], visit))
            return true;
    return false;
}

static bool any_value(const struct old_hook *hook, bool (*visit)(const struct old_value *value))
{
    return any_in_list(&hook->arguments, visit) || any_in_list(&hook->environment, visit) ||
           any_in_list(&hook->files, visit) || (hook->rule && any_in_rule(hook->rule, visit));
}

/* Attributes and text of XML are named so; -1 is an index that finds nothing. */
static bool is_of_xml(const struct old_value *value)
{
    if (!origin_is_payload(value))
        return false;
    for (struct bytes rest = value->name; rest.data;) {
        struct bytes step = bytes_split(&rest, '.');
        bool is_attribute =
            step.length > 1 && step.data[0] == '-' && !(step.data[1] >= '0' && step.data[1] <= '9');
        if (is_attribute || bytes_equal_text(step, "#text"))
            return true;
    }
    return false;
}

/* Whether it is sent as JSON: in the names of forms there are hardly ever dots. */
static bool is_of_json(const struct old_value *value)
{
    return origin_is_payload(value) &&
           (value->name.length == 0 || memchr(value->name.data, '.', value->name.length));
}

static bool is_token_of_slack(const struct old_value *value)
{
    return origin_is_payload(value) && bytes_equal_text(value->name, "token");
}

/* The fields of its old commands. */
static bool looks_like_slack(const struct old_hook *hook)
{
    return hook->rule && any_in_rule(hook->rule, is_token_of_slack) && !any_value(hook, is_of_json);
}

/* ---- the content ---- */

static bool type_has(const struct old_hook *hook, const char *word)
{
    struct bytes type = hook->content_type;
    return type.length > 0 && memmem(type.data, type.length, word, strlen(word));
}

/* The field that holds JSON. */
static bool read_json_field(struct route_draft *draft)
{
    const struct old_values *json = &draft->hook->json;
    for (size_t i = 0; i < json->count; i++) {
        struct bytes name = json->items[i].name;
        bool is_field = bytes_equal_text(json->items[i].source, "payload") && name.length > 0 &&
                        !memchr(name.data, '.', name.length);
        if (!is_field || draft->body.json_field.data || type_has(draft->hook, "json"))
            return draft_fail(draft, "parse-parameters-as-json can name one field of a form");
        draft->body.json_field = name;
    }
    return true;
}

bool draft_read_body(struct route_draft *draft)
{
    const struct old_hook *hook = draft->hook;
    draft->reads_payload = any_value(hook, origin_is_payload);
    bool is_xml = hook->content_type.length > 0 ? type_has(hook, "xml")
                                                : any_value(hook, is_of_xml) && !draft->exact;
    if (!read_json_field(draft))
        return false;
    draft->content = "json";
    if (draft->body.json_field.data) {
        draft->content = "json_or_form";
    } else if (!draft->reads_payload) {
        draft->content = draft->exact ? "raw" : "auto";
    } else if (is_xml) {
        draft->body.is_xml = true;
        draft->content = "xml";
    } else if (type_has(hook, "form-urlencoded") ||
               (!draft->exact && hook->content_type.length == 0 && looks_like_slack(hook))) {
        draft->body.is_form = true;
        draft->content = "form";
    } else if (type_has(hook, "multipart")) {
        return draft_fail(draft, "it reads fields of multipart/form-data, which no route does");
    } else if (draft->exact && hook->content_type.length == 0) {
        draft->content = "auto";
        draft->body.is_either = !any_value(hook, is_of_json);
    }
    return true;
}

bool draft_write_content(const struct route_draft *draft, struct buffer *out)
{
    bool ok = true;
    struct bytes field = draft->body.json_field;
    if (draft->hook->content_type.length > 0 && draft->reads_payload)
        ok = yaml_comment(out, KEY_INDENT,
                          "The sender has to send a Content-Type that fits: none is put in its "
                          "place (incoming-payload-content-type). Another one is answered 415.");
    else if (draft->body.is_form)
        ok = yaml_comment(out, KEY_INDENT,
                          "Taken for a form, as Slack sends it. If the sender sends JSON, write "
                          "content: json, and payload.NAME for form.NAME.");
    else if (draft->body.is_either)
        ok =
            yaml_comment(out, KEY_INDENT,
                         "webhook takes JSON and forms alike: of payload.NAME and form.NAME one is "
                         "always missing.");
    else if (draft->body.is_xml)
        ok = yaml_comment(out, KEY_INDENT,
                          "Taken for XML, because of its names. Stricter: what is not XML is "
                          "answered 415 or 400.");
    else if (strcmp(draft->content, "json") == 0)
        ok = yaml_comment(out, KEY_INDENT,
                          "Stricter: what is not JSON is answered 415 or 400. (For a form: "
                          "content: form, and form.NAME for payload.NAME.)");
    ok = ok && buffer_printf(out, "    content: %s\n", draft->content);
    if (ok && field.data)
        ok = buffer_append_text(out, "    json_field: ") && yaml_string(out, field) &&
             buffer_append_text(out, "\n");
    return ok;
}

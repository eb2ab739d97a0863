/* The JSON Schema of the route file, for editors that complete and check while a person types. It
 * contains what a schema can express of the rows; `tenterhook check` decides. */
#include "config/actions.h"
#include "config/describe.h"
#include "config/keys.h"
#include "config/route.h"
#include "config/rows.h"

enum { DEPTH_MAX = 8 };

static void print_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* ---- types ---- */

static void print_section(const struct row_section *section, FILE *out, unsigned depth);

static void print_integer(const struct row *row, FILE *out, unsigned depth)
{
    (void)depth;
    fprintf(out, "\"type\": \"integer\", \"minimum\": %lld", (long long)row->min);
    if (row->max)
        fprintf(out, ", \"maximum\": %lld", (long long)row->max);
}

static void print_choice(const struct row *row, FILE *out, unsigned depth)
{
    (void)depth;
    fputs("\"enum\": [", out);
    for (int i = 0; row->choices[i]; i++) {
        fputs(i ? ", " : "", out);
        print_string(row->choices[i], out);
    }
    fputs("]", out);
}

static void print_array_bounds(const struct row *row, FILE *out)
{
    fputs("\"type\": \"array\", ", out);
    if (row->min)
        fprintf(out, "\"minItems\": %lld, ", (long long)row->min);
    if (row->max)
        fprintf(out, "\"maxItems\": %lld, ", (long long)row->max);
    fputs("\"items\": ", out);
}

static void print_texts(const struct row *row, FILE *out, unsigned depth)
{
    static const char one[] = "{\"type\": [\"string\", \"number\", \"boolean\"]}";
    (void)depth;
    if (row->flags & ROW_ONE_OK)
        fprintf(out, "\"anyOf\": [%s, {", one);
    print_array_bounds(row, out);
    fputs(one, out);
    if (row->flags & ROW_ONE_OK)
        fputs("}]", out);
}

static void print_in_place(const struct row *row, FILE *out, unsigned depth)
{
    fputs("\"allOf\": [", out);
    print_section(row->section, out, depth);
    fputs("]", out);
}

static void print_sections(const struct row *row, FILE *out, unsigned depth)
{
    if (row->flags & ROW_ONE_OK) {
        fputs("\"anyOf\": [", out);
        print_section(row->section, out, depth);
        fputs(", {", out);
    }
    print_array_bounds(row, out);
    print_section(row->section, out, depth);
    if (row->flags & ROW_ONE_OK)
        fputs("}]", out);
}

static void print_custom(const struct row *row, FILE *out, unsigned depth)
{
    if (row->flags & ROW_NAMES_INSIDE) {
        fputs("\"type\": \"object\", \"additionalProperties\": ", out);
        print_section(row->section, out, depth);
    } else if (row->json_schema && row->section) {
        fprintf(out, "\"anyOf\": [%s, ", row->json_schema);
        print_section(row->section, out, depth);
        fputs("]", out);
    } else if (row->json_schema) {
        fprintf(out, "\"allOf\": [%s]", row->json_schema);
    } else if (row->section && (row->flags & ROW_ONE_OK)) {
        print_sections(row, out, depth);
    } else if (row->section) {
        fputs("\"anyOf\": [", out);
        print_section(row->section, out, depth);
        if (row->choices) {
            fputs(", {", out);
            print_choice(row, out, depth);
            fputs("}", out);
        }
        fputs("]", out);
    } else {
        fputs("\"not\": {\"type\": \"null\"}", out);
    }
}

static const struct {
    void (*print)(const struct row *row, FILE *out, unsigned depth);
    const char *members; /* the same for all rows of the type */
} types[] = {
    [ROW_BOOL] = {NULL, "\"type\": \"boolean\""},
    [ROW_INTEGER] = {print_integer, NULL},
    [ROW_SIZE] = {NULL, "\"type\": [\"string\", \"integer\"], \"pattern\": "
                        "\"^(0|[0-9]+(B|KiB|MiB|GiB))$\", \"maximum\": 0"},
    [ROW_DURATION] = {NULL, "\"type\": [\"string\", \"integer\"], \"pattern\": "
                            "\"^(0|[0-9]+(ms|s|m|h|d))$\", \"maximum\": 0"},
    [ROW_TEXT] = {NULL, "\"type\": [\"string\", \"number\", \"boolean\"]"},
    [ROW_CHOICE] = {print_choice, NULL},
    [ROW_PATH] = {NULL, "\"type\": \"string\", \"minLength\": 1"},
    [ROW_MODE] = {NULL, "\"type\": \"string\", \"pattern\": \"^[0-7]{3,4}$\""},
    [ROW_TEXTS] = {print_texts, NULL},
    [ROW_TEXT_MAP] = {NULL, "\"type\": \"object\", \"additionalProperties\": {\"type\": "
                            "[\"string\", \"number\", \"boolean\"]}"},
    [ROW_SECRET] = {NULL, "\"$ref\": \"#/$defs/secret\""},
    [ROW_SECTION] = {print_in_place, NULL},
    [ROW_SECTIONS] = {print_sections, NULL},
    [ROW_CUSTOM] = {print_custom, NULL},
};

/* ---- properties ---- */

/* The properties of one mapping, put together from several sections. */
struct properties {
    FILE *out;
    unsigned depth;
    bool first;
    unsigned refused_flag; /* rows with it are left out */
};

static void print_property(struct properties *to, const struct row *row)
{
    if (row->flags & to->refused_flag)
        return;
    fputs(to->first ? "\n" : ",\n", to->out);
    to->first = false;
    print_string(row->name, to->out);
    fputs(": {\"description\": ", to->out);
    print_string(row->sentence, to->out);
    fputs(", ", to->out);
    if (types[row->type].print)
        types[row->type].print(row, to->out, to->depth + 1);
    else
        fputs(types[row->type].members, to->out);
    fputs("}", to->out);
}

static void print_properties(struct properties *to, const struct row_section *section)
{
    for (size_t i = 0; section && i < section->row_count; i++)
        print_property(to, &section->rows[i]);
}

static void print_parts(struct properties *to, const struct row_section *const *parts)
{
    for (; parts && *parts; parts++)
        print_properties(to, *parts);
}

static struct properties begin_mapping(FILE *out, unsigned depth)
{
    fputs("{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {", out);
    return (struct properties){.out = out, .depth = depth, .first = true};
}

static void print_required(const struct row_section *section, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < section->row_count; i++) {
        if (!(section->rows[i].flags & ROW_REQUIRED))
            continue;
        fputs(any ? ", " : ", \"required\": [", out);
        print_string(section->rows[i].name, out);
        any = true;
    }
    if (any)
        fputs("]", out);
}

static void print_section(const struct row_section *section, FILE *out, unsigned depth)
{
    if (depth > DEPTH_MAX) { /* a section may hold itself */
        fputs("{}", out);
        return;
    }
    struct properties to = begin_mapping(out, depth);
    print_properties(&to, section);
    fputs("}", out);
    print_required(section, out);
    fputs("}", out);
}

/* ---- definitions ---- */

static const char fixed_definitions[] =
    "\"methods\": {\"anyOf\": [{\"$ref\": \"#/$defs/method\"}, {\"type\": \"array\", \"minItems\": "
    "1, \"uniqueItems\": true, \"items\": {\"$ref\": \"#/$defs/method\"}}]},\n"
    "\"method\": {\"enum\": [\"POST\", \"PUT\", \"PATCH\", \"DELETE\", \"GET\", "
    "\"HEAD\", \"OPTIONS\"]},\n"
    "\"one_secret\": {\"anyOf\": [{\"type\": [\"string\", \"number\", \"boolean\"]}, {\"type\": "
    "\"object\", \"additionalProperties\": false, \"minProperties\": 1, \"maxProperties\": 1, "
    "\"properties\": {\n"
    "\"env\": {\"type\": \"string\", \"description\": \"An environment variable of the "
    "server.\"},\n"
    "\"file\": {\"type\": \"string\", \"description\": \"A file that only its owner can read, or a "
    "directory of such files.\"},\n"
    "\"credential\": {\"type\": \"string\", \"description\": \"A systemd credential.\"}}}]},\n"
    "\"secret\": {\"anyOf\": [{\"$ref\": \"#/$defs/one_secret\"}, {\"type\": \"array\", "
    "\"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/one_secret\"}}]}";

static void print_auth(const struct registry *registry, FILE *out)
{
    fputs(",\n\"auth_kinds\": ", out);
    struct properties to = begin_mapping(out, 2);
    for (size_t i = 0; registry->authenticators[i]; i++)
        print_property(&to, registry->authenticators[i]->value);
    fputs("}, \"minProperties\": 1},\n\"auth\": {\"anyOf\": [{\"$ref\": \"#/$defs/auth_kinds\"}, "
          "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
          "\"#/$defs/auth_kinds\"}}]},\n\"provider\": ",
          out);
    const char *provider = registry->provider ? registry->provider->value->json_schema : NULL;
    fputs(provider ? provider : "{\"type\": [\"string\", \"object\"]}", out);
}

static bool beside_printed(const struct registry *registry, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (registry->actions[i]->beside == registry->actions[index]->beside)
            return true;
    return false;
}

static void print_action(const struct registry *registry, FILE *out)
{
    fputs(",\n\"action\": ", out);
    struct properties to = begin_mapping(out, 2);
    print_properties(&to, &action_section);
    print_parts(&to, registry->action_parts);
    for (size_t i = 0; registry->actions[i]; i++) {
        print_property(&to, registry->actions[i]->value);
        if (!beside_printed(registry, i))
            print_properties(&to, registry->actions[i]->beside);
    }
    fputs("}, \"oneOf\": [", out);
    for (size_t i = 0; registry->actions[i]; i++) {
        fprintf(out, "%s{\"required\": [", i ? ", " : "");
        print_string(registry->actions[i]->name, out);
        fputs("]}", out);
    }
    fputs("]}", out);
}

static void print_route_key(void *context, const struct row *row)
{
    print_property(context, row);
}

/* Nothing is required of a route but what cannot come from `defaults`. */
static void print_route(const struct registry *registry, const char *name, unsigned refused_flag,
                        FILE *out)
{
    fprintf(out, ",\n\"%s\": ", name);
    struct properties to = begin_mapping(out, 2);
    to.refused_flag = refused_flag;
    keys_of_route(registry, print_route_key, &to);
    fputs(refused_flag ? "}}" : "}, \"required\": [\"name\", \"path\"]}", out);
}

void describe_json_schema(const struct registry *registry, FILE *out)
{
    fputs("{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
          "\"title\": \"A route file of tenterhook\", \"type\": \"object\",\n"
          "\"additionalProperties\": false, \"properties\": {",
          out);
    struct properties to = {.out = out, .depth = 1, .first = true};
    print_properties(&to, &top_section);
    print_parts(&to, registry->top_parts);
    fputs("},\n\"$defs\": {\n", out);
    fputs(fixed_definitions, out);
    print_auth(registry, out);
    print_action(registry, out);
    print_route(registry, "route", 0, out);
    print_route(registry, "defaults", ROW_NO_DEFAULTS, out);
    fputs("}}\n", out);
}

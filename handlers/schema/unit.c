/* The tools of those that compile keywords, and the way from the steps they made to a node. */
#include "handlers/schema/unit.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/number.h"
#include "handlers/schema/value.h"

#include <assert.h>
#include <stdarg.h>

void *unit_alloc(struct unit *unit, size_t count, size_t size)
{
    void *memory = arena_alloc_array(&unit->compiler->schema->arena, count ? count : 1, size);
    if (!memory)
        fault_memory(unit->compiler->library);
    return memory;
}

const char *unit_text(struct unit *unit, const char *text)
{
    struct map *texts = &unit->compiler->texts;
    char *copy = map_find(texts, bytes_of_text(text));
    if (copy)
        return copy;
    copy = arena_copy_text(&unit->compiler->schema->arena, text);
    if (copy && map_add(texts, bytes_of_text(copy), copy))
        return copy;
    fault_memory(unit->compiler->library);
    return NULL;
}

const char *unit_word(struct unit *unit, enum keyword keyword, struct json_object *value,
                      const char *must)
{
    bool string = value_type(value) == TYPE_STRING;
    const char *text = string ? value_c_string(value) : NULL;
    if (!text)
        unit_fail(unit, keyword, "%s", string ? "must not hold U+0000" : must);
    return text;
}

bool unit_fail(struct unit *unit, enum keyword keyword, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_add_list(unit->compiler->library, unit->subschema, keyword_rows[keyword].name, format,
                   args);
    va_end(args);
    return false;
}

void unit_step(struct unit *unit, enum operation operation, unsigned types, enum keyword keyword,
               uint32_t number, const void *data)
{
    assert(unit->step_count < UNIT_STEPS); /* more than there are keywords that make one */
    unit->steps[unit->step_count++] = (struct step){.operation = (uint8_t)operation,
                                                    .types = (uint8_t)types,
                                                    .keyword = (uint8_t)keyword,
                                                    .number = number,
                                                    .data = data};
}

bool unit_count(struct unit *unit, enum keyword keyword, uint32_t *number)
{
    struct json_object *value = unit->words[keyword];
    if (!unit_has(unit, keyword))
        return true;
    struct number read;
    double limit = value_type(value) & TYPE_NUMBER ? value_double(value) : -1;
    if (limit >= 0)
        number_read(value, &read);
    if (!(limit >= 0) || number_type(&read) == TYPE_FRACTION)
        return unit_fail(unit, keyword, "must be an integer of at least 0");
    *number = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
    return true;
}

void unit_init(struct unit *unit, struct compiler *compiler, const struct subschema *subschema)
{
    unit->compiler = compiler;
    unit->subschema = subschema;
    unit->dialect = subschema->resource->dialect;
    unit->present = 0;
    unit->types = TYPE_ANY;
    unit->owns_marks = false;
    unit->step_count = 0;
    memset(unit->words, 0, sizeof unit->words);
    for (struct member m = member_first(subschema->value); m.entry; member_next(&m)) {
        enum keyword keyword =
            keyword_find(&compiler->library->keywords, unit->dialect, member_name(&m));
        unit->present |= KEYWORD_BIT(keyword);
        unit->words[keyword] = member_value(&m);
    }
    unit->present &= ~KEYWORD_BIT(KEYWORD_NONE);
    if (unit->dialect->ref_hides_siblings && unit_has(unit, KEYWORD_REF))
        unit->present = KEYWORD_BIT(KEYWORD_REF);
}

bool unit_write(struct unit *unit, struct schema_node *node)
{
    struct step *steps = NULL;
    if (unit->step_count) {
        steps = unit_alloc(unit, unit->step_count, sizeof *steps);
        if (!steps)
            return false;
        memcpy(steps, unit->steps, unit->step_count * sizeof *steps);
    }
    uint8_t step_types = 0;
    bool simple = true;
    for (unsigned i = 0; i < unit->step_count; i++) {
        step_types |= unit->steps[i].types;
        simple &= unit->steps[i].operation <= OPERATION_FORMAT;
    }
    *node = (struct schema_node){.types = (uint8_t)unit->types,
                                 .step_types = step_types,
                                 .owns_marks = unit->owns_marks,
                                 .simple = simple,
                                 .step_count = (uint16_t)unit->step_count,
                                 .resource = RESOURCE_NONE,
                                 .steps = steps};
    return true;
}

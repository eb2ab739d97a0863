/* Text of any bytes as a unit of systemd, and as a file of variables. What is read has names and
 * values of one line; words end, and what they are made of is not longer than they were, but for
 * specifiers. */
#include "server/service/service_file.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

enum { MEMORY = 16 << 20 };

static void check_words(struct service *unit, const char *value, bool escapes)
{
    const char *rest = value, *word;
    while ((word = service_split(unit->arena, &rest, escapes))) {
        char unknown;
        const char *whole = service_expand(unit->arena, &unit->names, word, &unknown);
        assert(rest > value && strlen(word) <= strlen(value));
        assert(!whole || unknown == '\0');
        assert(!whole || strchr(word, '%') || strcmp(whole, word) == 0);
    }
}

static void check_settings(struct service *unit)
{
    static const char *const choices[] = {"tmpfs", NULL};
    for (size_t i = 0; i < unit->count; i++) {
        const struct service_setting *setting = &unit->settings[i];
        struct service_words words = {.unit = unit, .name = setting->name};
        size_t length;
        assert(*setting->value && !strpbrk(setting->value, "\n") && !strchr(setting->name, '='));
        assert(service_value(unit, setting->name));
        service_choice(unit, setting->name, choices);
        check_words(unit, setting->value, false);
        check_words(unit, setting->value, true);
        assert(!service_unescape(unit->arena, setting->value, &length) ||
               length <= strlen(setting->value));
        for (int j = 0; j < 64 && service_words_next(&words); j++)
            continue;
    }
}

static bool take(void *context, const char *name, const char *value)
{
    size_t *left = context;
    assert(strlen(name) + strlen(value) <= *left);
    *left -= strlen(name) + strlen(value);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct service unit;
    struct arena arena;
    struct error err;
    size_t left = size;
    arena_init(&arena, MEMORY);
    unit.arena = &arena;
    unit.names = (struct service_names){.unit = "a-b@c.service", .path = "/x/a-b@.service"};
    unit.count = 0;
    if (service_add(&unit, bytes_of(data, size), &err))
        check_settings(&unit);
    service_read_variables(bytes_of(data, size), &arena, take, &left);
    arena_finish(&arena);
    return 0;
}

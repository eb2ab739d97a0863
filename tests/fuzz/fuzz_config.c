/* A route file of any bytes: it is either taken, and then complete, or it has problems, and those
 * point into the text and can be printed. Nothing outside of the text is read. */
#include "config/loader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake_registry.h"

#include <assert.h>
#include <stdlib.h>

static void check_settings(const struct settings *settings)
{
    assert(settings->server.listen.count > 0 && settings->journal.path[0] == '/');
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        assert(route->index == i && route->name[0] && route->path[0] == '/');
        assert(route->authenticator_count > 0 && route->action_count > 0);
        assert(!route->no_authentication || route->authenticator_count == 1);
        assert(route->methods.count > 0 && route->max_body > 0);
        for (size_t j = 0; j < route->action_count; j++)
            assert(route->actions[j].name && route->actions[j].handler.settings);
    }
}

static void check_problems(const struct problem_list *problems, size_t lines)
{
    char *printed = NULL;
    size_t size = 0, count = 0;
    FILE *out = open_memstream(&printed, &size);
    for (const struct problem *problem = problems->first; problem; problem = problem->next, count++)
        assert(!problem->source || (problem->line <= lines && problem->column > 0));
    assert(count == problems->count && count <= problems->errors + problems->warnings);
    problem_list_print(problems, out);
    fclose(out);
    for (size_t i = 0; i < size; i++)
        assert(printed[i] == '\n' || (unsigned char)printed[i] >= 0x20);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem_list problems;
    size_t lines = 2; /* the end of the text may count as a line of its own */
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_text("fuzz.yaml", bytes_of(data, size), &fake_registry, &problems);
    assert((settings != NULL) == (problems.errors == 0));
    if (settings)
        check_settings(settings);
    check_problems(&problems, lines);
    settings_destroy(settings);
    problem_list_finish(&problems);
    return 0;
}

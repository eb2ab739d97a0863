/* Every condition is judged here, also those that the answer did not depend on, because people ask
 * why an event was left out and what else would have left it out. */
#include "server/cli/verify_when.h"

#include "base/json_text.h"
#include "handlers/admission/when.h"
#include "server/cli/terminal.h"

#include <stdio.h>

enum { ARENA = 4 << 20 };

static const char *word_of(enum condition_outcome outcome)
{
    static const char *const words[] = {[CONDITION_HOLDS] = "holds",
                                        [CONDITION_FAILS] = "fails",
                                        [CONDITION_LIMIT] = "past its limit",
                                        [CONDITION_NO_MEMORY] = "no memory"};
    return words[outcome];
}

/* The list itself is no line. */
static void explain(struct exchange *exchange,
                    void (*see)(void *caller, const struct condition_line *line), void *caller)
{
    const struct route *route = exchange->request.route;
    const struct when_settings *when = route ? when_settings_of(route) : NULL;
    struct arena arena;
    if (!when || !when->is_set || !exchange->values.request)
        return;
    arena_init(&arena, ARENA);
    condition_explain(&when->condition, &exchange->values, &arena, see, caller);
    arena_finish(&arena);
}

static void print_line(void *caller, const struct condition_line *line)
{
    (void)caller;
    if (line->depth == 0)
        return;
    printf("%-10s %*s%s: ", "condition", 2 * (int)(line->depth - 1), "", word_of(line->outcome));
    print_safe(stdout, bytes_of_text(line->condition->text));
    if (line->value) {
        fputs("; it is ", stdout);
        print_safe(stdout, bytes_of_text(line->value));
    }
    putchar('\n');
}

void verify_print_conditions(struct exchange *exchange)
{
    explain(exchange, print_line, NULL);
}

static void append_line(void *caller, const struct condition_line *line)
{
    struct buffer *out = caller;
    if (line->depth == 0)
        return;
    bool is_first = out->data[out->length - 1] == '[';
    buffer_printf(out, "%s{\"depth\":%u,\"condition\":\"", is_first ? "" : ",", line->depth);
    json_escape(out, bytes_of_text(line->condition->text));
    buffer_printf(out, "\",\"result\":\"%s\"", word_of(line->outcome));
    if (line->value) {
        buffer_append_text(out, ",\"value\":\"");
        json_escape(out, bytes_of_text(line->value));
        buffer_append_text(out, "\"");
    }
    buffer_append_text(out, "}");
}

void verify_append_conditions(struct exchange *exchange, struct buffer *out)
{
    size_t before = out->length;
    buffer_append_text(out, ",\"conditions\":[");
    size_t empty = out->length;
    explain(exchange, append_line, out);
    if (out->length == empty)
        out->length = before;
    else
        buffer_append_text(out, "]");
}

/* Every condition is judged here, also those that the answer did not depend on, because people ask
 * why an event was left out and what else would have left it out. */
#include "server/cli/verify_conditions.h"

#include "base/json_text.h"
#include "server/terminal/terminal.h"

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
static void explain(const struct condition *condition, struct value_context *values,
                    void (*see)(void *caller, const struct condition_line *line), void *caller)
{
    struct arena arena;
    arena_init(&arena, ARENA);
    condition_explain(condition, values, &arena, see, caller);
    arena_finish(&arena);
}

static void print_line(void *caller, const struct condition_line *line)
{
    int indent = *(const int *)caller;
    if (line->depth == 0)
        return;
    printf("%*s%-10s %*s%s: ", indent, "", "condition", 2 * (int)(line->depth - 1), "",
           word_of(line->outcome));
    print_safe(stdout, bytes_of_text(line->condition->text));
    if (line->value) {
        fputs("; it is ", stdout);
        print_safe(stdout, bytes_of_text(line->value));
    }
    putchar('\n');
}

void verify_print_conditions(const struct condition *condition, struct value_context *values,
                             int indent)
{
    explain(condition, values, print_line, &indent);
}

static void append_line(void *caller, const struct condition_line *line)
{
    struct buffer *out = caller;
    if (line->depth == 0)
        return;
    bool is_first = out->data[out->length - 1] == '[';
    buffer_printf(out, "%s{\"depth\":%u,\"condition\":", is_first ? "" : ",", line->depth);
    json_append_string(out, bytes_of_text(line->condition->text));
    buffer_printf(out, ",\"result\":\"%s\"", word_of(line->outcome));
    if (line->value) {
        buffer_append_text(out, ",\"value\":");
        json_append_string(out, bytes_of_text(line->value));
    }
    buffer_append_text(out, "}");
}

void verify_append_conditions(const struct condition *condition, struct value_context *values,
                              struct buffer *out)
{
    buffer_append_text(out, ",\"conditions\":[");
    explain(condition, values, append_line, out);
    buffer_append_text(out, "]");
}

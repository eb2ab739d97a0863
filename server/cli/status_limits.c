/* Durations and rates are written as in the route file, and what is usual is not written at all. */
#include "base/units.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/cli/status_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wording {
    FILE *out;
    const char *separator;
};

/* Where the next part may begin. */
static FILE *begin(struct wording *words)
{
    fputs(words->separator, words->out);
    words->separator = "; ";
    return words->out;
}

static void say_concurrency(struct wording *words, struct json_object *limit)
{
    const char *per = control_text(limit, "per");
    if (!limit)
        return;
    FILE *out = begin(words);
    fprintf(out, "%lld at once%s%s", (long long)control_number(limit, "max"), *per ? " per " : "",
            per);
    if (strcmp(control_text(limit, "when_full"), "cancel_running") == 0)
        fputs(", ended by a newer event", out);
}

static void say_rate(struct wording *words, const char *rate)
{
    if (*rate)
        fprintf(begin(words), "starts %s", rate);
}

static void say_queue(struct wording *words, struct json_object *limit, struct json_object *queue)
{
    int64_t max = control_number(limit, "max"), bytes = control_number(limit, "bytes");
    char is[32], most[32];
    if (max > 0)
        fprintf(begin(words), "queue %lld of %lld", (long long)control_number(queue, "deliveries"),
                (long long)max);
    if (bytes == 0)
        return;
    status_format_bytes(control_number(queue, "bytes"), is);
    status_format_bytes(bytes, most);
    if (max > 0)
        fprintf(words->out, ", %s of %s", is, most);
    else
        fprintf(begin(words), "queue %s of %s", is, most);
}

static void say_coalesce(struct wording *words, struct json_object *folding)
{
    const char *per = control_text(folding, "per");
    char window[32], most[32];
    if (!folding)
        return;
    units_format_duration(control_number(folding, "window_ms"), window);
    units_format_duration(control_number(folding, "max_wait_ms"), most);
    fprintf(begin(words), "folded within %s, %s at most%s%s", window, most, *per ? ", per " : "",
            per);
}

static void say_failures(FILE *out, struct json_object *on)
{
    for (size_t i = 0; on && i < value_item_count(on); i++) {
        struct json_object *one = value_item(on, i);
        bool negative;
        fputs(i > 0 ? ", " : " on ", out);
        if (value_type(one) == TYPE_STRING)
            fputs(value_c_string(one), out);
        else
            fprintf(out, "%lld", (long long)value_magnitude(one, &negative));
    }
}

static void say_retry(struct wording *words, struct json_object *retry)
{
    int64_t attempts = control_number(retry, "attempts");
    char first[32], longest[32];
    if (!retry || control_flag(retry, "usual"))
        return;
    FILE *out = begin(words);
    if (attempts == 1) {
        fputs("1 attempt", out);
        return;
    }
    units_format_duration(control_number(retry, "backoff_ms"), first);
    units_format_duration(control_number(retry, "max_backoff_ms"), longest);
    fprintf(out, "%lld attempts, %s to %s apart,", (long long)attempts, first, longest);
    say_failures(out, control_part(retry, "on"));
}

bool status_format_limits(struct json_object *limits, struct json_object *queue, char **text)
{
    size_t length;
    int64_t deaths = control_number(control_part(limits, "pause_after"), "deaths");
    struct wording words = {.out = open_memstream(text, &length), .separator = ""};
    if (!words.out)
        return false;
    say_concurrency(&words, control_part(limits, "concurrency"));
    say_rate(&words, control_text(limits, "start_rate"));
    say_coalesce(&words, control_part(limits, "coalesce"));
    say_queue(&words, control_part(limits, "queue"), queue);
    if (deaths > 0)
        fprintf(begin(&words), "paused after %lld deaths in a row", (long long)deaths);
    say_retry(&words, control_part(limits, "retry"));
    if (strcmp(control_text(limits, "on_crash"), "fail") == 0)
        fputs("not run again after a crash", begin(&words));
    return fclose(words.out) == 0;
}

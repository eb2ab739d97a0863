/* The runner obeys these keys (server/runner/watch.c), and the journal keeps to `tell_every`. */
#include "server/pipeline/notice.h"

#include "config/load.h"

#define DAYS(count) ((int64_t)(count)*86400 * 1000)
#define REFUSAL_MS (INT64_C(3600) * 1000)

static bool read_expect(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct row duration = *row;
    duration.type = ROW_DURATION;
    if (node->kind == NODE_SCALAR && strcmp(node->text, "off") == 0) {
        *(int64_t *)field = 0;
        return true;
    }
    return load_row(load, node, &duration, field);
}

static const struct row notice_rows[] = {
    {.name = "expect",
     .example = "25h",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct notice_settings, expect_ms),
     .read = read_expect,
     .default_text = "off",
     .min = 1000,
     .max = DAYS(366),
     .syntax = "a duration such as `24h`, or `off`",
     .json_schema = "{\"type\": [\"string\", \"integer\"], \"pattern\": "
                    "\"^(off|0|[0-9]+(ms|s|m|h|d))$\", \"maximum\": 0}",
     .sentence = "How long the route may be without an event. After that the log has a line, and "
                 "`on_failure` runs with an event of the type `tenterhook.silent`."},
    {.name = "tell_every",
     .type = ROW_DURATION,
     .offset = offsetof(struct notice_settings, tell_every_ms),
     .default_text = "1m",
     .min = 100,
     .max = DAYS(1),
     .sentence = "The shortest time between two runs of `on_failure`. What fails in between is "
                 "counted, and the next run gets the count."},
};

static const struct row_section notice_keys = {.name = "notices",
                                               .sentence = "Who is told of failures, and when.",
                                               .rows = notice_rows,
                                               .row_count = ROW_COUNT(notice_rows),
                                               .size = sizeof(struct notice_settings)};
const struct route_part notice_route_part = {.keys = &notice_keys, .after = ON_FAILURE_NAME};

int64_t notice_refusal_ms(const struct route *route)
{
    int64_t expect_ms = notice_settings_of(route)->expect_ms;
    return expect_ms > 0 ? expect_ms : REFUSAL_MS;
}

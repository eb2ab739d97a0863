/* The lines are gathered, because the route file goes to standard output first. */
#include "server/import/report.h"

#include "base/encoding.h"

#include <stdarg.h>
#include <stdio.h>

enum { REPORT_MAX = 1 << 20, SENTENCE_MAX = 400, HOOK_SHOWN = 64 };

void report_init(struct import_report *report)
{
    *report = (struct import_report){.file = "hooks"};
    buffer_init(&report->lines, REPORT_MAX);
}

void report_finish(struct import_report *report)
{
    buffer_finish(&report->lines);
}

bool report_append_shown(struct buffer *out, struct bytes text, size_t most)
{
    size_t end = text.length < most ? text.length : most;
    for (size_t i = 0, length; i < end; i += length ? length : 1) {
        length = utf8_shown(text.data + i, text.length - i);
        bool added =
            length ? buffer_append(out, text.data + i, length) : buffer_append(out, "?", 1);
        if (!added)
            return false;
    }
    return text.length <= most || buffer_append_text(out, "...");
}

bool report_problem(struct import_report *report, unsigned line, unsigned column,
                    const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    struct buffer *out = &report->lines;
    report->count++;
    report_append_shown(out, bytes_of_text(report->file), 4096);
    if (line > 0)
        buffer_printf(out, ":%u:%u", line, column);
    buffer_append_text(out, ": ");
    if (report->hook.data) {
        buffer_append_text(out, "hook \"");
        report_append_shown(out, report->hook, HOOK_SHOWN);
        buffer_append_text(out, "\": ");
    }
    report_append_shown(out, bytes_of_text(sentence), SENTENCE_MAX);
    buffer_append_text(out, "\n");
    return false;
}

/* What callers see: methods, statuses, bodies. Without --exact a hook that says nothing of its
 * answer gets ours (202 with the event's id), which is what most senders want. */
#include "server/import/answer_text.h"
#include "server/import/yaml_text.h"

#include <ctype.h>

enum { HEADERS_MAX = 64, ANSWER_INDENT = KEY_INDENT + 2 };

/* ---- methods ---- */

static const char *const known_methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET"};

enum { METHOD_COUNT = sizeof known_methods / sizeof *known_methods };

static bool take_method(bool taken[METHOD_COUNT], struct bytes given)
{
    for (int i = 0; i < METHOD_COUNT; i++)
        if (bytes_equal_nocase(bytes_trim(given), bytes_of_text(known_methods[i]))) {
            taken[i] = true;
            return true;
        }
    return false;
}

/* The methods that the hook, or else a flag, names. False: neither does. */
static bool named_methods(struct route_draft *draft, struct buffer *out, bool taken[METHOD_COUNT])
{
    const struct old_hook *hook = draft->hook;
    const struct import_flags *flags = draft->writer->flags;
    const struct bytes *names = hook->methods.count ? hook->methods.items : flags->methods;
    size_t count = hook->methods.count ? hook->methods.count : flags->method_count;
    bool has_other = false;
    for (size_t i = 0; i < count; i++)
        has_other |= !take_method(taken, names[i]);
    if (has_other)
        yaml_comment(out, KEY_INDENT, "http-methods names a method that brings no event here.");
    return count > 0;
}

bool draft_write_methods(struct route_draft *draft, struct buffer *out)
{
    bool taken[METHOD_COUNT] = {false}, ok = true, is_first = true;
    if (!named_methods(draft, out, taken)) {
        bool by_query = !draft->reads_payload;
        for (size_t i = 0; i < draft->callers.count; i++)
            by_query = by_query && draft->callers.items[i].kind == CALLER_QUERY;
        for (int i = 0; i < METHOD_COUNT; i++)
            taken[i] = draft->exact || i == 0 || (by_query && i == METHOD_COUNT - 1);
        if (!draft->exact)
            ok = yaml_comment(out, KEY_INDENT, "Stricter: webhook takes every method here.");
    }
    ok = ok && buffer_append_text(out, "    methods: [");
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (!taken[i])
            continue;
        ok = ok && buffer_printf(out, "%s%s", is_first ? "" : ", ", known_methods[i]);
        is_first = false;
    }
    if (is_first)
        return draft_fail(draft, "http-methods names no method that a route takes");
    return ok && buffer_append_text(out, "]\n");
}

/* ---- statuses ---- */

/* Those that have a name in Go: `webhook` answers 200 for all others. */
static bool is_known_status(int64_t status)
{
    static const struct {
        int first, last;
    } known[] = {{100, 103}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 418},
                 {421, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (status >= known[i].first && status <= known[i].last)
            return true;
    return false;
}

enum { STATUS_OK = 200, STATUS_BAD = 400 };

/* Which statuses an answer may have here. */
struct status_range {
    const char *text;
    bool (*holds)(int64_t status);
    int failure; /* in the place of an error that is outside */
};

static bool is_success(int64_t status)
{
    return status >= 200 && status <= 299;
}

static bool is_of_output(int64_t status)
{
    return is_success(status) || (status >= 400 && status <= 599);
}

static bool is_of_mismatch(int64_t status)
{
    return is_success(status) || (status >= 400 && status <= 499 && status != 401 && status != 407);
}

static const struct status_range success_range = {"200 to 299", is_success, STATUS_OK};
static const struct status_range output_range = {"200 to 299 and 400 to 599", is_of_output,
                                                 STATUS_OK};
static const struct status_range mismatch_range = {"200 to 299 and 400 to 499 but 401 and 407",
                                                   is_of_mismatch, STATUS_BAD};

/* The status that `webhook` answers, if it is one of those that a route answers here; else another,
 * with a comment and, where it makes a difference, a line in the report. */
static int write_status_remark(const struct route_draft *draft, struct buffer *out, int64_t status,
                               const struct status_range *range)
{
    struct import_report *report = draft->writer->report;
    if (!is_known_status(status)) {
        if (status != 0)
            yaml_comment(out, KEY_INDENT, "webhook answers 200 for %d, which is no HTTP status.",
                         (int)status);
        return STATUS_OK;
    }
    if (range->holds(status))
        return (int)status;
    int other = status < STATUS_BAD ? STATUS_OK : range->failure;
    yaml_comment(out, KEY_INDENT, "webhook answers %d here; a route can answer %s.", (int)status,
                 range->text);
    report->hook = draft->hook->id;
    report_problem(report, draft->hook->line, draft->hook->column,
                   "%d instead of the status %d: a route can answer %s here", other, (int)status,
                   range->text);
    report->hook = bytes_of(NULL, 0);
    return other;
}

/* Go drops the body of these too. */
static bool has_body(int status)
{
    return status != 204 && status != 205;
}

/* ---- headers ---- */

struct headers {
    const struct old_header *items[HEADERS_MAX];
    size_t count;
    struct bytes type; /* Content-Type; data NULL: not set */
};

static bool is_ours_to_set(struct bytes name)
{
    static const char *const names[] = {"content-length", "transfer-encoding", "connection",
                                        "set-cookie", "date"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_equal_nocase(name, bytes_of_text(names[i])))
            return true;
    return false;
}

static bool is_header(const struct old_header *header)
{
    bool ok = header->name.length > 0;
    for (size_t i = 0; ok && i < header->name.length; i++)
        ok =
            isalnum(header->name.data[i]) || byte_is_among(header->name.data[i], "!#$%&'*+-.^_`|~");
    for (size_t i = 0; ok && i < header->value.length; i++)
        ok = header->value.data[i] >= ' ' && header->value.data[i] < 0x7f;
    return ok;
}

/* The last header of a name counts, and those of the hook count more than those of the flag. */
static bool add_header(struct route_draft *draft, struct headers *headers,
                       const struct old_header *header)
{
    if (is_ours_to_set(header->name) || !is_header(header))
        return draft_fail(draft, "a response header that no route sends");
    if (bytes_equal_nocase(header->name, bytes_of_text("content-type"))) {
        headers->type = header->value;
        return true;
    }
    size_t place = headers->count;
    for (size_t i = 0; i < headers->count; i++)
        if (bytes_equal_nocase(headers->items[i]->name, header->name))
            place = i;
    if (place == HEADERS_MAX)
        return draft_fail(draft, "more response headers than a route sends");
    headers->items[place] = header;
    headers->count += place == headers->count;
    return true;
}

/* `own`: those of the hook besides those of the flags, which every answer has. */
static bool collect_headers(struct route_draft *draft, bool own, struct headers *headers)
{
    const struct import_flags *flags = draft->writer->flags;
    *headers = (struct headers){.count = 0};
    for (size_t i = 0; i < flags->header_count; i++)
        if (!add_header(draft, headers, &flags->headers[i]))
            return false;
    for (size_t i = 0; own && i < draft->hook->headers.count; i++)
        if (!add_header(draft, headers, &draft->hook->headers.items[i]))
            return false;
    return true;
}

static bool write_headers(const struct headers *headers, unsigned indent, struct buffer *out)
{
    bool ok = headers->count == 0 || buffer_printf(out, "%*sheaders:\n", (int)indent, "");
    for (size_t i = 0; ok && i < headers->count; i++)
        ok = buffer_printf(out, "%*s", (int)indent + 2, "") &&
             yaml_string(out, headers->items[i]->name) && buffer_append_text(out, ": ") &&
             yaml_literal(out, headers->items[i]->value) && buffer_append_text(out, "\n");
    return ok;
}

/* Both programs say text/plain; charset=utf-8 if nothing else is given. */
static bool write_type(const struct headers *headers, unsigned indent, struct buffer *out)
{
    return !headers->type.data ||
           (buffer_printf(out, "%*stype: ", (int)indent, "") && yaml_string(out, headers->type) &&
            buffer_append_text(out, "\n"));
}

/* The keys of a fixed answer. */
static bool write_answer(const struct headers *headers, int status, struct bytes body,
                         unsigned indent, struct buffer *out)
{
    return buffer_printf(out, "%*sstatus: %d\n", (int)indent, "", status) &&
           (body.length == 0 || write_type(headers, indent, out)) &&
           write_headers(headers, indent, out) &&
           buffer_printf(out, "%*sbody: ", (int)indent, "") && yaml_literal(out, body) &&
           buffer_append_text(out, "\n");
}

/* ---- mismatch ---- */

static bool write_mismatch(struct route_draft *draft, struct buffer *out)
{
    struct headers headers;
    if (draft->when->kind == WHEN_TRUE || (!draft->exact && draft->hook->mismatch == 0))
        return true;
    int status = write_status_remark(draft, out, draft->hook->mismatch, &mismatch_range);
    if (!draft->exact)
        return buffer_printf(out, "    mismatch: %d\n", status);
    const char *text = has_body(status) ? "Hook rules were not satisfied." : "";
    return collect_headers(draft, false, &headers) && buffer_append_text(out, "    mismatch:\n") &&
           write_answer(&headers, status, bytes_of_text(text), ANSWER_INDENT, out);
}

/* ---- respond ---- */

static bool write_fixed(const struct route_draft *draft, const struct headers *headers,
                        struct buffer *out)
{
    int status = write_status_remark(draft, out, draft->hook->success, &success_range);
    bool is_given = draft->hook->message.length > 0 || draft->hook->success > 0 || headers->count ||
                    headers->type.data;
    struct bytes message = has_body(status) ? draft->hook->message : bytes_of(NULL, 0);
    if (!draft->exact && !is_given)
        return true;
    return buffer_append_text(out, "    respond:\n") &&
           write_answer(headers, status, message, ANSWER_INDENT, out);
}

/* What `webhook` hides of a command that fails is hidden here too. */
static bool write_failed(const struct route_draft *draft, const struct headers *headers,
                         struct buffer *out)
{
    static const char text[] = "Error occurred while executing the hook's command. Please check "
                               "your logs for more details.";
    enum { STATUS_FAILED = 500 };
    if (draft->hook->output_on_error)
        return true;
    if (!draft->exact)
        return buffer_printf(out, "      failed: {status: %d}\n", STATUS_FAILED);
    return buffer_append_text(out, "      failed:\n") &&
           write_answer(headers, STATUS_FAILED, bytes_of_text(text), ANSWER_INDENT + 2, out);
}

static bool write_output(const struct route_draft *draft, const struct headers *headers,
                         struct buffer *out)
{
    int status = write_status_remark(draft, out, draft->hook->success, &output_range);
    return yaml_comment(out, KEY_INDENT,
                        "Standard output alone is the answer. webhook adds standard error, and "
                        "waits without end: here the command goes on after deadline.") &&
           buffer_printf(out, "    respond:\n      output: run\n      deadline: %s\n",
                         draft->exact ? "10m" : "30s") &&
           (status == STATUS_OK ||
            buffer_printf(out, "      status: {0: %d, other: 500}\n", status)) &&
           write_type(headers, ANSWER_INDENT, out) && write_headers(headers, ANSWER_INDENT, out) &&
           write_failed(draft, headers, out);
}

bool draft_write_answers(struct route_draft *draft, struct buffer *out)
{
    enum { MESSAGE_MAX = 64 << 10 };
    struct headers headers;
    if (!collect_headers(draft, true, &headers))
        return false;
    if (draft->hook->message.length > MESSAGE_MAX)
        return draft_fail(draft, "a response-message of more than 64 KiB");
    return write_mismatch(draft, out) && (draft->hook->output ? write_output(draft, &headers, out)
                                                              : write_fixed(draft, &headers, out));
}

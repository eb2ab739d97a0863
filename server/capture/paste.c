/* Line by line until the payload begins: under its heading, or with the first line that begins as
 * JSON does. A line that is nothing known is refused and named, because a header that was skipped
 * would be missed later, where nobody knows why. */
#include "server/capture/paste.h"

#include "base/buffer.h"
#include "handlers/content/json.h"

#include <string.h>

static const struct json_limits paste_limits = {.depth = JSON_DEPTH_MAX,
                                                .nodes = 50000000,
                                                .number_length = 1024,
                                                .lone_surrogates = true,
                                                .repeated_names = true};

enum line_kind {
    LINE_UNKNOWN,
    LINE_SKIPPED,
    LINE_URL,
    LINE_METHOD,
    LINE_HEADER,
    LINE_PAYLOAD, /* the next lines are it */
};

struct label_row {
    const char *text; /* in any case */
    enum line_kind kind;
    bool is_prefix;
};

/* Headings, buttons and marks of the pages, of issues that quote them, and of browsers. */
static const struct label_row headings[] = {
    {"headers", LINE_SKIPPED, false},         {"request", LINE_SKIPPED, false},
    {"request headers", LINE_SKIPPED, false}, {"general", LINE_SKIPPED, false},
    {"redeliver", LINE_SKIPPED, false},       {"response", LINE_SKIPPED, false},
    {"response ", LINE_SKIPPED, true}, /* "Response 401": the name of a tab */
    {"completed in ", LINE_SKIPPED, true},    {"payload", LINE_PAYLOAD, false},
    {"request payload", LINE_PAYLOAD, false}, {"body", LINE_PAYLOAD, false},
    {"request body", LINE_PAYLOAD, false},    {"event data", LINE_PAYLOAD, false},
};

static const struct label_row labels[] = {
    {"request url", LINE_URL, false},         {"url", LINE_URL, false},
    {"endpoint url", LINE_URL, false},        {"request method", LINE_METHOD, false},
    {"method", LINE_METHOD, false},           {"payload", LINE_PAYLOAD, false},
    {"request payload", LINE_PAYLOAD, false}, {"request body", LINE_PAYLOAD, false},
};

/* They are of a connection, or count bytes that are not these. */
static const char *const left_out[] = {"content-length", "transfer-encoding", "connection",
                                       "expect", "trailer"};

static const char mark[] = "\xEF\xBB\xBF", hard_blank[] = "\xC2\xA0";

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* ---- lines ---- */

static bool is_edge(uint8_t byte)
{
    return byte_is_among(byte, " \t\r\n");
}

/* Without blanks of any kind around it, of which web pages have hard ones. */
static struct bytes trim(struct bytes text)
{
    struct bytes hard = bytes_of_text(hard_blank);
    for (;;) {
        if (text.length && is_edge(text.data[0]))
            text = bytes_from(text, 1);
        else if (bytes_starts_with(text, hard))
            text = bytes_from(text, hard.length);
        else if (text.length && is_edge(text.data[text.length - 1]))
            text.length--;
        else if (bytes_ends_with(text, hard))
            text.length -= hard.length;
        else
            return text;
    }
}

/* "**Headers**:" is Headers: marks of Markdown, where issues are written. */
static struct bytes unmark(struct bytes line)
{
    static const char marks[] = "*#`_:";
    struct bytes text = trim(line);
    while (text.length && byte_is_among(text.data[0], marks))
        text = trim(bytes_from(text, 1));
    while (text.length && byte_is_among(text.data[text.length - 1], marks)) {
        text.length--;
        text = trim(text);
    }
    return text;
}

static enum line_kind find_label(const struct label_row *rows, size_t count, struct bytes text)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes wanted = bytes_of_text(rows[i].text), begin = text;
        if (rows[i].is_prefix && begin.length > wanted.length)
            begin.length = wanted.length;
        if (bytes_equal_nocase(begin, wanted))
            return rows[i].kind;
    }
    return LINE_UNKNOWN;
}

static bool is_token(struct bytes text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i], letter = byte | 0x20;
        if (!(letter >= 'a' && letter <= 'z') && !(byte >= '0' && byte <= '9') &&
            !byte_is_among(byte, others))
            return false;
    }
    return text.length > 0;
}

static bool is_url(struct bytes text)
{
    return bytes_starts_with(text, bytes_of_text("https://")) ||
           bytes_starts_with(text, bytes_of_text("http://")) ||
           bytes_starts_with(text, bytes_of_text("/"));
}

static bool begins_json(struct bytes line)
{
    return line.length && (line.data[0] == '{' || line.data[0] == '[');
}

/* Name and value, with a colon or, out of a table, a tab between them. */
static bool take_pair(struct bytes line, struct bytes *name, struct bytes *value)
{
    size_t at = 0;
    while (at < line.length && line.data[at] != ':' && line.data[at] != '\t')
        at++;
    if (at == line.length)
        return false;
    *name = unmark(bytes_of(line.data, at));
    *value = trim(bytes_from(line, at + 1));
    if (value->length && line.data[at] == '\t' && value->data[0] == ':')
        *value = trim(bytes_from(*value, 1));
    return true;
}

/* "POST https://example.org/hook", or the URL alone. */
static bool take_call(struct bytes line, struct paste *paste)
{
    struct bytes url = line, method = {0};
    if (!is_url(url)) {
        method = bytes_split(&url, ' ');
        url = trim(url);
    }
    if (!is_url(url) || memchr(url.data, ' ', url.length) || (method.length && !is_token(method)))
        return false;
    paste->url = url;
    if (method.length)
        paste->method = method;
    return true;
}

static bool is_left_out(struct bytes name)
{
    for (size_t i = 0; i < COUNT(left_out); i++)
        if (bytes_equal_nocase(name, bytes_of_text(left_out[i])))
            return true;
    return false;
}

static bool take_header(struct bytes name, struct bytes value, struct paste *paste)
{
    if (!value.length || is_left_out(name))
        return true;
    if (paste->header_count == PASTE_HEADERS_MAX)
        return false;
    paste->headers[paste->header_count++] = (struct header){.name = name, .value = value};
    return true;
}

/* ---- the head ---- */

struct head {
    struct paste *paste;
    struct bytes rest; /* what follows the line, or the payload itself */
    bool is_done;
};

/* "Payload: {": it begins in this line; alone, in the next one. */
static enum line_kind begin_payload(struct head *head, struct bytes value)
{
    if (value.length) {
        size_t length = head->rest.data ? (size_t)(head->rest.data - value.data) + head->rest.length
                                        : value.length;
        head->rest = bytes_of(value.data, length);
    }
    head->is_done = true;
    return LINE_PAYLOAD;
}

static enum line_kind take_labelled(struct head *head, struct bytes line)
{
    struct bytes name, value;
    if (!take_pair(line, &name, &value))
        return LINE_UNKNOWN;
    enum line_kind kind = find_label(labels, COUNT(labels), name);
    if (kind == LINE_URL)
        head->paste->url = value;
    else if (kind == LINE_METHOD)
        head->paste->method = value;
    else if (kind == LINE_PAYLOAD)
        begin_payload(head, value);
    else if (is_token(name))
        kind = take_header(name, value, head->paste) ? LINE_HEADER : LINE_UNKNOWN;
    return kind;
}

static enum line_kind take_head_line(struct head *head, struct bytes line)
{
    struct bytes text = unmark(line);
    if (begins_json(line))
        return begin_payload(head, line);
    if (text.length == 0)
        return LINE_SKIPPED;
    enum line_kind kind = find_label(headings, COUNT(headings), text);
    if (kind == LINE_PAYLOAD)
        return begin_payload(head, bytes_of(NULL, 0));
    if (kind != LINE_UNKNOWN)
        return kind;
    return take_call(line, head->paste) ? LINE_URL : take_labelled(head, line);
}

static bool read_head(struct head *head, struct error *err)
{
    for (size_t number = 1; head->rest.data && !head->is_done; number++) {
        struct bytes line = trim(bytes_split(&head->rest, '\n'));
        if (number > PASTE_LINES_MAX)
            return error_set(err,
                             "has no payload in its first %d lines: write \"Payload\" above it",
                             PASTE_LINES_MAX);
        if (take_head_line(head, line) != LINE_UNKNOWN)
            continue;
        if (head->paste->header_count == PASTE_HEADERS_MAX)
            return error_set(err, "has too many headers");
        return error_set(err,
                         "line %zu is no request line, no \"Name: value\" and no heading: delete "
                         "it, or write \"Payload\" above the payload",
                         number);
    }
    return head->paste->url.length ||
           error_set(err, "has no request line and does not say where it was sent: write \"Request "
                          "URL: https://HOST/PATH\" as its first line");
}

/* ---- the payload ---- */

bool paste_is_json(struct bytes text)
{
    struct json_fault fault;
    return json_check(text, &paste_limits, NULL, &fault);
}

/* Without what closes a block of code in Markdown. */
static struct bytes cut_payload(struct bytes text)
{
    struct bytes fence = bytes_of_text("```");
    text = trim(text);
    if (bytes_starts_with(text, fence)) {
        bytes_split(&text, '\n');
        text = trim(text);
    }
    if (bytes_ends_with(text, fence)) {
        text.length -= fence.length;
        text = trim(text);
    }
    return text;
}

/* Line ends become LF, and hard blanks blanks where they indent: in strings they are the sender's.
 * Never longer than it was. */
static struct bytes unify(struct bytes text, uint8_t *out)
{
    struct bytes hard = bytes_of_text(hard_blank);
    bool is_string = false;
    size_t length = 0;
    while (text.length) {
        size_t taken = 1;
        uint8_t byte = text.data[0];
        if (is_string && byte == '\\' && text.length > 1) {
            out[length++] = byte;
            byte = text.data[1];
            taken = 2;
        } else if (byte == '"') {
            is_string = !is_string;
        } else if (!is_string && bytes_starts_with(text, hard)) {
            byte = ' ';
            taken = hard.length;
        }
        bool is_end = byte == '\r' && text.length > taken && text.data[taken] == '\n';
        if (!is_end)
            out[length++] = byte;
        text = bytes_from(text, taken);
    }
    return bytes_of(out, length);
}

/* U+201C to U+201F, which editors put into the place of quotes. Never longer than it was. */
static struct bytes straighten(struct bytes text, uint8_t *out)
{
    size_t length = 0;
    while (text.length) {
        bool is_curved = text.length > 2 && text.data[0] == 0xE2 && text.data[1] == 0x80 &&
                         text.data[2] >= 0x9C && text.data[2] <= 0x9F;
        out[length++] = is_curved ? '"' : text.data[0];
        text = bytes_from(text, is_curved ? 3 : 1);
    }
    return bytes_of(out, length);
}

static bool read_payload(struct bytes text, struct arena *arena, struct paste *paste)
{
    text = cut_payload(text);
    uint8_t *unified = arena_alloc(arena, text.length + 1);
    if (!unified)
        return false;
    paste->payload = unify(text, unified);
    if (!begins_json(paste->payload) || paste_is_json(paste->payload))
        return true;
    uint8_t *straight = arena_alloc(arena, text.length + 1);
    if (!straight)
        return false;
    struct bytes tried = straighten(text, straight);
    tried = unify(tried, straight); /* in its place: it reads ahead of what it writes */
    paste->quotes_replaced = paste_is_json(tried);
    if (paste->quotes_replaced)
        paste->payload = tried;
    return true;
}

bool paste_read(struct bytes text, struct arena *arena, struct paste *paste, struct error *err)
{
    *paste = (struct paste){0};
    if (bytes_starts_with(text, bytes_of_text(mark)))
        text = bytes_from(text, sizeof mark - 1);
    struct head head = {.paste = paste, .rest = text};
    return read_head(&head, err) &&
           (read_payload(head.rest, arena, paste) || error_set(err, "is too large"));
}

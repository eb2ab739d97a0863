/* The beginning of the file decides the format: `{` is a HAR file, a request line is raw bytes,
 * everything else with a line that begins with `> ` is output of curl, and the rest is what people
 * copy from a page (paste.h). Nothing is judged here,
 * because the guard finds what is odd. But a body is cut by its Content-Length or its chunks,
 * because the server would read it so. */
#include "server/capture/capture.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"
#include "handlers/provider/signature_url.h"
#include "server/capture/paste.h"

/* A browser's recording holds all that a page has loaded, texts cut anywhere among them. */
static const struct json_limits har_limits = {
    .depth = JSON_DEPTH_MAX, .nodes = 50000000, .number_length = 1024, .lone_surrogates = true};

void capture_note(struct capture *capture, const char *note)
{
    if (capture->note_count < CAPTURE_NOTES_MAX)
        capture->notes[capture->note_count++] = note;
}

static bool add_header(struct capture *capture, struct bytes name, struct bytes value)
{
    if (capture->header_count == CAPTURE_HEADERS_MAX)
        return false;
    capture->headers[capture->header_count++] = (struct header){.name = name, .value = value};
    return true;
}

static struct bytes find_header(const struct capture *capture, const char *name, bool *there)
{
    struct bytes value = {0};
    *there = false;
    for (size_t i = 0; i < capture->header_count; i++) {
        if (!*there && bytes_equal_nocase(capture->headers[i].name, bytes_of_text(name))) {
            value = bytes_trim(capture->headers[i].value);
            *there = true;
        }
    }
    return value;
}

/* ---- raw ---- */

static struct bytes take_line(struct bytes *rest)
{
    struct bytes line = bytes_split(rest, '\n');
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

static bool parse_request_line(struct bytes line, struct capture *capture, struct error *err)
{
    capture->method = bytes_split(&line, ' ');
    capture->target = bytes_split(&line, ' ');
    capture->version = line;
    return (capture->target.length && bytes_starts_with(line, bytes_of_text("HTTP/"))) ||
           error_set(err, "does not begin with a request line");
}

static bool parse_header_line(struct bytes line, struct capture *capture, struct error *err)
{
    struct bytes value = line;
    struct bytes name = bytes_split(&value, ':');
    if (!value.data)
        return error_set(err, "a line of the head has no colon");
    if (value.length && value.data[0] == ' ')
        value = bytes_from(value, 1);
    return add_header(capture, name, value) || error_set(err, "has too many headers");
}

static bool chunk_size(struct bytes line, uint64_t *size)
{
    struct bytes digits = bytes_trim(bytes_split(&line, ';'));
    *size = 0;
    for (size_t i = 0; i < digits.length; i++) {
        static const char hex[] = "0123456789abcdef";
        const char *found = digits.data[i] ? strchr(hex, digits.data[i] | 0x20) : NULL;
        if (!found || digits.length > 8)
            return false;
        *size = *size * 16 + (uint64_t)(found - hex);
    }
    return digits.length > 0;
}

static bool join_chunks(struct bytes rest, struct arena *arena, struct capture *capture,
                        struct error *err)
{
    uint8_t *out = arena_alloc(arena, rest.length + 1);
    uint64_t size, length = 0;
    if (!out)
        return error_set(err, "is too large");
    for (;;) {
        if (!rest.data || !chunk_size(take_line(&rest), &size) || size > rest.length)
            return error_set(err, "has an incomplete chunked body");
        if (size == 0)
            break;
        memcpy(out + length, rest.data, size);
        length += size;
        rest = bytes_from(rest, size);
        take_line(&rest);
    }
    capture->body = bytes_of(out, length);
    return true;
}

static bool take_body(struct bytes rest, struct arena *arena, struct capture *capture,
                      struct error *err)
{
    bool chunked, counted;
    uint64_t length;
    find_header(capture, "transfer-encoding", &chunked);
    struct bytes text = find_header(capture, "content-length", &counted);
    if (chunked)
        return join_chunks(rest, arena, capture, err);
    capture->body = rest;
    if (!counted || !bytes_to_uint64(text, &length))
        return true;
    if (length > rest.length)
        return error_set(err, "has %zu bytes of body, but Content-Length is %llu", rest.length,
                         (unsigned long long)length);
    if (length < rest.length)
        capture_note(capture, "bytes after the end of the body (Content-Length) are ignored");
    capture->body.length = length;
    return true;
}

static bool parse_raw(struct bytes text, struct arena *arena, struct capture *capture,
                      struct error *err)
{
    if (!parse_request_line(take_line(&text), capture, err))
        return false;
    for (;;) {
        if (!text.data)
            return error_set(err, "has an incomplete head");
        struct bytes line = take_line(&text);
        if (line.length == 0)
            break;
        if (!parse_header_line(line, capture, err))
            return false;
    }
    return take_body(text, arena, capture, err);
}

/* ---- curl -v ---- */

/* Newer versions are looked at as the one that is spoken here: what is signed is the same. */
static void take_newer_version(struct capture *capture)
{
    if (bytes_equal_text(capture->version, "HTTP/2") ||
        bytes_equal_text(capture->version, "HTTP/3"))
        capture->version = bytes_of_text("HTTP/1.1");
}

/* curl shows no body, but a person may have put it behind the head. What curl says there itself
 * begins with two characters of its own. */
static void take_curl_body(struct bytes rest, struct capture *capture)
{
    static const char *const own[] = {"* ", "< ", "> ", "{ [", "} ["};
    bool counted, there = rest.length > 0;
    uint64_t length = 0;
    struct bytes text = find_header(capture, "content-length", &counted);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        there = there && !bytes_starts_with(rest, bytes_of_text(own[i]));
    if (counted && bytes_to_uint64(text, &length) && length == 0)
        return;
    if (there && length && length <= rest.length) {
        capture->body = bytes_of(rest.data, length);
        capture_note(capture, "everything after the head is used as the body");
    } else {
        capture->lacks_body =
            !bytes_equal_text(capture->method, "GET") && !bytes_equal_text(capture->method, "HEAD");
    }
}

/* Sent lines begin with `> `; received lines and remarks of curl are skipped. */
static bool parse_curl(struct bytes text, struct capture *capture, struct error *err)
{
    bool started = false;
    while (text.data) {
        struct bytes line = take_line(&text);
        if (line.length == 0 || line.data[0] != '>')
            continue;
        line = bytes_from(line, line.length > 1 && line.data[1] == ' ' ? 2 : 1);
        if (line.length == 0)
            break;
        if (!(started ? parse_header_line(line, capture, err)
                      : parse_request_line(line, capture, err)))
            return false;
        started = true;
    }
    take_newer_version(capture);
    take_curl_body(text, capture);
    return started || error_set(err, "contains no request");
}

/* ---- HAR ---- */

static bool har_text(struct bytes json, const char *at, struct arena *arena, struct bytes *text)
{
    struct json_path path;
    struct bytes value;
    return json_path_parse(at, arena, &path, NULL) && json_path_find(json, &path, &value) &&
           json_scalar_text(value, arena, text);
}

static bool har_has(struct bytes json, const char *at, struct arena *arena)
{
    struct json_path path;
    struct bytes value;
    return json_path_parse(at, arena, &path, NULL) && json_path_find(json, &path, &value);
}

struct har {
    struct arena *arena;
    struct capture *capture;
};

static bool har_header(void *context, struct bytes json)
{
    struct har *har = context;
    struct bytes name, value;
    if (!har_text(json, ".name", har->arena, &name) || name.length == 0 || name.data[0] == ':')
        return true; /* pseudo-headers of HTTP/2 say what the request line says */
    if (!har_text(json, ".value", har->arena, &value))
        value = bytes_of(NULL, 0);
    return add_header(har->capture, name, value);
}

struct har_form {
    struct arena *arena;
    struct buffer text;
    bool failed;
};

static bool har_field(void *context, struct bytes json)
{
    struct har_form *form = context;
    struct bytes name, value;
    if (!har_text(json, ".name", form->arena, &name))
        name = bytes_of(NULL, 0);
    if (!har_text(json, ".value", form->arena, &value))
        value = bytes_of(NULL, 0);
    form->failed |= (form->text.length && !buffer_append_text(&form->text, "&")) ||
                    !form_encode(&form->text, name) || !buffer_append_text(&form->text, "=") ||
                    !form_encode(&form->text, value);
    return !form->failed;
}

/* Fields of a form in the place of its text: what is signed is the text, and there is more than one
 * way to write it, so this is a guess at what a browser has sent. */
static bool har_fields(struct bytes json, struct arena *arena, struct capture *capture,
                       struct error *err)
{
    struct json_path path;
    struct har_form form = {.arena = arena};
    bool is_counted;
    uint64_t length;
    if (!json_path_parse(".postData.params[*]", arena, &path, err))
        return false;
    buffer_init(&form.text, arena->limit - arena->used);
    json_path_each(json, &path, har_field, &form);
    char *text = form.failed ? NULL : arena_copy_bytes(arena, buffer_bytes(&form.text));
    capture->body = bytes_of(text, text ? form.text.length : 0);
    buffer_finish(&form.text);
    struct bytes counted = find_header(capture, "content-length", &is_counted);
    bool differs =
        is_counted && bytes_to_uint64(counted, &length) && length != capture->body.length;
    capture_note(capture, "the body is rebuilt from the fields of a form and may have other "
                          "escapes than the original: give the original with --body FILE");
    if (differs)
        capture_note(
            capture,
            "the rebuilt body does not have the length in Content-Length: it is not what was sent");
    return text || error_set(err, "is too large");
}

static bool har_is_form(struct bytes json, struct arena *arena)
{
    struct bytes type;
    return !har_text(json, ".postData.mimeType", arena, &type) || type.length == 0 ||
           bytes_equal_nocase(bytes_trim(bytes_split(&type, ';')),
                              bytes_of_text("application/x-www-form-urlencoded"));
}

static bool har_body(struct bytes json, struct arena *arena, struct capture *capture,
                     struct error *err)
{
    struct bytes text, encoding;
    size_t length;
    bool written = har_text(json, ".postData.text", arena, &text);
    bool fields = (!written || text.length == 0) && har_has(json, ".postData.params[0]", arena);
    if (fields && har_is_form(json, arena))
        return har_fields(json, arena, capture, err);
    if (fields)
        capture_note(capture, "the file has the fields of a form but not the bytes of the body, "
                              "which are signed: give them with --body FILE");
    if (!written)
        return true;
    capture->body = text;
    if (!har_text(json, ".postData.encoding", arena, &encoding) ||
        !bytes_equal_text(encoding, "base64"))
        return true;
    uint8_t *out = arena_alloc(arena, text.length + 1);
    if (!out || !base64_decode(text, out, text.length, &length))
        return error_set(err, "has a body that is not base64");
    capture->body = bytes_of(out, length);
    return true;
}

/* The path and query of an absolute URL; whether it came over TLS, and the host, if no header says
 * it: HTTP/2 has it in a pseudo-header. */
static bool take_url(struct bytes url, struct arena *arena, struct capture *capture)
{
    bool has_host;
    struct bytes whole = bytes_split(&url, '#');
    struct url_parts parts = url_parts_of(whole);
    capture->target = whole;
    if (!parts.scheme.data)
        return true;
    capture->plain = bytes_equal_text(parts.scheme, "http");
    capture->secure = bytes_equal_text(parts.scheme, "https");
    capture->target = url_parts_target(&parts, arena);
    find_header(capture, "host", &has_host);
    return capture->target.data && (has_host || !parts.authority.length ||
                                    add_header(capture, bytes_of_text("Host"), parts.authority));
}

static bool parse_har(struct bytes text, struct arena *arena, struct capture *capture,
                      struct error *err)
{
    struct json_fault fault;
    struct json_path request_path, headers_path;
    struct bytes request, url;
    struct har har = {.arena = arena, .capture = capture};
    if (!json_check(text, &har_limits, NULL, &fault))
        return error_set(err, "is not JSON at byte %zu: %s", fault.offset, fault.reason);
    if (!json_path_parse(".log.entries[0].request", arena, &request_path, err) ||
        !json_path_parse(".headers[*]", arena, &headers_path, err))
        return false;
    if (!json_path_find(text, &request_path, &request) ||
        !har_text(request, ".method", arena, &capture->method) ||
        !har_text(request, ".url", arena, &url))
        return error_set(err, "is not a HAR file with a request; above a payload write \"Request "
                              "URL: https://HOST/PATH\" and its headers");
    capture->version = bytes_of_text("HTTP/1.1");
    json_path_each(request, &headers_path, har_header, &har);
    return (take_url(url, arena, capture) || error_set(err, "has too many headers")) &&
           har_body(request, arena, capture, err);
}

/* ---- what people copy from a page ---- */

static bool is_form(struct bytes type)
{
    return bytes_equal_nocase(bytes_trim(bytes_split(&type, ';')),
                              bytes_of_text("application/x-www-form-urlencoded"));
}

static bool copy_paste(const struct paste *paste, struct arena *arena, struct capture *capture,
                       struct error *err)
{
    capture->version = bytes_of_text("HTTP/1.1");
    capture->method = paste->method.length ? paste->method : bytes_of_text("POST");
    if (!paste->method.length)
        capture_note(capture, "no request method: POST is assumed");
    for (size_t i = 0; i < paste->header_count; i++)
        add_header(capture, paste->headers[i].name, paste->headers[i].value);
    if (!take_url(paste->url, arena, capture))
        return error_set(err, "is too large");
    capture->lacks_body = paste->payload.length == 0;
    capture->is_pasted = true;
    if (paste->quotes_replaced)
        capture_note(capture, "an editor had put typographic quotes into the payload: they are "
                              "read as plain ones");
    return capture_give_body(capture, paste->payload, arena) || error_set(err, "is too large");
}

static bool parse_paste(struct bytes text, struct arena *arena, struct capture *capture,
                        struct error *err)
{
    struct paste paste;
    return paste_read(text, arena, &paste, err) && copy_paste(&paste, arena, capture, err);
}

bool capture_give_body(struct capture *capture, struct bytes body, struct arena *arena)
{
    bool there;
    capture->body = body;
    bool in_form = is_form(find_header(capture, "content-type", &there));
    if (!capture->is_pasted || !in_form || !paste_is_json(body))
        return true;
    capture->json = body;
    capture->in_field = true;
    capture_note(capture, "the page shows the JSON of a form: it is read as its field \"payload\"");
    return capture_lay_out(capture, body, &json_layouts[0], arena);
}

bool capture_lay_out(struct capture *capture, struct bytes json, const struct json_layout *layout,
                     struct arena *arena)
{
    struct buffer text, field;
    bool counted;
    buffer_init(&text, arena->limit - arena->used);
    buffer_init(&field, arena->limit - arena->used);
    bool done = json_layout_append(&text, json, layout);
    if (done && capture->in_field)
        done = buffer_append_text(&field, "payload=") && form_encode(&field, buffer_bytes(&text));
    struct bytes body = buffer_bytes(capture->in_field ? &field : &text);
    char *copy = done ? arena_copy_bytes(arena, body) : NULL;
    const char *length = copy ? arena_format(arena, "%zu", body.length) : NULL;
    if (length)
        capture->body = bytes_of(copy, body.length);
    buffer_finish(&text);
    buffer_finish(&field);
    find_header(capture, "content-length", &counted);
    for (size_t i = 0; length && counted && i < capture->header_count; i++)
        if (bytes_equal_nocase(capture->headers[i].name, bytes_of_text("content-length")))
            capture->headers[i].value = bytes_of_text(length);
    return length != NULL;
}

/* ---- all ---- */

static bool is_curl(struct bytes text)
{
    return bytes_starts_with(text, bytes_of_text("> ")) ||
           (text.length && memmem(text.data, text.length, "\n> ", 3) != NULL);
}

/* curl may begin with a word of its own too: "Note: Unnecessary use of -X …" */
static bool is_raw(struct bytes text)
{
    struct bytes line = take_line(&text);
    return line.length && line.data[0] >= 'A' && line.data[0] <= 'Z' &&
           memmem(line.data, line.length, " HTTP/", 6) != NULL;
}

/* Without a byte order mark and blanks, which may precede a HAR. */
static struct bytes har_start(struct bytes text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (bytes_starts_with(text, bytes_of_text(mark)))
        text = bytes_from(text, sizeof mark - 1);
    while (text.length && strchr(" \t\r\n", text.data[0]) && text.data[0])
        text = bytes_from(text, 1);
    return text;
}

/* What a real request has and a capture may have lost. */
static void complete(struct capture *capture, struct arena *arena)
{
    bool host, counted, chunked;
    find_header(capture, "host", &host);
    find_header(capture, "content-length", &counted);
    find_header(capture, "transfer-encoding", &chunked);
    if (!host && add_header(capture, bytes_of_text("Host"), bytes_of_text("localhost")))
        capture_note(capture, "no Host header: localhost is assumed");
    const char *length = arena_format(arena, "%zu", capture->body.length);
    if (!counted && !chunked && capture->body.length && length &&
        add_header(capture, bytes_of_text("Content-Length"), bytes_of_text(length)) &&
        !capture->is_pasted)
        capture_note(capture, "no Content-Length: everything after the head is used as the body");
}

bool capture_parse(struct bytes text, struct arena *arena, struct capture *capture,
                   struct error *err)
{
    *capture = (struct capture){0};
    struct bytes json = har_start(text);
    bool har = json.length && json.data[0] == '{';
    bool done = har             ? parse_har(json, arena, capture, err)
                : is_raw(text)  ? parse_raw(text, arena, capture, err)
                : is_curl(text) ? parse_curl(text, capture, err)
                                : parse_paste(text, arena, capture, err);
    if (done)
        complete(capture, arena);
    return done;
}

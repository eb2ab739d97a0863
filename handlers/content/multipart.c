/* The boundary is looked for with memmem, which is linear for needles as short as these; nothing
 * else looks at a byte of a content. Every byte belongs to one part, so that two readers cannot see
 * two different forms in one body: what only resembles the grammar is refused. Lines end in CRLF;
 * or all of them in LF, as scripts write them, if the first one does.
 *
 * A quoted name may be escaped in two ways: with a backslash before a quote or a backslash (RFC
 * 2616, curl), or as browsers do it, with %22, %0D and %0A for a quote and line ends. Both are
 * read; any other backslash or percent sign is itself. `filename*` (RFC 5987), which RFC 7578
 * forbids and older libraries send, is read where there is no `filename`. */
#include "handlers/content/multipart.h"

#include "base/encoding.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BOUNDARY_MAX = 70, HEADERS_MAX = 16, HEADER_BYTES_MAX = 8192, SHOWN_MAX = 64 };

const struct multipart_limits multipart_limits_most = {
    .parts = MULTIPART_PARTS_MAX, .file = SIZE_MAX, .field = SIZE_MAX, .name = MULTIPART_NAME_MAX};

struct part {
    struct bytes disposition, type, encoding; /* headers; data NULL: it has none */
    struct bytes name, filename;              /* decoded; data NULL: it has none */
    struct bytes content;
};

struct scan {
    const struct multipart_limits *limits;
    char text[sizeof "\r\n--" + BOUNDARY_MAX];
    struct bytes delimiter; /* of that text, without the CR */
    struct bytes line_end;  /* of that text, without the CR where lines end in LF */
    struct bytes rest;      /* behind the boundary that was found last */
    size_t number;          /* of the part, from 1; 0: before the first */
    struct bytes name;      /* of that part, once it is known */
    struct form *form;
    uint8_t *place; /* where the next decoded name goes */
    enum multipart_end end;
    struct error *err;
};

/* Sets the sentence: which part, and what of it. Returns false. */
static bool refuse(struct scan *scan, enum multipart_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct scan *scan, enum multipart_end end, const char *format, ...)
{
    char what[256], shown[SHOWN_MAX + 1];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    bool is_cut = scan->name.length > SHOWN_MAX;
    snprintf(shown, sizeof shown, "%.*s", is_cut ? SHOWN_MAX : (int)scan->name.length,
             (const char *)scan->name.data);
    utf8_drop_halves(shown);
    scan->end = end;
    if (scan->number == 0)
        return error_set(scan->err, "the multipart body %s", what);
    if (!scan->name.data)
        return error_set(scan->err, "part %zu of the multipart body %s", scan->number, what);
    return error_set(scan->err, "part %zu (\"%s%s\") of the multipart body %s", scan->number, shown,
                     is_cut ? "…" : "", what);
}

/* ---- parameters of a header ---- */

struct parameter {
    struct bytes name, value; /* without its quotes, with its escapes */
    bool is_quoted;
};

static bool token_byte(uint8_t c)
{
    return isalnum(c) || byte_is_among(c, "!#$%&'*+-.^_`|~");
}

static void skip_blanks(struct bytes *rest)
{
    size_t length = 0;
    while (length < rest->length && byte_is_among(rest->data[length], " \t"))
        length++;
    *rest = bytes_from(*rest, length);
}

/* A string in quotes off the front; false where it does not end. */
static bool take_quoted(struct bytes *rest, struct bytes *inside)
{
    size_t at = 1;
    while (at < rest->length && rest->data[at] != '"') {
        bool is_escape = rest->data[at] == '\\' && at + 1 < rest->length &&
                         byte_is_among(rest->data[at + 1], "\"\\");
        at += is_escape ? 2 : 1;
    }
    if (at >= rest->length)
        return false;
    *inside = bytes_of(rest->data + 1, at - 1);
    *rest = bytes_from(*rest, at + 1);
    return true;
}

/* `; name=value` off the front; a name of no length is the end. False: it is not well formed. An
 * unquoted value goes to the next semicolon: senders leave the quotes out where they may not. */
static bool take_parameter(struct bytes *rest, struct parameter *parameter)
{
    *parameter = (struct parameter){.is_quoted = false};
    skip_blanks(rest);
    while (rest->length > 0 && rest->data[0] == ';') {
        *rest = bytes_from(*rest, 1);
        skip_blanks(rest);
    }
    size_t length = 0;
    while (length < rest->length && token_byte(rest->data[length]))
        length++;
    parameter->name = bytes_of(rest->data, length);
    *rest = bytes_from(*rest, length);
    if (length == 0)
        return rest->length == 0;
    if (rest->length == 0 || rest->data[0] != '=')
        return false;
    *rest = bytes_from(*rest, 1);
    parameter->is_quoted = rest->length > 0 && rest->data[0] == '"';
    if (parameter->is_quoted) {
        if (!take_quoted(rest, &parameter->value))
            return false;
        skip_blanks(rest);
        return rest->length == 0 || rest->data[0] == ';';
    }
    for (length = 0; length < rest->length && rest->data[length] != ';';)
        length++;
    parameter->value = bytes_trim(bytes_of(rest->data, length));
    *rest = bytes_from(*rest, length);
    return parameter->value.length > 0 &&
           !memchr(parameter->value.data, '"', parameter->value.length);
}

/* What stands before the parameters. */
static struct bytes take_word(struct bytes *rest)
{
    size_t length = 0;
    while (length < rest->length && rest->data[length] != ';')
        length++;
    struct bytes word = bytes_trim(bytes_of(rest->data, length));
    *rest = bytes_from(*rest, length);
    return word;
}

/* ---- the boundary ---- */

static bool is_boundary(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isalnum(text.data[i]) && !byte_is_among(text.data[i], "'()+_,-./:=? "))
            return false;
    return text.length >= 1 && text.length <= BOUNDARY_MAX && text.data[text.length - 1] != ' ';
}

static bool read_boundary(struct scan *scan, struct bytes type)
{
    struct parameter parameter;
    struct bytes boundary = {0};
    take_word(&type);
    do {
        if (!take_parameter(&type, &parameter))
            return refuse(scan, MULTIPART_MALFORMED,
                          "has a Content-Type whose parameters are not well formed");
        if (!bytes_equal_nocase(parameter.name, bytes_of_text("boundary")))
            continue;
        if (boundary.data)
            return refuse(scan, MULTIPART_MALFORMED, "has two boundaries in its Content-Type");
        boundary = parameter.value;
    } while (parameter.name.length > 0);
    if (!boundary.data)
        return refuse(scan, MULTIPART_MALFORMED, "has no boundary in its Content-Type");
    if (!is_boundary(boundary))
        return refuse(scan, MULTIPART_MALFORMED,
                      "has a boundary in its Content-Type that is none: 1 to 70 letters, digits or "
                      "'()+_,-./:=? and spaces");
    int length = snprintf(scan->text, sizeof scan->text, "\r\n--%.*s", (int)boundary.length,
                          (const char *)boundary.data);
    scan->delimiter = bytes_of(scan->text + 1, (size_t)length - 1);
    scan->line_end = bytes_of(scan->text, 2);
    return true;
}

/* Moves behind the next boundary; `*before` gets what stands before its line. Where lines end in
 * CRLF, one behind LF alone is refused: other readers take it for a boundary too. */
static bool find_boundary(struct scan *scan, struct bytes *before)
{
    const uint8_t *start = scan->rest.data;
    const uint8_t *found =
        scan->rest.length > 0
            ? memmem(start, scan->rest.length, scan->delimiter.data, scan->delimiter.length)
            : NULL;
    if (!found && scan->number > 0)
        return refuse(scan, MULTIPART_MALFORMED, "has no boundary behind it");
    if (!found)
        return refuse(scan, MULTIPART_MALFORMED, "has no line with its boundary, --%s",
                      (const char *)scan->delimiter.data + strlen("\n--"));
    *before = bytes_of(start, (size_t)(found - start));
    scan->rest = bytes_from(scan->rest, before->length + scan->delimiter.length);
    if (scan->line_end.length == 1)
        return true;
    if (before->length == 0 || before->data[before->length - 1] != '\r')
        return refuse(scan, MULTIPART_MALFORMED, "has a boundary behind a line that ends in LF");
    before->length--;
    return true;
}

/* The first boundary needs no line end before it, and shows how lines end. What stands before it
 * means nothing. */
static bool find_first_boundary(struct scan *scan)
{
    struct bytes dashed = bytes_from(scan->delimiter, 1), preamble;
    if (!bytes_starts_with(scan->rest, dashed))
        return find_boundary(scan, &preamble);
    scan->rest = bytes_from(scan->rest, dashed.length);
    if (scan->rest.length > 0 && scan->rest.data[0] == '\n')
        scan->line_end = bytes_from(scan->line_end, 1);
    return true;
}

/* What stands behind a boundary in its line: nothing, or the dashes of the last. */
static bool take_boundary_line(struct scan *scan, bool *is_last)
{
    struct bytes *rest = &scan->rest;
    *is_last = bytes_starts_with(*rest, bytes_of_text("--"));
    if (*is_last)
        *rest = bytes_from(*rest, 2);
    skip_blanks(rest);
    bool is_line = bytes_starts_with(*rest, scan->line_end);
    *rest = bytes_from(*rest, is_line ? scan->line_end.length : 0);
    return is_line || (*is_last && rest->length == 0) ||
           refuse(scan, MULTIPART_MALFORMED,
                  rest->length > 0 ? "is followed by a boundary with something behind it"
                                   : "is followed by half a boundary: the body is cut off");
}

/* ---- the headers of a part ---- */

/* A line off the front, without its end; false where none ends within the room for headers. */
static bool take_line(const struct scan *scan, struct bytes *rest, struct bytes *line)
{
    size_t looked_at = rest->length < HEADER_BYTES_MAX ? rest->length : HEADER_BYTES_MAX;
    const uint8_t *end = memmem(rest->data, looked_at, scan->line_end.data, scan->line_end.length);
    if (!end)
        return false;
    *line = bytes_of(rest->data, (size_t)(end - rest->data));
    *rest = bytes_from(*rest, line->length + scan->line_end.length);
    return true;
}

/* The three headers that mean something, each at most once. Others are let pass. */
static bool read_header(struct scan *scan, struct part *part, struct bytes line)
{
    static const struct {
        const char *name;
        size_t offset;
    } known[] = {
        {"Content-Disposition", offsetof(struct part, disposition)},
        {"Content-Type", offsetof(struct part, type)},
        {"Content-Transfer-Encoding", offsetof(struct part, encoding)},
    };
    size_t length = 0;
    while (length < line.length && token_byte(line.data[length]))
        length++;
    bool is_header = length > 0 && length < line.length && line.data[length] == ':';
    for (size_t i = length; i < line.length; i++)
        is_header = is_header && (line.data[i] == '\t' || !iscntrl(line.data[i]));
    if (!is_header)
        return refuse(scan, MULTIPART_MALFORMED, "has a line among its headers that is no header");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct bytes *value = (struct bytes *)((char *)part + known[i].offset);
        if (!bytes_equal_nocase(bytes_of(line.data, length), bytes_of_text(known[i].name)))
            continue;
        if (value->data)
            return refuse(scan, MULTIPART_MALFORMED, "has the header %s twice", known[i].name);
        *value = bytes_trim(bytes_from(line, length + 1));
    }
    return true;
}

/* Up to the empty line. A part that ends behind its headers has no content. */
static bool read_headers(struct scan *scan, struct part *part, struct bytes whole)
{
    struct bytes *rest = &part->content, line;
    *rest = whole;
    for (size_t count = 0; rest->length > 0; count++) {
        if (!take_line(scan, rest, &line) || whole.length - rest->length > HEADER_BYTES_MAX)
            return refuse(scan, MULTIPART_MALFORMED,
                          "has no empty line behind its headers, or more than %d bytes of them",
                          HEADER_BYTES_MAX);
        if (line.length == 0)
            return true;
        if (count == HEADERS_MAX)
            return refuse(scan, MULTIPART_MALFORMED, "has more than %d headers", HEADERS_MAX);
        if (!read_header(scan, part, line))
            return false;
    }
    return true;
}

/* ---- names ---- */

/* The length of the escape in front, and the byte that it stands for; 0: there is none. */
static size_t escape_length(struct bytes text, uint8_t *byte)
{
    static const struct {
        const char *escape;
        uint8_t byte;
    } escapes[] = {{"\\\"", '"'}, {"\\\\", '\\'}, {"%22", '"'}, {"%0d", '\r'}, {"%0a", '\n'}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        size_t length = strlen(escapes[i].escape);
        if (text.length < length ||
            !bytes_equal_nocase(bytes_of(text.data, length), bytes_of_text(escapes[i].escape)))
            continue;
        *byte = escapes[i].byte;
        return length;
    }
    return 0;
}

static struct bytes decode_name(struct scan *scan, const struct parameter *parameter)
{
    struct bytes rest = parameter->value;
    uint8_t *start = scan->place;
    while (rest.length > 0) {
        uint8_t byte = rest.data[0];
        size_t length = parameter->is_quoted ? escape_length(rest, &byte) : 0;
        *scan->place++ = byte;
        rest = bytes_from(rest, length ? length : 1);
    }
    return bytes_of(start, (size_t)(scan->place - start));
}

/* UTF-8'language'percent-encoded */
static bool decode_extended(struct scan *scan, struct bytes value, struct bytes *decoded)
{
    struct bytes charset = bytes_split(&value, '\'');
    size_t length;
    bytes_split(&value, '\''); /* the language */
    if (!bytes_equal_nocase(charset, bytes_of_text("utf-8")) || !value.data ||
        !percent_decode(value, scan->place, value.length, &length) ||
        !utf8_valid(bytes_of(scan->place, length)))
        return refuse(scan, MULTIPART_MALFORMED, "has a filename* that is not in UTF-8 (RFC 5987)");
    *decoded = bytes_of(scan->place, length);
    scan->place += length;
    return true;
}

/* Of the three parameters that are known, each at most once. */
static bool read_names(struct scan *scan, struct part *part)
{
    static const char *const names[] = {"name", "filename", "filename*"};
    enum { NAME, FILENAME, EXTENDED, KNOWN };
    struct parameter found[KNOWN] = {{.is_quoted = false}}, parameter;
    struct bytes rest = part->disposition;
    if (!bytes_equal_nocase(take_word(&rest), bytes_of_text("form-data")))
        return refuse(scan, MULTIPART_MALFORMED, "has no Content-Disposition: form-data");
    do {
        if (!take_parameter(&rest, &parameter))
            return refuse(scan, MULTIPART_MALFORMED,
                          "has a Content-Disposition that is not well formed");
        for (size_t i = 0; i < KNOWN; i++) {
            if (!bytes_equal_nocase(parameter.name, bytes_of_text(names[i])))
                continue;
            if (found[i].value.data)
                return refuse(scan, MULTIPART_MALFORMED, "has more than one %s", names[i]);
            if (parameter.value.length > scan->limits->name)
                return refuse(scan, MULTIPART_BEYOND,
                              "has a %s of more than %zu bytes, the limit multipart.name", names[i],
                              scan->limits->name);
            found[i] = parameter;
        }
    } while (parameter.name.length > 0);
    if (found[NAME].value.length == 0)
        return refuse(scan, MULTIPART_MALFORMED, "has no name");
    part->name = scan->name = decode_name(scan, &found[NAME]);
    if (found[FILENAME].value.data)
        part->filename = decode_name(scan, &found[FILENAME]);
    else if (found[EXTENDED].value.data)
        return decode_extended(scan, found[EXTENDED].value, &part->filename);
    return true;
}

/* ---- parts ---- */

static bool is_encoded(struct bytes encoding)
{
    return encoding.data && !bytes_equal_nocase(encoding, bytes_of_text("7bit")) &&
           !bytes_equal_nocase(encoding, bytes_of_text("8bit")) &&
           !bytes_equal_nocase(encoding, bytes_of_text("binary"));
}

static bool read_part(struct scan *scan, struct bytes whole)
{
    struct part part = {.content = whole};
    struct form *form = scan->form;
    if (!read_headers(scan, &part, whole) || !read_names(scan, &part))
        return false;
    if (is_encoded(part.encoding))
        return refuse(scan, MULTIPART_MALFORMED,
                      "has a Content-Transfer-Encoding other than 7bit, 8bit or binary");
    bool is_file = part.filename.data;
    size_t most = is_file ? scan->limits->file : scan->limits->field;
    if (part.content.length > most)
        return refuse(scan, MULTIPART_BEYOND, "has more than %zu bytes, the limit multipart.%s",
                      most, is_file ? "file" : "field");
    if (!is_file)
        form->fields[form->count++] = (struct form_field){part.name, part.content};
    else if (part.filename.length > 0 || part.content.length > 0)
        form->files[form->file_count++] =
            (struct form_file){part.name, part.filename, part.type, part.content};
    return true;
}

static bool read_parts(struct scan *scan)
{
    struct bytes whole;
    bool is_last;
    if (!find_first_boundary(scan))
        return false;
    for (;;) {
        if (!take_boundary_line(scan, &is_last))
            return false;
        if (is_last)
            return true;
        scan->name = bytes_of(NULL, 0);
        if (++scan->number > scan->limits->parts) {
            scan->number = 0;
            return refuse(scan, MULTIPART_BEYOND,
                          "has more than %zu parts, the limit multipart.parts",
                          scan->limits->parts);
        }
        if (!find_boundary(scan, &whole) || !read_part(scan, whole))
            return false;
    }
}

/* No name gets longer by decoding, and all of them are in the body. */
static size_t text_room(const struct multipart_limits *limits, size_t body_length)
{
    size_t names = limits->parts * 2 * limits->name;
    return (names < body_length ? names : body_length) + 1;
}

enum multipart_end multipart_read(struct bytes type, struct bytes body,
                                  const struct multipart_limits *limits, struct form *form,
                                  struct error *err)
{
    struct form made = {0};
    struct scan scan = {
        .limits = limits, .rest = body, .form = &made, .end = MULTIPART_READ, .err = err};
    if (!read_boundary(&scan, type))
        return scan.end;
    made.text = scan.place = malloc(text_room(limits, body.length));
    made.fields = calloc(limits->parts, sizeof *made.fields);
    made.files = calloc(limits->parts, sizeof *made.files);
    if (!made.text || !made.fields || !made.files)
        refuse(&scan, MULTIPART_NO_MEMORY, "finds no memory");
    else if (read_parts(&scan)) {
        *form = made;
        return MULTIPART_READ;
    }
    form_finish(&made);
    return scan.end;
}

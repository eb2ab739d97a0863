/* expat calls the handlers below as it reads; they fill a tree of our own (xml_tree.h). A document
 * type declaration ends the parsing at its first word, so there is nothing that could be defined,
 * expanded, given by default or fetched: what remains are the five entities of XML itself and
 * references to characters. The text is parsed in one call, because expat would begin a long token
 * anew with every piece. Its memory is counted, since it keeps each name of an attribute and all
 * attributes of a tag. */
#include "handlers/content/xml.h"

#include "base/crypto.h"
#include "handlers/content/xml_tree.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

/* Different ones, of elements and attributes: nobody sends as many. */
enum { NAMES_MAX = 100000 };

struct reading {
    XML_Parser parser;
    const struct xml_limits *limits;
    struct xml_fault *fault;
    size_t values;
    struct xml_tree tree;
};

/* ---- memory ---- */

/* expat knows no context for its memory. A listener reads one text at a time. */
static size_t memory_left;
static bool memory_is_over;

union block {
    size_t size;
    max_align_t aligned;
};

static void *memory_resize(void *pointer, size_t size)
{
    union block *block = pointer ? (union block *)pointer - 1 : NULL;
    size_t before = block ? block->size : 0;
    if (size > memory_left + before) {
        memory_is_over = true;
        return NULL;
    }
    if (!(block = realloc(block, sizeof *block + size)))
        return NULL;
    memory_left = memory_left + before - size;
    block->size = size;
    return block + 1;
}

static void *memory_take(size_t size)
{
    return memory_resize(NULL, size);
}

static void memory_give(void *pointer)
{
    union block *block = pointer ? (union block *)pointer - 1 : NULL;
    memory_left += block ? block->size : 0;
    free(block);
}

static const XML_Memory_Handling_Suite memory = {memory_take, memory_resize, memory_give};

/* ---- what it calls ---- */

static void stop(struct reading *reading, enum xml_fault_kind kind, const char *reason)
{
    *reading->fault = (struct xml_fault){
        .kind = kind,
        .offset = (size_t)XML_GetCurrentByteIndex(reading->parser),
        .reason = reason,
    };
    XML_StopParser(reading->parser, XML_FALSE);
}

static void count(struct reading *reading, bool kept)
{
    if (!kept)
        stop(reading, XML_NO_MEMORY, "no memory");
    else if (++reading->values > reading->limits->values)
        stop(reading, XML_TOO_MANY, "too many values");
    else if (reading->tree.name_count > NAMES_MAX)
        stop(reading, XML_TOO_VARIED, "too many names");
}

static bool is_stopped(const struct reading *reading)
{
    return reading->fault->reason != NULL;
}

static void element_begins(void *context, const char *name, const char **attributes)
{
    struct reading *reading = context;
    if (is_stopped(reading))
        return;
    if (reading->tree.depth == reading->limits->depth) {
        stop(reading, XML_TOO_DEEP, "nested too deeply");
        return;
    }
    count(reading, xml_tree_open(&reading->tree, bytes_of_text(name)));
    for (; *attributes && !is_stopped(reading); attributes += 2)
        count(reading, xml_tree_attribute(&reading->tree, bytes_of_text(attributes[0]),
                                          bytes_of_text(attributes[1])));
}

static void element_ends(void *context, const char *name)
{
    struct reading *reading = context;
    (void)name;
    if (!is_stopped(reading) && !xml_tree_close(&reading->tree))
        stop(reading, XML_NO_MEMORY, "no memory");
}

static void text_comes(void *context, const char *text, int length)
{
    struct reading *reading = context;
    if (!is_stopped(reading) && !xml_tree_text(&reading->tree, bytes_of(text, (size_t)length)))
        stop(reading, XML_NO_MEMORY, "no memory");
}

static void doctype_begins(void *context, const char *name, const char *system, const char *public,
                           int has_subset)
{
    struct reading *reading = context;
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    if (!is_stopped(reading))
        stop(reading, XML_MALFORMED, "a document type is not taken");
}

/* ---- a document ---- */

const char *xml_encoding(struct bytes charset)
{
    static const char *const names[][2] = {
        {"utf-8", "UTF-8"},       {"utf8", "UTF-8"},        {"utf-16", "UTF-16"},
        {"utf-16le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"}, {"iso-8859-1", "ISO-8859-1"},
        {"us-ascii", "US-ASCII"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_equal_nocase(charset, bytes_of_text(names[i][0])))
            return names[i][1];
    return NULL;
}

static bool has_mark(struct bytes text)
{
    return bytes_starts_with(text, bytes_of_text("\xef\xbb\xbf")) ||
           bytes_starts_with(text, bytes_of_text("\xff\xfe")) ||
           bytes_starts_with(text, bytes_of_text("\xfe\xff"));
}

static bool begin(struct reading *reading, struct bytes text, const char *encoding)
{
    unsigned long salt;
    /* a byte order mark stands above what the media type says (RFC 7303) */
    reading->parser = XML_ParserCreate_MM(has_mark(text) ? NULL : encoding, &memory, NULL);
    if (!reading->parser)
        return false;
    random_bytes(&salt, sizeof salt);
    XML_SetHashSalt(reading->parser, salt | 1); /* 0 would be expat's own choice */
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, element_begins, element_ends);
    XML_SetCharacterDataHandler(reading->parser, text_comes);
    XML_SetStartDoctypeDeclHandler(reading->parser, doctype_begins);
    return true;
}

static bool fail(struct xml_fault *fault, enum xml_fault_kind kind, size_t offset,
                 const char *reason)
{
    *fault = (struct xml_fault){.kind = kind, .offset = offset, .reason = reason};
    return false;
}

/* The copy that expat makes of the text, which doubles as it grows, and what it keeps besides:
 * about 100 bytes for each attribute of a tag, so that a tag of a million is refused. */
static size_t memory_for(size_t length)
{
    enum { BESIDES = 24 << 20 };
    return 2 * length + BESIDES;
}

static bool parse(struct reading *reading, struct bytes text)
{
    struct xml_fault *fault = reading->fault;
    if (XML_Parse(reading->parser, (const char *)text.data, (int)text.length, XML_TRUE) ==
        XML_STATUS_OK)
        return true;
    enum XML_Error error = XML_GetErrorCode(reading->parser);
    if (is_stopped(reading))
        return false;
    if (error == XML_ERROR_NO_MEMORY)
        return fail(fault, memory_is_over ? XML_TOO_VARIED : XML_NO_MEMORY, 0, "no memory");
    return fail(fault, XML_MALFORMED, (size_t)XML_GetErrorByteIndex(reading->parser),
                XML_ErrorString(error));
}

/* Past the limit or without memory. */
static bool write_json(struct reading *reading, struct buffer *json)
{
    errno = 0;
    return xml_tree_append_json(&reading->tree, json) ||
           fail(reading->fault, errno == ENOMEM ? XML_NO_MEMORY : XML_TOO_LONG, 0,
                "the JSON is too long");
}

bool xml_to_json(struct bytes text, const char *encoding, const struct xml_limits *limits,
                 struct buffer *json, struct xml_fault *fault)
{
    struct reading reading = {.limits = limits, .fault = fault};
    *fault = (struct xml_fault){.reason = NULL};
    if (text.length > INT_MAX / 4)
        return fail(fault, XML_TOO_LONG, 0, "longer than 512 MiB");
    memory_left = memory_for(text.length);
    memory_is_over = false;
    if (!begin(&reading, text, encoding))
        return fail(fault, XML_NO_MEMORY, 0, "no memory");
    /* a byte of ISO-8859-1 is two of UTF-8, and attributes have a dash */
    xml_tree_init(&reading.tree, 3 * text.length);
    bool read = parse(&reading, text);
    XML_ParserFree(reading.parser); /* before the JSON takes memory */
    read = read && write_json(&reading, json);
    xml_tree_finish(&reading.tree);
    return read;
}

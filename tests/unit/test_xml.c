/* What a document is in JSON, what is not taken of XML, and that no document costs more than in
 * proportion to its length. */
#include "base/clock.h"
#include "handlers/content/json.h"
#include "handlers/content/xml.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

static const struct xml_limits usual = {.depth = 128, .values = 1000000};

static bool make_of(struct bytes text, const char *encoding, const struct xml_limits *limits,
                    size_t room, struct buffer *json, struct xml_fault *fault)
{
    buffer_init(json, room);
    return xml_to_json(text, encoding, limits, json, fault);
}

START_TEST(a_document_is_an_object_with_its_root)
{
    static const char *const rows[][2] = {
        {"<a/>", "{\"a\":\"\"}"},
        {"<a></a>", "{\"a\":\"\"}"},
        {"<a>  </a>", "{\"a\":\"\"}"},
        {"<a> x\n y </a>", "{\"a\":\"x\\n y\"}"},
        {"<?xml version='1.0'?><!-- c --><a><?p i?>x<!-- c -->y<![CDATA[<z>]]></a>",
         "{\"a\":\"xy<z>\"}"},
        {"<a>&lt;&amp;&#228;&#x1F600;&quot;</a>", "{\"a\":\"<&ä😀\\\"\"}"},
        {"<a id='1'/>", "{\"a\":{\"-id\":\"1\"}}"},
        {"<a id=' 1 '>x</a>", "{\"a\":{\"-id\":\" 1 \",\"#text\":\"x\"}}"},
        {"<a><b/><c>1</c></a>", "{\"a\":{\"b\":\"\",\"c\":\"1\"}}"},
        {"<a><b>1</b><c/><b/><b x=''>3</b></a>",
         "{\"a\":{\"b\":[\"1\",\"\",{\"-x\":\"\",\"#text\":\"3\"}],\"c\":\"\"}}"},
        {"<a><a><a>1</a><a>2</a></a><b/><a/></a>",
         "{\"a\":{\"a\":[{\"a\":[\"1\",\"2\"]},\"\"],\"b\":\"\"}}"},
        {"<p>one <b>two</b> three<br/>\n</p>",
         "{\"p\":{\"#text\":\"one three\",\"b\":\"two\",\"br\":\"\"}}"},
        {"<s:a xmlns:s='u' xmlns='v'><s:b/><b/></s:a>",
         "{\"a\":{\"-s\":\"u\",\"-xmlns\":\"v\",\"b\":[\"\",\"\"]}}"},
        {"<a p:x='1' x='2' q:x='3'/>", "{\"a\":{\"-x\":\"2\"}}"},
        {"<a p:x='1' q:x='3'/>", "{\"a\":{\"-x\":\"3\"}}"},
        {"<a:-b a:b:c=''/>", "{\"a:-b\":{\"-a:b:c\":\"\"}}"},
        {"<a.b-c_d><é/></a.b-c_d>", "{\"a.b-c_d\":{\"é\":\"\"}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer json;
        struct xml_fault fault;
        struct json_fault of_json;
        ck_assert_msg(make_of(bytes_of_text(rows[i][0]), NULL, &usual, 10000, &json, &fault),
                      "%s: %s", rows[i][0], fault.reason);
        ck_assert(json_check(buffer_bytes(&json), &json_limits_default, NULL, &of_json));
        ck_assert(buffer_append(&json, "", 1));
        ck_assert_str_eq((char *)json.data, rows[i][1]);
        buffer_finish(&json);
    }
}
END_TEST

START_TEST(what_is_no_xml_is_refused_at_its_byte)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "no element found"},
        {"{}", "not well-formed"},
        {"<a>", "no element found"},
        {"<a></b>", "mismatched tag"},
        {"<a/><b/>", "junk after document element"},
        {"<a x='1' x='2'/>", "duplicate attribute"},
        {"<a>&e;</a>", "undefined entity"},
        {"<a>&#0;</a>", "reference to invalid character number"},
        {"<a>\x01</a>", "not well-formed"},
        {"<a>\xff</a>", "not well-formed"},
        {"<?xml version='1.0' encoding='EBCDIC'?><a/>", "unknown encoding"},
        {"<!DOCTYPE a><a/>", "a document type is not taken"},
        {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "a document type is not taken"},
        {"<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><a>&d;</a>",
         "a document type is not taken"},
        {"<?xml version='1.0' standalone='no'?><!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
         "a document type is not taken"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer json;
        struct xml_fault fault;
        struct bytes text = bytes_of_text(rows[i].text);
        ck_assert(!make_of(text, NULL, &usual, 10000, &json, &fault));
        ck_assert_int_eq(fault.kind, XML_MALFORMED);
        ck_assert_msg(strstr(fault.reason, rows[i].reason) != NULL, "%s: %s", rows[i].text,
                      fault.reason);
        ck_assert_uint_le(fault.offset, text.length);
        buffer_finish(&json);
    }
}
END_TEST

START_TEST(a_text_is_read_in_its_encoding)
{
    static const struct {
        const char *charset, *text;
        size_t length;
    } rows[] = {
        {NULL, "\xef\xbb\xbf<a>\xc3\xa4</a>", 12},
        {NULL, "<?xml version='1.0' encoding='iso-8859-1'?><a>\xe4</a>", 51},
        {"ISO-8859-1", "<?xml version='1.0' encoding='utf-8'?><a>\xe4</a>", 46},
        {"us-ascii", "<a>&#228;</a>", 13},
        {NULL, "\xff\xfe<\0a\0>\0\xe4\0<\0/\0a\0>\0", 18},
        {"utf-8", "\xfe\xff\0<\0a\0>\0\xe4\0<\0/\0a\0>", 18},
        {"UTF-16BE", "\0<\0a\0>\0\xe4\0<\0/\0a\0>", 16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer json;
        struct xml_fault fault;
        const char *encoding = NULL;
        if (rows[i].charset) {
            encoding = xml_encoding(bytes_of_text(rows[i].charset));
            ck_assert_ptr_nonnull(encoding);
        }
        ck_assert_msg(
            make_of(bytes_of(rows[i].text, rows[i].length), encoding, &usual, 1000, &json, &fault),
            "%zu: %s", i, fault.reason);
        ck_assert(bytes_equal_text(buffer_bytes(&json), "{\"a\":\"ä\"}"));
        buffer_finish(&json);
    }
    ck_assert_ptr_null(xml_encoding(bytes_of_text("windows-1252")));
}
END_TEST

START_TEST(limits_are_kept)
{
    static const struct {
        const char *text;
        struct xml_limits limits;
        size_t room;
        enum xml_fault_kind kind;
    } rows[] = {
        {"<a><b><c/></b></a>", {.depth = 2, .values = 10}, 1000, XML_TOO_DEEP},
        {"<a b='' c=''><d/></a>", {.depth = 2, .values = 3}, 1000, XML_TOO_MANY},
        {"<a>12345678</a>", {.depth = 2, .values = 3}, 15, XML_TOO_LONG},
        {"<a>12345678</a>", {.depth = 2, .values = 3}, 3, XML_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer json;
        struct xml_fault fault;
        ck_assert(!make_of(bytes_of_text(rows[i].text), NULL, &rows[i].limits, rows[i].room, &json,
                           &fault));
        ck_assert_int_eq(fault.kind, rows[i].kind);
        buffer_finish(&json);
    }
}
END_TEST

/* ---- documents that are made to cost ---- */

/* an @ in `each` stands for the number of the piece; `end` closes the document. */
static void put_many(struct buffer *text, const char *begin, const char *each, size_t count,
                     const char *end)
{
    const char *number = strchr(each, '@');
    buffer_append_text(text, begin);
    for (size_t i = 0; i < count; i++)
        if (number)
            buffer_printf(text, "%.*s%zx%s", (int)(number - each), each, i, number + 1);
        else
            buffer_append_text(text, each);
    buffer_append_text(text, end);
}

START_TEST(no_document_costs_more_than_its_length)
{
    enum { MANY = 500000, ROOM = 1 << 24, MOST_MS = 3000 };
    static const struct {
        const char *begin, *each, *end;
        int kind; /* -1: it is taken */
    } rows[] = {
        {"<r>", "<a/>", "</r>", -1},
        {"<r>", "<a/>x", "</r>", -1},
        {"<r>", "<a>0123456789012345678901234567890123456789</a>", "</r>", XML_TOO_LONG},
        {"<r>", "<a/><b/>", "</r>", XML_TOO_MANY},
        {"<r>", "<a@/>", "</r>", XML_TOO_VARIED},
        {"<r", " a@=''", "/>", XML_TOO_VARIED},
        {"", "<a>", "", XML_TOO_DEEP},
        {"<r>", "&#38;", "</r>", -1},
        {"<r>", "<![CDATA[]]>", "</r>", -1},
        {"<r a='", "xxxxxxxx", "'/>", -1},
        {"<!DOCTYPE a [", "<!ENTITY e@ '&lt;'>", "]><a/>", XML_MALFORMED},
    };
    const struct xml_limits limits = {.depth = 128, .values = 2 * MANY};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text, json;
        struct xml_fault fault;
        buffer_init(&text, 1 << 26);
        put_many(&text, rows[i].begin, rows[i].each, MANY, rows[i].end);
        int64_t began_ns = clock_monotonic_ns();
        bool made = make_of(buffer_bytes(&text), NULL, &limits, ROOM, &json, &fault);
        int64_t took_ms = (clock_monotonic_ns() - began_ns) / 1000000;
        ck_assert_msg(took_ms < MOST_MS, "%s: %lld ms", rows[i].each, (long long)took_ms);
        ck_assert_msg((made ? -1 : (int)fault.kind) == rows[i].kind, "%s: %d %s", rows[i].each,
                      made ? -1 : (int)fault.kind, made ? "" : fault.reason);
        buffer_finish(&json);
        buffer_finish(&text);
    }
}
END_TEST

START_TEST(names_are_counted_within_a_tag_too)
{
    struct buffer text, json;
    struct xml_fault fault;
    buffer_init(&text, 1 << 21);
    put_many(&text, "<r", " a@=''", 100000, "/>"); /* and the name of the element */
    ck_assert(!make_of(buffer_bytes(&text), NULL, &usual, 1 << 21, &json, &fault));
    ck_assert_int_eq(fault.kind, XML_TOO_VARIED);
    buffer_finish(&json);
    buffer_finish(&text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("xml");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_document_is_an_object_with_its_root);
    tcase_add_test(all, what_is_no_xml_is_refused_at_its_byte);
    tcase_add_test(all, a_text_is_read_in_its_encoding);
    tcase_add_test(all, limits_are_kept);
    tcase_add_test(all, no_document_costs_more_than_its_length);
    tcase_add_test(all, names_are_counted_within_a_tag_too);
    suite_add_tcase(suite, all);
    return suite;
}

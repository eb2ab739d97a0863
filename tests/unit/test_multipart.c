/* A multipart body is read in one way or refused with a sentence that names the part, in time that
 * its length bounds. */
#include "handlers/content/multipart.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <time.h>

#define TYPE "multipart/form-data; boundary=XX"
#define FIELD(name, value)                                                                         \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define PART(parameters, headers, value)                                                           \
    "--XX\r\nContent-Disposition: form-data; " parameters "\r\n" headers "\r\n" value "\r\n"
#define END "--XX--\r\n"

static const struct multipart_limits limits = {.parts = 3, .file = 8, .field = 6, .name = 20};
static struct form form;
static struct error err;

static enum multipart_end read_body(const char *type, const char *body)
{
    return multipart_read(bytes_of_text(type), bytes_of_text(body), &limits, &form, &err);
}

/* name=value of fields, then name:filename:type:content of files, each in [] */
static const char *shown(void)
{
    static char text[1000];
    struct buffer out;
    buffer_init(&out, sizeof text);
    for (size_t i = 0; i < form.count; i++)
        ck_assert(buffer_append_text(&out, "[") && buffer_append_bytes(&out, form.fields[i].name) &&
                  buffer_append_text(&out, "=") &&
                  buffer_append_bytes(&out, form.fields[i].value) && buffer_append_text(&out, "]"));
    for (size_t i = 0; i < form.file_count; i++) {
        const struct form_file *file = &form.files[i];
        struct bytes pieces[] = {file->name, file->filename, file->type, file->content};
        for (size_t j = 0; j < 4; j++)
            ck_assert(buffer_append_text(&out, j ? ":" : "[") &&
                      buffer_append_bytes(&out, pieces[j]));
        ck_assert(buffer_append_text(&out, "]"));
    }
    ck_assert(buffer_append(&out, "", 1));
    memcpy(text, out.data, out.length);
    buffer_finish(&out);
    return text;
}

START_TEST(fields_and_files_are_read)
{
    static const char *const rows[][3] = {
        {TYPE, FIELD("a", "1") FIELD("a", "") END, "[a=1][a=]"},
        {TYPE, "--XX--", ""},
        {TYPE, "--XX\nContent-Disposition: form-data; name=a\n\n1\r\n\n--XX--\n", "[a=1\r\n]"},
        {TYPE, "words\r\n--XX--\r\nmore\r\n--XX\r\n", ""},
        {TYPE, FIELD("a", "\r\n--X\r") "--XX--", "[a=\r\n--X\r]"},
        {TYPE, FIELD("a", "-XX") "--XX-- \t", "[a=-XX]"},
        {"Multipart/Form-Data ;charset=x; Boundary=\"XX\" ;", FIELD("a", "1") END, "[a=1]"},
        {"multipart/form-data; boundary=\"a b:?=(')\"",
         "--a b:?=(')\t\r\ncontent-disposition:FORM-DATA;NAME=n\r\n\r\n1\r\n--a b:?=(')--",
         "[n=1]"},
        {"multipart/form-data; boundary=--=_P/1", "----=_P/1--", ""},
        {TYPE, "--XX\r\nX-Other: 1\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--",
         "[a=]"},
        {TYPE,
         PART("name=f; filename=\"a.b\"", "Content-Type: image/png\r\n", "\1\r\n\r\n") FIELD(
             "a", "1") PART("name=g; filename=x", "Content-Transfer-Encoding: Binary\r\n", "") END,
         "[a=1][f:a.b:image/png:\1\r\n\r\n][g:x::]"},
        {TYPE, PART("name=f; filename=\"\"", "Content-Type: application/octet-stream\r\n", "") END,
         ""},
        {TYPE, PART("name=f; filename=\"\"", "", "x") END, "[f:::x]"},
        {TYPE, PART("name=\"a\\\"%22\\\\\\c\"", "", "1") END, "[a\"\"\\\\c=1]"},
        {TYPE, PART("name=\"%0D%0a%0%\"", "", "1") END, "[\r\n%0%=1]"},
        {TYPE, PART("name=a%22\\", "", "1") END, "[a%22\\=1]"},
        {TYPE, PART("name=\"a;b=c\"; x=y", "", "1") END, "[a;b=c=1]"},
        {TYPE, PART("name=f; filename*=UTF-8'de'%C3%a4", "", "1") END, "[f:\xc3\xa4::1]"},
        {TYPE, PART("name=f; filename*=utf-8''x; filename=y", "", "1") END, "[f:y::1]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(read_body(rows[i][0], rows[i][1]) == MULTIPART_READ, "%zu: %s", i, err.text);
        ck_assert_msg(strcmp(shown(), rows[i][2]) == 0, "%zu: %s", i, shown());
        form_finish(&form);
    }
}
END_TEST

#define BODY "the multipart body "
#define OF "of the multipart body "

START_TEST(anything_else_is_refused_with_a_sentence)
{
    static const struct {
        const char *type, *body, *sentence;
        bool beyond;
    } rows[] = {
        {"multipart/form-data", END, BODY "has no boundary in its Content-Type", false},
        {"multipart/form-data; boundary=", END, BODY "has a Content-Type whose", false},
        {"multipart/form-data; boundary=\"\"", END, BODY "has a boundary in its", false},
        {"multipart/form-data; boundary=\"x \"", END, BODY "has a boundary in its", false},
        {"multipart/form-data; boundary=x;boundary=y", END, BODY "has two boundaries", false},
        {"multipart/form-data; boundary=\"x", END, BODY "has a Content-Type whose", false},
        {TYPE, "", BODY "has no line with its boundary, --XX", false},
        {TYPE, "x--XX--", BODY "has no line with its boundary", false},
        {TYPE, "\n--XX--", BODY "has a boundary behind a line that ends in LF", false},
        {TYPE, "x\n" FIELD("a", "1") END, BODY "has a boundary behind a line that ends", false},
        {TYPE, FIELD("a", "1\n" FIELD("b", "2")) END, "part 1 " OF "has a boundary behind", false},
        {TYPE, "--XX", BODY "is followed by half a boundary", false},
        {TYPE, "--XXY\r\n", BODY "is followed by a boundary with something", false},
        {TYPE, "--XX\n\n", "part 1 " OF "has no boundary behind it", false},
        {TYPE, "--XX\nContent-Disposition: form-data; name=a\r\n\r\n1\n--XX--",
         "part 1 " OF "has a line among its headers", false},
        {TYPE, "--XX\nContent-Disposition: form-data; name=a\n\n1\n--XX\r\n",
         "part 1 (\"a\") " OF "is followed by a boundary with", false},
        {TYPE, "x\r\n--XX\n", BODY "is followed by a boundary with something", false},
        {TYPE, "--XX--x", BODY "is followed by a boundary with something", false},
        {TYPE, FIELD("a", "1") "--XX", "part 1 (\"a\") " OF "is followed by half", false},
        {TYPE, FIELD("a", "1") FIELD("b", "2") "--XX-", "part 2 (\"b\") " OF "is followed by a",
         false},
        {TYPE, FIELD("a", "1") "--XX\r\n", "part 2 " OF "has no boundary behind it", false},
        {TYPE, "--XX\r\n--XX--", "part 1 " OF "has no boundary behind it", false},
        {TYPE, "--XX\r\n\r\n\r\n" END, "part 1 " OF "has no Content-Disposition", false},
        {TYPE, "--XX\r\n\r\n1\r\n" END, "part 1 " OF "has no Content-Disposition", false},
        {TYPE, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n" END,
         "part 1 " OF "has no Content-Disposition: form-data", false},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=a\n\n1\r\n" END,
         "part 1 " OF "has no empty line", false},
        {TYPE, "--XX\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n" END,
         "part 1 " OF "has a line among its headers", false},
        {TYPE, "--XX\r\nContent-Type : a\r\n\r\n1\r\n" END,
         "part 1 " OF "has a line among its headers", false},
        {TYPE, PART("name=a", "X: \1\r\n", "1") END, "part 1 " OF "has a line among", false},
        {TYPE, PART("name=a", "Content-disposition: form-data\r\n", "") END,
         "part 1 " OF "has the header Content-Disposition twice", false},
        {TYPE, PART("name=a", "Content-Type:\r\nContent-Type: a\r\n", "") END,
         "part 1 " OF "has the header Content-Type twice", false},
        {TYPE, PART("filename=a", "", "1") END, "part 1 " OF "has no name", false},
        {TYPE, PART("name=\"\"", "", "1") END, "part 1 " OF "has no name", false},
        {TYPE, PART("name*=utf-8''a", "", "1") END, "part 1 " OF "has no name", false},
        {TYPE, PART("name=a; name=b", "", "1") END, "part 1 " OF "has more than one name", false},
        {TYPE, PART("name=a; filename=b; filename=c", "", "1") END,
         "part 1 " OF "has more than one filename", false},
        {TYPE, PART("name=\"a", "", "1") END, "part 1 " OF "has a Content-Disposition that", false},
        {TYPE, PART("name=\"a\"b", "", "1") END, "part 1 " OF "has a Content-Disposition that",
         false},
        {TYPE, PART("name=a\"b", "", "1") END, "part 1 " OF "has a Content-Disposition that",
         false},
        {TYPE, PART("name", "", "1") END, "part 1 " OF "has a Content-Disposition that", false},
        {TYPE, PART("name=f; filename*=latin1''x", "", "1") END,
         "part 1 (\"f\") " OF "has a filename* that is not in UTF-8", false},
        {TYPE, PART("name=f; filename*=utf-8'x", "", "1") END, "part 1 (\"f\") " OF "has a file",
         false},
        {TYPE, PART("name=f; filename*=utf-8''%FF", "", "1") END, "part 1 (\"f\") " OF "has a file",
         false},
        {TYPE, PART("name=a", "Content-Transfer-Encoding: base64\r\n", "MQ==") END,
         "part 1 (\"a\") " OF "has a Content-Transfer-Encoding other", false},
        {TYPE, FIELD("a", "1") FIELD("b", "2") FIELD("c", "3") FIELD("d", "4") END,
         BODY "has more than 3 parts, the limit multipart.parts", true},
        {TYPE, FIELD("a", "1234567") END,
         "part 1 (\"a\") " OF "has more than 6 bytes, the limit multipart.field", true},
        {TYPE, PART("name=f; filename=x", "", "123456789") END,
         "part 1 (\"f\") " OF "has more than 8 bytes, the limit multipart.file", true},
        {TYPE, FIELD("abcdefghijklmnopqrstu", "1") END,
         "part 1 " OF "has a name of more than 20 bytes, the limit multipart.name", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum multipart_end end = read_body(rows[i].type, rows[i].body);
        ck_assert_msg(end == (rows[i].beyond ? MULTIPART_BEYOND : MULTIPART_MALFORMED), "%zu", i);
        ck_assert_msg(strncmp(err.text, rows[i].sentence, strlen(rows[i].sentence)) == 0, "%zu: %s",
                      i, err.text);
    }
}
END_TEST

START_TEST(headers_are_bounded)
{
    struct buffer body;
    buffer_init(&body, 20000);
    for (int count = 15; count <= 16; count++) {
        body.length = 0;
        ck_assert(buffer_append_text(&body, "--XX\r\nContent-Disposition: form-data; name=a\r\n"));
        for (int i = 0; i < count; i++)
            ck_assert(buffer_append_text(&body, "X: y\r\n"));
        ck_assert(buffer_append_text(&body, "\r\n1\r\n--XX--") && buffer_append(&body, "", 1));
        enum multipart_end end = read_body(TYPE, (char *)body.data);
        ck_assert_int_eq(end, count == 15 ? MULTIPART_READ : MULTIPART_MALFORMED);
        if (end == MULTIPART_READ)
            form_finish(&form);
        else
            ck_assert_ptr_nonnull(strstr(err.text, "has more than 16 headers"));
    }
    for (int length = 8000; length <= 9000; length += 1000) {
        body.length = 0;
        ck_assert(buffer_append_text(&body, "--XX\r\nContent-Disposition: form-data; name=a\r\n"));
        ck_assert(buffer_printf(&body, "X: %0*d\r\n\r\n1\r\n--XX--", length, 0));
        ck_assert(buffer_append(&body, "", 1));
        enum multipart_end end = read_body(TYPE, (char *)body.data);
        ck_assert_int_eq(end, length == 8000 ? MULTIPART_READ : MULTIPART_MALFORMED);
        if (end == MULTIPART_READ)
            form_finish(&form);
        else
            ck_assert_ptr_nonnull(strstr(err.text, "more than 8192 bytes of them"));
    }
    buffer_finish(&body);
}
END_TEST

/* Sixteen MiB of what is nearly a boundary of seventy characters. */
START_TEST(floods_are_read_once)
{
    enum { BOUNDARY = 70, SIZE = 16 << 20 };
    static const struct {
        const char *before, *behind;
        int boundary; /* how much of it stands between */
    } floods[] = {{"\r\n--", "Y", BOUNDARY - 1},
                  {"\r\n--", "\r\n", BOUNDARY - 2},
                  {"--", "", BOUNDARY - 1},
                  {"\r\n-", "", 0},
                  {"\r", "", 0}};
    char boundary[BOUNDARY + 1] = "", type[120], piece[100];
    struct buffer body;
    memset(boundary, 'b', BOUNDARY);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
    buffer_init(&body, SIZE + 500);
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        body.length = 0;
        ck_assert(buffer_printf(
            &body, "--%s\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n", boundary));
        snprintf(piece, sizeof piece, "%s%.*s%s", floods[i].before, floods[i].boundary, boundary,
                 floods[i].behind);
        bool good = true; /* an assertion each would take a minute */
        while (good && body.length < SIZE)
            good = buffer_append_text(&body, piece);
        ck_assert(good && buffer_printf(&body, "\r\n--%s--", boundary));
        clock_t started = clock();
        ck_assert_int_eq(multipart_read(bytes_of_text(type), buffer_bytes(&body),
                                        &multipart_limits_most, &form, &err),
                         MULTIPART_READ);
        ck_assert_int_lt(clock() - started, CLOCKS_PER_SEC / 2);
        ck_assert_uint_eq(form.file_count, 1);
        form_finish(&form);
    }
    buffer_finish(&body);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("multipart");
    TCase *all = tcase_create("all");
    tcase_add_test(all, fields_and_files_are_read);
    tcase_add_test(all, anything_else_is_refused_with_a_sentence);
    tcase_add_test(all, headers_are_bounded);
    tcase_add_test(all, floods_are_read_once);
    suite_add_tcase(suite, all);
    return suite;
}

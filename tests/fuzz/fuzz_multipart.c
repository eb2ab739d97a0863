/* Anything as a multipart body: what is read lies in the body, within the limits, and is read again
 * from what it says. The first line is the Content-Type. */
#include "handlers/content/content.h"
#include "handlers/content/multipart.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static const struct multipart_limits limits = {.parts = 5, .file = 40, .field = 30, .name = 20};

static bool lies_in(struct bytes piece, struct bytes body)
{
    return piece.length == 0 ||
           (piece.data >= body.data && piece.data + piece.length <= body.data + body.length);
}

/* Whoever is within the limits is read in the same way without them. */
static void read_again(struct bytes type, struct bytes body, const struct form *before)
{
    struct form form;
    assert(content_read_form(type, body, &form));
    assert(form.count == before->count && form.file_count == before->file_count);
    for (size_t i = 0; i < form.count; i++)
        assert(bytes_equal(form.fields[i].name, before->fields[i].name) &&
               bytes_equal(form.fields[i].value, before->fields[i].value));
    form_finish(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size), type = bytes_split(&body, '\n');
    struct form form;
    struct error err = {""};
    enum multipart_end end = multipart_read(type, body, &limits, &form, &err);
    assert(end == MULTIPART_READ || err.text[0]);
    if (end != MULTIPART_READ)
        return 0;
    assert(form.count + form.file_count <= limits.parts);
    for (size_t i = 0; i < form.count; i++)
        assert(form.fields[i].name.length > 0 && form.fields[i].name.length <= limits.name &&
               form.fields[i].value.length <= limits.field && lies_in(form.fields[i].value, body));
    for (size_t i = 0; i < form.file_count; i++)
        assert(form.files[i].filename.length <= limits.name &&
               form.files[i].content.length <= limits.file &&
               lies_in(form.files[i].content, body) && lies_in(form.files[i].type, body));
    if (content_type_is_multipart(type))
        read_again(type, body, &form);
    form_finish(&form);
    return 0;
}

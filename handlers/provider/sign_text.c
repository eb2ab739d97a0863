/* The text is rendered by the template that checks it, and the signature is put together as
 * signature_extract.c takes it apart. */
#include "handlers/provider/sign_text.h"

#include "handlers/provider/sign_body.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_kind.h"

static bool put_piece(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

/* `t=…,v1=…`: the parts that the scheme names, in their order. */
static bool compose(struct signing *signing, struct signed_source *source, struct bytes mark,
                    struct buffer *out)
{
    const struct scheme *scheme = signing->plan->scheme;
    const struct scheme_signature *signature = &scheme->signature;
    struct bytes field;
    if (scheme->time.in.kind == SIGNED_SIGNATURE &&
        !((!signature->assignment || (buffer_append_text(out, scheme->time.in.name) &&
                                      buffer_append_text(out, signature->assignment))) &&
          buffer_append_bytes(out, source->time) && buffer_append_text(out, signature->separator)))
        return false;
    if (signature->field.count &&
        (signed_template_text(&signature->field, source, &field) != SIGNED_FOUND ||
         !buffer_append_bytes(out, field) || !buffer_append_text(out, signature->assignment)))
        return false;
    if (signature->prefix && !buffer_append_text(out, signature->prefix))
        return false;
    return scheme->kind->takes_plain
               ? buffer_append_bytes(out, mark)
               : sign_encode(out, signature->encoding, mark, signing->request.arena);
}

bool sign_attach(struct signing *signing, struct signed_source *source, struct bytes mark,
                 struct error *err)
{
    const struct signed_ref *in = &signing->plan->scheme->signature.in.items[0];
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    bool done =
        compose(signing, source, mark, &text) && sign_place(signing, in, buffer_bytes(&text));
    buffer_finish(&text);
    if (!done)
        return error_set(err, "out of memory");
    if (!signed_needs_body(in))
        return true;
    if (signing->body_given)
        return error_set(err, "the signature is in the body: omit --body");
    return sign_build_body(signing, err);
}

static bool render(struct signing *signing, struct signed_source *source, struct buffer *text,
                   struct error *err)
{
    const struct signed_template *signed_text = &signing->plan->scheme->signed_text;
    source->url = signing->url;
    if (signing->plan->scheme->kind->takes_secret)
        source->secret = secret_bytes(&signing->plan->keys.items[0]);
    return signed_template_render(signed_text, 0, signed_text->count, source, put_piece, text) ==
               SIGNED_FOUND ||
           error_set(err, "the message does not hold all that is signed (%s)", signed_text->text);
}

/* The element that `each` stands at, in the body as made so far. */
static bool find_item(struct signing *signing, struct signed_source *source)
{
    const struct signed_ref *each = &signing->plan->scheme->each;
    struct bytes json;
    return each->kind == SIGNED_ABSENT ||
           (signed_source_json(source, &json) &&
            signed_source_find(source, json, &each->path, &source->item));
}

bool sign_text(struct signing *signing, struct signed_source *source,
               bool (*compute)(struct signing *signing, struct bytes text, struct buffer *mark,
                               struct error *err),
               struct error *err)
{
    struct buffer text, mark;
    if (!find_item(signing, source))
        return error_set(err, "the body lacks a value that is signed");
    buffer_init(&text, SIZE_MAX / 2);
    buffer_init(&mark, SIZE_MAX / 2);
    bool done = render(signing, source, &text, err) &&
                compute(signing, buffer_bytes(&text), &mark, err) &&
                sign_attach(signing, source, buffer_bytes(&mark), err);
    buffer_finish(&mark);
    buffer_finish(&text);
    return done;
}

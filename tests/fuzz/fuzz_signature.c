/* Anything as a signature header of several shapes of scheme: it is taken apart without harm, and
 * never accepted, because no input knows the key. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/preset_fixture.h"

static const struct {
    const char *preset, *header;
} shapes[] = {{"stripe", "stripe-signature"},
              {"svix", "svix-signature"},
              {"svix", "webhook-signature"},
              {"polar", "webhook-signature"},
              {"recurly", "recurly-signature"},
              {"authorize-net", "x-anet-signature"},
              {"github", "x-hub-signature-256"},
              {"sanity", "sanity-webhook-signature"},
              {"shopify", "x-shopify-hmac-sha256"},
              {"alertmanager", "authorization"},
              {"docusign", "x-docusign-signature-1"},
              {"mailgun", "x"},
              {"mailgun-form", "x"}};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct preset_fixture fixtures[SHAPES];
    for (size_t i = 0; !fixtures[SHAPES - 1].plan.scheme && i < SHAPES; i++)
        preset_fixture_init(&fixtures[i], shapes[i].preset, "d2hhdCBubyBpbnB1dCBrbm93cw==");
    struct bytes text = bytes_of(data, size);
    for (size_t i = 0; i < SHAPES; i++) {
        struct header headers[] = {
            {bytes_of_text(shapes[i].header), text},
            {bytes_of_text("svix-id"), bytes_of_text("msg_1")},
            {bytes_of_text("svix-timestamp"), bytes_of_text("1700000000")},
            {bytes_of_text("webhook-id"), text},
            {bytes_of_text("webhook-timestamp"), bytes_of_text("1700000000")},
            {bytes_of_text("content-type"), bytes_of_text("application/json")}};
        assert(!preset_fixture_run(&fixtures[i], headers, 6, text));
    }
    return 0;
}

/* Handlers do not log: the server, which does, is told. The lines of a period begin with the first
 * one after the end of the last. */
#include "handlers/action/worker_news.h"

#include "base/clock.h"

#define GATE_PERIOD_NS (10 * NS_PER_S)
enum { GATE_LINES = 100, TEXT_SHOWN = 4 * 1024 };

static void (*hear_news)(const struct worker_news *news);

void workers_tell(void (*hear)(const struct worker_news *news))
{
    hear_news = hear;
}

void worker_news_tell(const struct worker_news *news)
{
    if (hear_news)
        hear_news(news);
}

static bool gate_pass(struct worker_gate *gate)
{
    int64_t now = clock_monotonic_ns();
    if (now - gate->since_ns >= GATE_PERIOD_NS) {
        gate->since_ns = now;
        gate->told = 0;
    }
    if (gate->told >= GATE_LINES) {
        gate->held_back++;
        return false;
    }
    gate->told++;
    return true;
}

void worker_news_tell_line(struct worker_news *news, struct worker_gate *gate,
                           const struct secret_mask *mask, struct bytes line)
{
    uint8_t text[TEXT_SHOWN];
    if (!gate_pass(gate))
        return;
    bool is_cut = line.length >= sizeof text; /* by us, or where it was read */
    size_t length = is_cut ? sizeof text : line.length;
    if (length > 0)
        memcpy(text, line.data, length);
    length = is_cut ? secret_mask_apply_cut(mask, text, length)
                    : secret_mask_apply(mask, text, length, 0);
    news->text = bytes_of(text, length);
    news->held_back = gate->held_back;
    gate->held_back = 0;
    worker_news_tell(news);
}

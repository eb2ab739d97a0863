/* How many events a second the journal makes durable, by the size of the batch that shares a sync:
 * bench_journal DIRECTORY [BYTES] [SECONDS]. Events have a dedupe key and one delivery each, as the
 * runner writes them; a checkpointer thread is not there, so the checkpoints are the writer's own.
 */
#include "base/clock.h"
#include "server/journal/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static const int batches[] = {1, 8, 64, 512};

struct bench {
    struct sqlite_journal *journal;
    struct event_frame event;
    int64_t action;
    uint64_t events, commits;
    int64_t worst_ns;
};

static bool write_batch(struct bench *bench, int batch)
{
    char id[ID_TEXT_SIZE], key[32];
    int64_t seq;
    int64_t begin = clock_monotonic_ns();
    if (writer_begin(bench->journal) != SQLITE_STATUS_OK)
        return false;
    for (int i = 0; i < batch; i++) {
        snprintf(key, sizeof key, "delivery-%llu", (unsigned long long)bench->events++);
        bench->event.dedupe_key = bench->event.delivery_id = bytes_of_text(key);
        bench->event.received_ms = clock_unix_ms();
        id_create(bench->event.received_ms, id);
        events_add(bench->journal, id, "bench", &bench->event, &seq);
        events_add_delivery(bench->journal, seq, 0, bench->action);
    }
    if (writer_commit(bench->journal) != SQLITE_STATUS_OK)
        return false;
    int64_t took = clock_monotonic_ns() - begin;
    bench->worst_ns = took > bench->worst_ns ? took : bench->worst_ns;
    bench->commits++;
    return true;
}

static int64_t processor_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static bool run(struct bench *bench, int batch, double seconds)
{
    int64_t start = clock_monotonic_ns(), end = start + (int64_t)(seconds * 1e9);
    int64_t cpu = processor_us();
    bench->events = bench->commits = 0;
    bench->worst_ns = 0;
    while (clock_monotonic_ns() < end)
        if (!write_batch(bench, batch))
            return false;
    double took = (double)(clock_monotonic_ns() - start) / 1e9;
    printf("batch %3d: %8.0f events/s, %6.0f commits/s, %5.1f us of processor an event, worst "
           "commit %.1f ms\n",
           batch, (double)bench->events / took, (double)bench->commits / took,
           (double)(processor_us() - cpu) / (double)bench->events, (double)bench->worst_ns / 1e6);
    return true;
}

static bool open_bench(struct bench *bench, const char *directory)
{
    static char path[4096];
    struct error why = {""};
    snprintf(path, sizeof path, "%s/bench.db", directory);
    static struct journal_settings settings;
    settings.path = path;
    bench->journal = writer_open(&settings, 0, &why);
    if (!bench->journal) {
        fprintf(stderr, "%s\n", why.text);
        return false;
    }
    return writer_begin(bench->journal) == SQLITE_STATUS_OK &&
           events_find_action(bench->journal, "bench", "1", &bench->action) &&
           writer_commit(bench->journal) == SQLITE_STATUS_OK;
}

int main(int argc, char **argv)
{
    size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024;
    double seconds = argc > 3 ? strtod(argv[3], NULL) : 2;
    uint8_t *body = malloc(size + 1);
    if (argc < 2 || !body) {
        fprintf(stderr, "usage: bench_journal DIRECTORY [BYTES] [SECONDS]\n");
        return 2;
    }
    memset(body, 'x', size);
    struct bench bench = {.event = {.client = bytes_of_text("192.0.2.1"),
                                    .event_type = bytes_of_text("push"),
                                    .content_type = bytes_of_text("application/json"),
                                    .headers = bytes_of_text("{\"user-agent\":\"bench\"}"),
                                    .body = bytes_of(body, size)}};
    bool good = open_bench(&bench, argv[1]);
    for (size_t i = 0; good && i < sizeof batches / sizeof *batches; i++)
        good = run(&bench, batches[i], seconds);
    writer_close(bench.journal);
    free(body);
    return good ? 0 : 1;
}

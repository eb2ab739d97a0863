/* How many events a second the journal makes durable, by the number that share a turn:
 * bench_journal DIRECTORY [BYTES] [SECONDS]. Events have a dedupe key and one delivery each, as the
 * runner submits them; a checkpointer is not there, so the checkpoints are the writer's own. */
#include "server/journal/journal.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static const int batches[] = {1, 8, 64, 512};

enum { BATCH_MAX = 512 };
#define WINDOW_MS INT64_C(259200000)

struct bench {
    struct journal *journal;
    struct journal_turn turn;
    struct event events[BATCH_MAX];
    struct journal_admit admits[BATCH_MAX];
    char keys[BATCH_MAX][32];
    struct journal_action action;
    uint64_t next_key, written, commits;
    int64_t worst_ns;
};

static void completed(struct journal_turn *turn)
{
    (void)turn;
}

static bool write_batch(struct bench *bench, int batch)
{
    int64_t begin = clock_monotonic_ns();
    bench->turn.now_ms = clock_unix_ms();
    bench->turn.admits = bench->admits;
    bench->turn.admit_count = (size_t)batch;
    for (int i = 0; i < batch; i++) {
        struct event *event = &bench->events[i];
        snprintf(bench->keys[i], sizeof bench->keys[i], "delivery-%llu",
                 (unsigned long long)bench->next_key++);
        event->dedupe_key = event->message_id = bytes_of_text(bench->keys[i]);
        event->received_ms = bench->turn.now_ms;
        bench->admits[i] = (struct journal_admit){.event = event,
                                                  .window_ms = WINDOW_MS,
                                                  .actions = &bench->action.number,
                                                  .action_count = 1};
    }
    journal_submit(bench->journal, &bench->turn);
    if (bench->turn.end != JOURNAL_DONE)
        return false;
    int64_t took = clock_monotonic_ns() - begin;
    bench->worst_ns = took > bench->worst_ns ? took : bench->worst_ns;
    bench->written += (uint64_t)batch;
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
    bench->written = bench->commits = 0;
    bench->worst_ns = 0;
    while (clock_monotonic_ns() < end)
        if (!write_batch(bench, batch))
            return false;
    double took = (double)(clock_monotonic_ns() - start) / 1e9;
    printf("batch %3d: %8.0f events/s, %6.0f commits/s, %5.1f us of processor an event, worst "
           "commit %.1f ms\n",
           batch, (double)bench->written / took, (double)bench->commits / took,
           (double)(processor_us() - cpu) / (double)bench->written, (double)bench->worst_ns / 1e6);
    return true;
}

static bool open_bench(struct bench *bench, const char *directory)
{
    static char path[4096];
    struct error why = {""};
    snprintf(path, sizeof path, "%s/bench.db", directory);
    static struct journal_settings settings;
    settings.path = path;
    bench->action = (struct journal_action){.route = "bench", .name = "1"};
    const struct journal_setup setup = {.settings = &settings,
                                        .window_ms = WINDOW_MS,
                                        .actions = &bench->action,
                                        .action_count = 1};
    bench->journal = sqlite_engine.open(&setup, &why);
    if (!bench->journal)
        fprintf(stderr, "%s\n", why.text);
    if (!bench->journal || !journal_turn_init(&bench->turn, 0))
        return false;
    bench->turn.completed = completed;
    return true;
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
    static struct bench bench;
    for (int i = 0; i < BATCH_MAX; i++)
        bench.events[i] = (struct event){.route = bytes_of_text("bench"),
                                         .client = bytes_of_text("192.0.2.1"),
                                         .type = bytes_of_text("push"),
                                         .content_type = bytes_of_text("application/json"),
                                         .headers = bytes_of_text("{\"user-agent\":\"bench\"}"),
                                         .body = bytes_of(body, size)};
    bool good = open_bench(&bench, argv[1]);
    for (size_t i = 0; good && i < sizeof batches / sizeof *batches; i++)
        good = run(&bench, batches[i], seconds);
    journal_turn_finish(&bench.turn);
    journal_close(bench.journal);
    free(body);
    return good ? 0 : 1;
}

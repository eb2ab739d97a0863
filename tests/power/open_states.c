/* Opens journals as a start of the server does, and says what is in them: a path a line on standard
 * input, a line of JSON each on standard output. */
#include "server/journal/losses.h"
#include "server/journal/private.h"
#include "server/journal/sqlite.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static const char *const sql[] = {
    "SELECT id FROM event",
    "SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT 1 FROM body WHERE event = e.seq) OR NOT "
    "EXISTS (SELECT 1 FROM delivery WHERE seq >> 8 = e.seq) OR EXISTS (SELECT 1 FROM delivery "
    "WHERE "
    "seq >> 8 = e.seq AND state = 'dead' AND attempt <= e.reruns)",
    "SELECT id, reruns FROM event WHERE reruns > 0",
};

static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if ((unsigned char)*text >= ' ' && *text != '"' && *text != '\\')
            putchar(*text);
    putchar('"');
}

static void print_ids(struct sqlite *db)
{
    const char *comma = "";
    struct query query = sqlite_query_values(db, 0, NULL, 0);
    printf("\"ids\":[");
    while (query_next(&query)) {
        struct bytes id = query_bytes(&query, 0);
        printf("%s\"%.*s\"", comma, (int)id.length, (const char *)id.data);
        comma = ",";
    }
    query = sqlite_query_values(db, 1, NULL, 0);
    while (query_next(&query))
        printf("],\"halves\":%lld,", (long long)query_number(&query, 0));
}

static void print_reruns(struct sqlite *db)
{
    const char *comma = "";
    struct query query = sqlite_query_values(db, 2, NULL, 0);
    printf("\"reruns\":{");
    for (; query_next(&query); comma = ",") {
        struct bytes id = query_bytes(&query, 0);
        printf("%s\"%.*s\":%lld", comma, (int)id.length, (const char *)id.data,
               (long long)query_number(&query, 1));
    }
    printf("},");
}

/* What a start would say. */
static void print_losses(const char *path)
{
    struct journal_losses losses;
    struct error err;
    if (losses_find(path, 10000, NULL, NULL, &losses, &err))
        printf("\"missing\":%lld,\"changed\":%lld,", (long long)losses.missing,
               (long long)losses.changed);
}

/* The reason why it cannot be opened, or what SQLite says of it. */
static void open_state(const char *path)
{
    const struct journal_settings settings = {.path = path};
    struct error err = {""};
    struct sqlite db;
    char integrity[128] = "";
    struct sqlite_journal *journal = writer_open(&settings, 1000, &err);
    printf("{");
    if (journal && sqlite_open(&db, path, SQLITE_MODE_READ, 0, sql, &err)) {
        print_ids(&db);
        print_reruns(&db);
        print_losses(path);
        sqlite_read_text(&db, "PRAGMA integrity_check(1)", integrity, sizeof integrity);
        sqlite_close(&db);
    }
    printf("\"opened\":%s,\"integrity\":", journal ? "true" : "false");
    print_text(integrity);
    printf(",\"reason\":");
    print_text(err.text);
    printf("}\n");
    writer_close(journal);
    fflush(stdout);
}

int main(void)
{
    char path[4096];
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        open_state(path);
    }
    return 0;
}

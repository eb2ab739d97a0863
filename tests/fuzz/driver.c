/* Runs a fuzz target over the files of a directory: what was once found stays found. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20 };

static int run_file(const char *directory, const char *name)
{
    char path[4096];
    uint8_t *data = malloc(FILE_MAX);
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = data && length < (int)sizeof path ? fopen(path, "rb") : NULL;
    if (file) {
        size_t size = fread(data, 1, FILE_MAX, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return file != NULL;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        for (struct dirent *entry; directory && (entry = readdir(directory));)
            if (entry->d_name[0] != '.')
                count += run_file(argv[i], entry->d_name);
        if (directory)
            closedir(directory);
    }
    printf("%d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

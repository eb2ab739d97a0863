/* The command of pairs.py: writes its working directory, its arguments and its variables V0, V1 …,
 * a NUL behind each, to DIRECTORY/ID.ACTION. The file appears when it is complete.
 *
 * value_recorder DIRECTORY [argument …] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static void put(FILE *out, const char *text)
{
    fwrite(text, 1, strlen(text) + 1, out);
}

int main(int argc, char **argv)
{
    char path[PATH_SIZE], part[PATH_SIZE], directory[PATH_SIZE], name[16];
    const char *id = getenv("TENTERHOOK_ID"), *action = getenv("TENTERHOOK_ACTION"), *value;
    if (argc < 2 || !id || !action || !getcwd(directory, sizeof directory))
        return 1;
    snprintf(path, sizeof path, "%s/%s.%s", argv[1], id, action);
    snprintf(part, sizeof part, "%s/%s.%s.part", argv[1], id, action);
    FILE *out = fopen(part, "wb");
    if (!out)
        return 1;
    put(out, directory);
    for (int i = 2; i < argc; i++)
        put(out, argv[i]);
    for (int i = 0; snprintf(name, sizeof name, "V%d", i), (value = getenv(name)); i++)
        put(out, value);
    return fclose(out) != 0 || rename(part, path) != 0;
}

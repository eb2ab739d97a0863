#!/bin/sh
# A worker for the shell: appends each event to a file, as the line that it is.
#
#     worker: [./worker.sh, FILE]
#
# "id" is always the first member of the line, so no JSON parser is needed for the answer; for the rest there is
# jq. A command in the loop must not read the standard input: give it </dev/null.
while IFS= read -r line; do
    id=${line#'{"id":"'}
    id=${id%%'"'*}
    if printf '%s\n' "$line" >>"$1"; then
        printf '{"id":"%s","ok":true}\n' "$id"
    else
        printf '{"id":"%s","retry_after":30}\n' "$id"
    fi
done

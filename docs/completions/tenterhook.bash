# bash completion for tenterhook: the program says what may stand next.
_tenterhook()
{
    local word
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word = :files ]]; then
            compopt -o filenames
            while IFS= read -r word; do
                COMPREPLY+=("$word")
            done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
        else
            COMPREPLY+=("$word")
        fi
    done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _tenterhook tenterhook

# fish completion for tenterhook: the program says what may stand next.
function __tenterhook_offered
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program complete -- $words "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c tenterhook -f -a '(__tenterhook_offered)'

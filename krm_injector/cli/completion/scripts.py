"""The scripts that shells read, and the lines in which each is answered.

An answer has a line for each candidate, "word<tab>description", and a last one that says what else
may stand there: ":files", ":directories" or ":none". kubectl has numbers for these: it reads the
answers of cobra, its own library, from a program kubectl_complete-NAME (kubernetes/kubectl,
pkg/cmd/plugin/plugin_completion.go).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from krm_injector.cli.completion.words import Candidates

_OF_COBRA = {"": ":4", "files": ":0", "directories": ":16"}  # ShellCompDirective
_BASH = """\
# bash completion of krm-injector. In ~/.bashrc:
#     source <(krm-injector completion bash)
_krm_injector() {
    local IFS=$'\\n' line current=${COMP_WORDS[COMP_CWORD]}
    [[ $current == "=" ]] && current=
    COMPREPLY=()
    while read -r line; do
        case $line in
        :files)
            compopt -o filenames 2>/dev/null
            COMPREPLY+=($(compgen -f -- "$current"))
            ;;
        :directories)
            compopt -o filenames 2>/dev/null
            COMPREPLY+=($(compgen -d -- "$current"))
            ;;
        :none) ;;
        *)
            line=${line%%$'\\t'*}
            [[ $line == *= ]] && compopt -o nospace 2>/dev/null
            COMPREPLY+=("$line")
            ;;
        esac
    done < <(krm-injector completion bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _krm_injector krm-injector
"""
_ZSH = """\
#compdef krm-injector
# zsh completion of krm-injector. In ~/.zshrc, behind compinit:
#     source <(krm-injector completion zsh)
# or as a file _krm-injector in a directory of $fpath.
_krm_injector() {
    local line word paths
    local -a closed open
    while IFS= read -r line; do
        case $line in
        :*) paths=${line#:} ;;
        *)
            word=${line%%$'\\t'*}
            [[ $line == *$'\\t'* ]] && line=${line#*$'\\t'} || line=
            word=${word//:/\\\\:}${line:+:$line}
            if [[ ${word%%:*} == *= ]]; then open+=("$word"); else closed+=("$word"); fi
            ;;
        esac
    done < <(krm-injector completion zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( $#closed )) && _describe -t words krm-injector closed
    (( $#open )) && _describe -t words krm-injector open -S ''
    [[ $PREFIX == --*=* ]] && compset -P '*='
    case $paths in
    files) _files ;;
    directories) _files -/ ;;
    esac
}
if [[ ${funcstack[1]} == _krm-injector ]]; then
    _krm_injector "$@"
else
    compdef _krm_injector krm-injector
fi
"""
_FISH = """\
# fish completion of krm-injector, as ~/.config/fish/completions/krm-injector.fish:
#     krm-injector completion fish > ~/.config/fish/completions/krm-injector.fish
function __krm_injector_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l start (string match -r -- '^--[^=]*=' $current)
    set -l path (string replace -r -- '^--[^=]*=' '' $current)
    for line in (krm-injector completion fish -- $before[2..] "$current" 2>/dev/null)
        switch $line
            case :files
                for found in (__fish_complete_path $path)
                    echo "$start$found"
                end
            case :directories
                for found in (__fish_complete_directories $path)
                    echo "$start$found"
                end
            case :none
            case '*'
                echo $line
        end
    end
end
complete -c krm-injector -f -a '(__krm_injector_complete)'
"""
_KUBECTL = """\
#!/bin/sh
# Completion of the kubectl plugin: a program kubectl_complete-krm_injector on PATH.
exec krm-injector completion kubectl -- "$@"
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "kubectl": _KUBECTL}


def words_of(shell: str, passed_on: Sequence[str]) -> list[str]:
    """The words behind the program's name. bash passes its line on: it splits words at "=" too."""
    if shell != "bash":
        return list(passed_on)

    line = " ".join(passed_on)
    words = split(line)
    if not line or line[-1:].isspace():
        words.append("")
    return words[1:]


def split(line: str) -> list[str]:
    """A line that is still being written as the shell's words: a quote may be open."""
    for end in ("", "'", '"'):
        try:
            return shlex.split(line + end)
        except ValueError:
            continue

    return line.split()


def answer(shell: str, words: Sequence[str], found: Candidates) -> str:
    """The lines for a shell."""
    start = 0
    if shell == "bash" and words:
        # bash completes what is behind the last "=".
        start = words[-1].rfind("=") + 1

    lines = [f"{word[start:]}\t{text}" if text else word[start:] for word, text in found.words]
    last = _OF_COBRA[found.paths] if shell == "kubectl" else f":{found.paths or 'none'}"
    return "\n".join([*lines, last]) + "\n"

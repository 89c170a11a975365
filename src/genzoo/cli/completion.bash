# Completion of `genzoo`: the subcommand here, its options and settings by Hydra.
# bash: eval "$(genzoo --completion bash)"; zsh: autoload -U bashcompinit && bashcompinit before it.
_genzoo() {
    local word="${COMP_WORDS[COMP_CWORD]}"
    if [ "$COMP_CWORD" -le 1 ]; then
        COMPREPLY=($(compgen -W "$(genzoo --help | sed -n 's/^  \([a-z]*\) .*/\1/p') --help --version" -- "$word"))
    else
        COMPREPLY=($(compgen -W "$(COMP_LINE="${COMP_LINE#* }" genzoo "${COMP_WORDS[1]}" -sc query=bash)" -- "$word"))
    fi
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _genzoo genzoo

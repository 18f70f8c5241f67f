# shellcheck shell=bash
# bash completion for iapeer, from bash 3.2. What is typed is handed over word by word, and never evaluated.
_iapeer_complete() {
  local value words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  # A line a candidate, a description after a tab; the last line holds only flags.
  while IFS=$'\t' read -r value _; do
    case $value in
      :*) ;;
      *) COMPREPLY+=("$(printf '%q' "$value")") ;;
    esac
  done < <(iapeer complete -- "${words[@]//\\/}" 2>/dev/null)
  # A folder is not the end of a path.
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
    compopt -o nospace 2>/dev/null || true
  fi
}
complete -F _iapeer_complete iapeer

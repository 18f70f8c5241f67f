#!/bin/sh
# Stands in for a coding agent: a prompt, an answer to each line, and a question before it deletes something.
echo "Good morning, I am $PEER_PERSONALITY."
while printf '> ' && read -r line; do
  case $line in
    *"clean up"*) printf 'Delete all of build/? [y/N] ' && read -r answer && echo "You said: $answer" ;;
    *) echo "On it." ;;
  esac
done

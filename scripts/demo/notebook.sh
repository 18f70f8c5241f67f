#!/bin/sh
# A whole memory provider: every peer gets a memory.txt, and what the provider was told is noted in store/told.log.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)

if [ "$1" = install ]; then # claims the slot: one file in iapeer's root says what to run
  mkdir -p "$here/store" "$IAPEER_ROOT"
  cat > "$IAPEER_ROOT/memory-provider.json" <<END
{ "provider": "notebook", "package": "notebook", "version": "1.0.0",
  "provision":   { "command": "$here/notebook.sh", "args": ["attach", "{personality}", "{runtime}", "{cwd}", "{occasion}"] },
  "unprovision": { "command": "$here/notebook.sh", "args": ["detach", "{personality}", "{runtime}", "{cwd}", "{occasion}"] } }
END
  exit
fi

verb=$1 name=$2 runtime=$3 folder=$4 occasion=$5
[ -d "$here/store" ] || { echo "the store is not mounted" >&2; exit 1; }
printf '%s %s/%s (%s): %s\n' "$verb" "$name" "$runtime" "$occasion" "$folder" >> "$here/store/told.log"
case $verb in
  attach) echo "$name can remember, in $runtime" >> "$folder/memory.txt" ;;
  detach) rm -f "$folder/memory.txt" ;;
esac

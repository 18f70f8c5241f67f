import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Every unit needs its file, as for the real one: `enable` and `disable` of one without are refused. */
const SYSTEMCTL = `
[ "$1" = --user ] || { echo "not for the user: $*" >&2; exit 1; }
shift
verb=$1
shift
units=$HOME/.config/systemd/user
case $verb in show | is-active) ;; *) echo "$verb $*" >>"$state/asked" ;; esac
if [ -e "$state/kill-$verb" ]; then rm "$state/kill-$verb"; kill -s KILL $PPID; exit 1; fi
[ ! -e "$state/refuse-$verb" ] || { echo "Failed to $verb: no bus" >&2; exit 1; }
for unit; do
  case $verb in
  enable | disable) [ -f "$units/$unit" ] || { echo "Failed to $verb unit: Unit file $unit does not exist." >&2; exit 1; } ;;
  esac
  case $verb in
  enable)
    wanted=$(sed -n 's/^WantedBy=//p' "$units/$unit")
    mkdir -p "$units/$wanted.wants"
    ln -sf "$units/$unit" "$units/$wanted.wants/$unit" ;;
  disable) rm -f "$units"/*.wants/"$unit" ;;
  is-active) if [ -e "$state/broken-$unit" ]; then echo failed; else echo active; fi ;;
  esac
done
[ "$verb" != show ] || echo Version=252
exit 0`;

const LOGINCTL = `
case $1 in
show-user) [ -e "$state/linger" ] && echo yes || echo no ;;
*)
  echo "loginctl $1" >>"$state/asked"
  [ ! -e "$state/refuse-linger" ] || { echo "Access denied" >&2; exit 1; }
  : >"$state/linger" ;;
esac`;

/**
 * Writes a systemctl and a loginctl that do to the files of a home what the real ones do, and write down what they were asked.
 *
 * @param state where they write that down, and are told to refuse or to kill
 * @returns the folder that they are in, for PATH
 */
export function writeFakeSystemd(state: string): string {
  const bin = join(state, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, body] of [
    ["systemctl", SYSTEMCTL],
    ["loginctl", LOGINCTL],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\nstate='${state}'${body}\n`, { mode: 0o755 });
  }
  return bin;
}

import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** A systemctl and a loginctl that do to files what the real ones do, and write down what they were asked. */
export interface FakeSystemd {
  /** What was asked since the last time, one call a line, without "--user" and without questions. */
  readonly asked: () => string[];
  /** From now on such a verb fails. */
  readonly refuse: (verb: string) => void;
  /** The next such verb kills iapeer instead. */
  readonly killAt: (verb: string) => void;
  /** Neither refuses nor kills any more. */
  readonly relent: () => void;
}

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

/** Puts them first on a sandbox's PATH. */
export function feignSystemd(sandbox: Sandbox): FakeSystemd {
  const state = join(sandbox.folder, "systemd");
  const asked = sandbox.write(join(state, "asked"), "");
  sandbox.script("bin/systemctl", `state='${state}'${SYSTEMCTL}`);
  sandbox.script("bin/loginctl", `state='${state}'${LOGINCTL}`);
  sandbox.env["PATH"] = `${sandbox.folder}/bin:${sandbox.env["PATH"]}`;
  return {
    asked: () => {
      const lines = readFileSync(asked, "utf8").split("\n").filter((line) => line !== "");
      sandbox.write(asked, "");
      return lines.map((line) => line.trimEnd());
    },
    refuse: (verb) => void sandbox.write(join(state, `refuse-${verb}`), ""),
    killAt: (verb) => void sandbox.write(join(state, `kill-${verb}`), ""),
    relent: () => readdirSync(state).filter((name) => /^(?:refuse|kill)-/.test(name)).forEach((name) => rmSync(join(state, name))),
  };
}

/** The units of a sandbox's user by name, and whether each is enabled; "dangling" is a link to one that is gone. */
export function readUnits({ home }: Sandbox): Record<string, "enabled" | "disabled" | "dangling"> {
  const folder = join(home, ".config/systemd/user");
  if (!existsSync(folder)) return {};
  const units = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile() && !name.startsWith("."));
  const links = readdirSync(folder).filter((name) => name.endsWith(".wants")).flatMap((wants) => readdirSync(join(folder, wants)));
  const dangling = links.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined);
  const states = units.map((name) => [name, links.includes(name) ? "enabled" : "disabled"] as const);
  return Object.fromEntries([...states, ...dangling.map((name) => [name, "dangling"] as const)]);
}

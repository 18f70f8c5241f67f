import type { Linger } from "../../core/service/linger.ts";
import { lingerCommand } from "../../core/service/linger.ts";
import type { BootOp, BootRow } from "../../boot/plan.ts";
import { type BootAgents, type Unstartable, userOfServices } from "../../app/boot.ts";
import type { Context } from "../../app/app.ts";
import type { Output } from "../output.ts";
import { tame } from "../../model/characters.ts";

/** What an installation came to. */
export interface Installation {
  readonly rows: readonly BootRow[];
  readonly found: BootAgents;
  readonly unstartable: readonly Unstartable[];
  /** undefined where there is no such thing. */
  readonly linger: Linger | undefined;
  /** The agents that did not start, where they were to start at once. */
  readonly notStarted: readonly string[] | undefined;
}

/** Tells it; the exit status is 0 when every persistent agent will start at boot, and did start now where that was asked. */
export function reportInstall(installation: Installation, { output }: Context): number {
  const { rows, found, unstartable, linger, notStarted } = installation;
  const json = {
    action: rows.some(({ op }) => op !== "unchanged") ? "installed" : "unchanged",
    units: rows,
    unregistered: found.unregistered,
    unstartable: unstartable.map(({ name }) => name),
    linger: linger?.state ?? null,
    ...(notStarted !== undefined && { not_started: notStarted }),
  };
  output.result(json, () => renderRows(rows).join("\n"));
  if (!found.isApplied) output.note("no fleet was applied yet; the units of its agents follow with: iapeer fleet apply");
  warnOf(installation, output);
  const without = [...found.unregistered, ...unstartable, ...(notStarted ?? [])];
  return without.length > 0 || linger?.state === "failed" ? 1 : 0;
}

function warnOf({ found, unstartable, linger, notStarted }: Installation, output: Output): void {
  for (const name of found.unregistered)
    output.warn(`${name} does not start at boot: it is not registered with its runtime; to register it: iapeer fleet apply`);
  for (const { name, why, hint } of unstartable)
    output.warn(`${name} cannot start at boot with what its unit has: ${why}${hint === undefined ? "" : `; ${hint}`}`);
  if (linger?.state === "failed") {
    output.warn(`nothing starts before you log in: ${linger.why}`);
    output.note(`type, as somebody who may: sudo ${lingerCommand(userOfServices()).join(" ")}`);
  }
  for (const name of notStarted ?? [])
    output.warn(`${name} did not start; see why: systemctl --user status iapeer-agent-${name}`);
}

/** What an uninstallation came to. */
export function reportUninstall(rows: readonly BootRow[], hasLinger: boolean, { output }: Context): number {
  const isAbsent = rows.length === 0;
  output.result({ action: isAbsent ? "absent" : "removed", units: rows }, () =>
    isAbsent ? "nothing of this root starts at boot" : renderRows(rows).join("\n"),
  );
  if (!isAbsent && hasLinger)
    output.note(`that your services run without a login stays as it is; to end it: loginctl disable-linger ${userOfServices()}`);
  return 0;
}

const WORDS: Readonly<Record<BootOp, string>> = { add: "added", update: "updated", remove: "removed", unchanged: "unchanged" };

function renderRows(rows: readonly BootRow[]): string[] {
  const changed = rows.filter(({ op }) => op !== "unchanged").map(({ op, path }) => `${WORDS[op]} ${tame(path)}`);
  const rest = rows.length - changed.length;
  return rest === 0 ? changed : [...changed, `${WORDS.unchanged}: ${rest} ${rest === 1 ? "unit" : "units"}`];
}

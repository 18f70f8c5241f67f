import type { BootOp, BootRow } from "../../boot/types.ts";
import { userOfServices } from "../../app/boot.ts";
import { type Installation, toInstallJson, type Uninstallation } from "../../app/fleet/install.ts";
import { lingerCommand } from "../../core/service/linger.ts";
import type { Output } from "../output.ts";
import { tame } from "../../model/characters.ts";

/** Prints an installation. Returns 0 when every persistent agent starts at boot, and started now where the call asked for it; else 1. */
export function reportInstall(installation: Installation, output: Output): number {
  const { rows, found, unstartable, linger, notStarted } = installation;
  output.result(toInstallJson(installation), () => renderRows(rows).join("\n"));
  if (!found.isApplied) output.note("no fleet is applied yet; iapeer fleet apply adds the units of its agents");
  warnOf(installation, output);
  const without = [...found.unregistered, ...unstartable, ...(notStarted ?? [])];
  return without.length > 0 || linger?.state === "failed" ? 1 : 0;
}

function warnOf({ found, unstartable, linger, notStarted }: Installation, output: Output): void {
  for (const name of found.unregistered)
    output.warn(`${name} does not start at boot: it is not registered with its runtime; to register it: iapeer fleet apply`);
  for (const { name, why, hint } of unstartable)
    output.warn(`${name} cannot start at boot from its unit: ${why}${hint === undefined ? "" : `; ${hint}`}`);
  if (linger?.state === "failed") {
    output.warn(`nothing starts before you log in: ${linger.why}`);
    output.note(`an administrator changes that with: sudo ${lingerCommand(userOfServices()).join(" ")}`);
  }
  for (const name of notStarted ?? [])
    output.warn(`${name} did not start; see why: systemctl --user status iapeer-agent-${name}`);
}

/** Prints an uninstallation. */
export function reportUninstall({ json, mayLinger }: Uninstallation, output: Output): void {
  const isAbsent = json.action === "absent";
  output.result(json, () => (isAbsent ? "nothing of this root starts at boot" : renderRows(json.units).join("\n")));
  if (!isAbsent && mayLinger)
    output.note(`your services still run without a login (linger); to end that: loginctl disable-linger ${userOfServices()}`);
}

const WORDS: Readonly<Record<BootOp, string>> = { add: "added", update: "updated", remove: "removed", unchanged: "unchanged" };

function renderRows(rows: readonly BootRow[]): string[] {
  const changed = rows.filter(({ op }) => op !== "unchanged").map(({ op, path }) => `${WORDS[op]} ${tame(path)}`);
  const rest = rows.length - changed.length;
  return rest === 0 ? changed : [...changed, `${WORDS.unchanged}: ${rest} ${rest === 1 ? "unit" : "units"}`];
}

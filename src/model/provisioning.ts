/** The occasions of a provider command (contract 1). */
export const OCCASIONS = ["birth", "sweep-on", "off-peer", "off-all", "remove"] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** The two commands that a provider declares, by their names in the slot. */
export type Direction = "provision" | "unprovision";

/** The command that runs on an occasion. */
export function directionOf(occasion: Occasion): Direction {
  return occasion === "birth" || occasion === "sweep-on" ? "provision" : "unprovision";
}

/** The state of a row whose peer has no agentic runtime. */
export const SKIPPED = "skipped-no-agentic-runtime";
/** The state of a row that an interruption kept from starting. */
export const NOT_RUN = "not-run";

const GOOD_STATES: ReadonlySet<string> = new Set(["ok", "installed", "enabled", "already", "removed", "absent", SKIPPED]);

/** True for a row that leaves nothing to do. It knows the states of commands, of the older plugin form, and SKIPPED. */
export function isGood({ state }: { readonly state: string }): boolean {
  return GOOD_STATES.has(state);
}

/** The id of a plugin in the command lines of claude and of codex. */
export function pluginId({ name, marketplace }: { readonly name: string; readonly marketplace: string }): string {
  return `${name}@${marketplace}`;
}

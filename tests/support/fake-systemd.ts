import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFakeSystemd } from "../../scripts/record/fake-systemd.ts";
import type { Sandbox } from "./sandbox.ts";

/** A systemctl and a loginctl that only change files, and note their arguments. */
export interface FakeSystemd {
  /** The calls since the last time, without `--user` and without those that only ask. */
  readonly asked: () => string[];
  /** Has a verb fail from now on. */
  readonly refuse: (verb: string) => void;
  /** Has the next call of a verb kill iapeer. */
  readonly killAt: (verb: string) => void;
  /** Has every verb work again. */
  readonly relent: () => void;
}

/** Puts the two first on a sandbox's PATH. */
export function feignSystemd(sandbox: Sandbox): FakeSystemd {
  const state = join(sandbox.folder, "systemd");
  const asked = sandbox.write(join(state, "asked"), "");
  sandbox.env["PATH"] = `${writeFakeSystemd(state)}:${sandbox.env["PATH"]}`;
  return {
    asked: () => {
      const lines = readFileSync(asked, "utf8")
        .split("\n")
        .filter((line) => line !== "");
      sandbox.write(asked, "");
      return lines.map((line) => line.trimEnd());
    },
    refuse: (verb) => void sandbox.write(join(state, `refuse-${verb}`), ""),
    killAt: (verb) => void sandbox.write(join(state, `kill-${verb}`), ""),
    relent: () =>
      readdirSync(state)
        .filter((name) => /^(?:refuse|kill)-/.test(name))
        .forEach((name) => rmSync(join(state, name))),
  };
}

/** The units of a sandbox's user by name, and whether each is enabled. A dangling one is a link to a unit that is gone. */
export function readUnits({ home }: Sandbox): Record<string, "enabled" | "disabled" | "dangling"> {
  const folder = join(home, ".config/systemd/user");
  if (!existsSync(folder)) return {};
  const units = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile() && !name.startsWith("."));
  const links = readdirSync(folder)
    .filter((name) => name.endsWith(".wants"))
    .flatMap((wants) => readdirSync(join(folder, wants)));
  const dangling = links.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined);
  const states = units.map((name) => [name, links.includes(name) ? "enabled" : "disabled"] as const);
  return Object.fromEntries([...states, ...dangling.map((name) => [name, "dangling"] as const)]);
}

import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFakeSystemd } from "../../scripts/record/fake-systemd.ts";
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

/** Puts them first on a sandbox's PATH. */
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

/** The units of a sandbox's user by name, and whether each is enabled; "dangling" is a link to one that is gone. */
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

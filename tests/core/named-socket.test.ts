import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { accountHome } from "../../src/core/libc.ts";
import type { Env } from "../../src/core/layout.ts";
import { parseSocketName } from "../../src/model/names.ts";
import { errorOf, openScratch } from "../support/scratch.ts";
import { namedSocketPath } from "../../src/core/socket-path.ts";

const { uid } = userInfo();

/** The path that tmux itself makes of `-L name`: it says so when nobody answers there. */
function pathOfTmux(env: Record<string, string>, name: string): string {
  const { stderr } = Bun.spawnSync(["tmux", "-L", name, "list-sessions"], {
    env: { PATH: process.env["PATH"]!, ...env },
    stdin: "ignore",
  });
  return /(?:error connecting to|no server running on) (\S+)/.exec(stderr.toString())?.[1] ?? stderr.toString();
}

describe("the socket of a name is where tmux -L has it", () => {
  test.each<[string, (folder: string) => Record<string, string>]>([
    ["where nothing is set", () => ({})],
    ["where TMUX_TMPDIR is empty", () => ({ TMUX_TMPDIR: "" })],
    ["below TMUX_TMPDIR", (folder) => ({ TMUX_TMPDIR: folder })],
    ["below where its links lead", (folder) => ({ TMUX_TMPDIR: `${folder}/link/../link` })],
    ["where TMUX_TMPDIR leads nowhere", (folder) => ({ TMUX_TMPDIR: `${folder}/nowhere` })],
    ["where it is no folder's link", (folder) => ({ TMUX_TMPDIR: `${folder}/dangling` })],
  ])("%s", (_, envOf) => {
    using scratch = openScratch();
    chmodSync(scratch.path, 0o700);
    mkdirSync(scratch.at("real"));
    symlinkSync(scratch.at("real"), scratch.at("link"));
    symlinkSync(scratch.at("nothing"), scratch.at("dangling"));
    const env = envOf(scratch.path);
    // A name that nobody has.
    const name = `iap-test-${process.pid}`;
    expect(namedSocketPath(env, name)).toBe(pathOfTmux(env, name));
  });
});

describe("IAPEER_TEST_SANDBOX=1 refuses a named socket outside the sandbox", () => {
  const inSandbox = (env: Env) => ({ IAPEER_TEST_SANDBOX: "1", ...env });

  test("where tmux -L goes by itself, and anywhere that is not the sandbox's", () => {
    using scratch = openScratch();
    mkdirSync(scratch.at("root-2"));
    mkdirSync(scratch.at("out"));
    const own = { IAPEER_ROOT: scratch.at("root"), HOME: scratch.at("home") };
    const refused: readonly Env[] = [
      own,
      { ...own, TMUX_TMPDIR: "" },
      { ...own, TMUX_TMPDIR: "/tmp" },
      { ...own, TMUX_TMPDIR: "/tmp", HOME: "/tmp" },
      { ...own, TMUX_TMPDIR: scratch.at("nowhere") },
      { ...own, TMUX_TMPDIR: scratch.at("out") },
      { ...own, TMUX_TMPDIR: scratch.at("root-2") },
      { ...own, TMUX_TMPDIR: accountHome(), HOME: accountHome() },
      { ...own, TMUX_TMPDIR: accountHome(), HOME: "/" },
    ];
    for (const env of refused)
      expect([env, errorOf(() => namedSocketPath(inSandbox(env), "work")).code]).toEqual([env, "sandbox-violation"]);
    expect(namedSocketPath({ ...own, TMUX_TMPDIR: scratch.at("out") }, "work")).toBe(scratch.at("out", `tmux-${uid}`, "work"));
  });

  test("and takes one below its root, its socket folder or its HOME", () => {
    using scratch = openScratch();
    for (const name of ["root", "s", "home"]) mkdirSync(scratch.at(name));
    const own = { IAPEER_ROOT: scratch.at("root"), IAPEER_SOCK_DIR: scratch.at("s"), HOME: scratch.at("home") };
    for (const name of ["root", "s", "home"]) {
      expect(namedSocketPath(inSandbox({ ...own, TMUX_TMPDIR: scratch.at(name) }), "work")).toBe(
        scratch.at(name, `tmux-${uid}`, "work"),
      );
    }
  });
});

describe("a socket's name", () => {
  test.each(["work", "default", "a.b", "_x", "A-1", "a".repeat(64)])("may be %s", (name) => {
    expect(parseSocketName(name)).toBe(name);
  });

  test.each(["", ".", "..", ".hidden", "-L", "a/b", "/abs", "a b", "a\n", "é", "a".repeat(65)])("may not be %j", (name) => {
    expect(errorOf(() => parseSocketName(name)).code).toBe("invalid-name");
  });
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type MemorySwitch, switchNativeMemory, withdrawTrust } from "../../../src/provision/native-memory/switch.ts";
import { QUIET } from "../../support/provision.ts";

let root: string;
let folder: string;
let config: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "iapeer-native-")));
  folder = join(root, "peer");
  config = join(root, "home", ".codex", "config.toml");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const place = (at = folder) => ({ folder: at, env: { HOME: join(root, "home") }, lockFile: join(root, "native-memory.lock") });
const turn = (direction: MemorySwitch["direction"], runtime: MemorySwitch["runtime"], at = folder) =>
  switchNativeMemory({ ...place(at), direction, runtime }, QUIET);
const read = (...parts: string[]) => readFileSync(join(...parts), "utf8");

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("claude", () => {
  test("off writes the folder's settings, on takes the key out again, and both may be repeated", async () => {
    const settings = write(join(folder, ".claude", "settings.json"), '{\n  "model": "x" // mine\n}\n');
    expect(await turn("off", "claude")).toEqual({ state: "changed", files: [settings] });
    expect(read(settings)).toBe('{\n  "autoMemoryEnabled": false,\n  "model": "x" // mine\n}\n');
    expect(await turn("off", "claude")).toEqual({ state: "unchanged", files: [] });
    expect(await turn("on", "claude")).toEqual({ state: "changed", files: [settings] });
    expect(read(settings)).toBe('{\n  "model": "x" // mine\n}\n');
    expect(await turn("on", "claude")).toEqual({ state: "unchanged", files: [] });
  });

  test("settings that do not parse are left alone, with the file and the reason", async () => {
    const settings = write(join(folder, ".claude", "settings.json"), "{ oops");
    const outcome = await turn("off", "claude");
    expect(outcome).toMatchObject({ state: "left-alone", files: [] });
    expect(outcome.detail).toStartWith(`${settings} is not JSON`);
    expect(read(settings)).toBe("{ oops");
  });
});

describe("codex", () => {
  test("off trusts the resolved folder and then switches its memories off", async () => {
    symlinkSync(folder, join(root, "link"));
    const outcome = await turn("off", "codex", join(root, "link"));
    expect(outcome).toEqual({ state: "changed", files: [config, join(folder, ".codex", "config.toml")], trusted: folder });
    expect(read(config)).toBe(`[projects."${folder}"]\ntrust_level = "trusted"\n`);
    expect(read(folder, ".codex", "config.toml")).toBe("[features]\nmemories = false\n");
    expect(await turn("off", "codex")).toEqual({ state: "unchanged", files: [] });
  });

  test("a trust that was there is used, and not reported as ours", async () => {
    write(config, `[projects."${folder}"]\ntrust_level = "trusted"\n`);
    expect(await turn("off", "codex")).toEqual({ state: "changed", files: [join(folder, ".codex", "config.toml")] });
  });

  test("a folder that the person does not trust is left alone altogether", async () => {
    write(config, `[projects."${folder}"]\ntrust_level = "untrusted"\n`);
    const outcome = await turn("off", "codex");
    expect(outcome).toMatchObject({ state: "left-alone", files: [] });
    expect(outcome.detail).toContain('trust_level = "untrusted"');
    expect(existsSync(join(folder, ".codex"))).toBe(false);
  });

  test("a trust that was given is told even when the folder's own file cannot be changed", async () => {
    write(join(folder, ".codex", "config.toml"), "broken [");
    expect(await turn("off", "codex")).toMatchObject({ state: "left-alone", files: [config], trusted: folder });
    rmSync(join(folder, ".codex", "config.toml"));
    mkdirSync(join(folder, ".codex", "config.toml"));
    rmSync(config);
    expect(await turn("off", "codex")).toMatchObject({ state: "left-alone", files: [config], trusted: folder });
  });

  test("on leaves the trust, and makes no file", async () => {
    expect(await turn("on", "codex")).toEqual({ state: "unchanged", files: [] });
    expect(existsSync(config)).toBe(false);
    await turn("off", "codex");
    expect(await turn("on", "codex")).toMatchObject({ state: "changed" });
    expect(read(config)).toContain("trusted");
    expect(read(folder, ".codex", "config.toml")).toBe("");
  });

  test("the trust goes with the peer, even when its folder is gone", async () => {
    write(config, "model = 'x'");
    const { trusted } = await turn("off", "codex");
    rmSync(folder, { recursive: true });
    expect(await withdrawTrust(place(trusted), QUIET)).toEqual({ state: "changed", files: [config] });
    expect(read(config)).toBe("model = 'x'");
    expect(await withdrawTrust(place(trusted), QUIET)).toEqual({ state: "unchanged", files: [] });
  });

  test("$CODEX_HOME goes before $HOME", async () => {
    const env = { ...place().env, CODEX_HOME: join(root, "other") };
    const wanted = { ...place(), env, direction: "off", runtime: "codex" } as const;
    expect(await switchNativeMemory(wanted, QUIET)).toMatchObject({ trusted: folder });
    expect(existsSync(config)).toBe(false);
    expect(read(root, "other", "config.toml")).toContain(folder);
  });

  test("many at once, in several processes, lose no line of the one config.toml", async () => {
    write(config, "# mine\n");
    const names = Array.from({ length: 24 }, (_, index) => `p${index}`);
    names.forEach((name) => mkdirSync(join(root, name)));
    const program = `
      import { switchNativeMemory } from ${JSON.stringify(join(import.meta.dir, "../../../src/provision/native-memory/switch.ts"))};
      const { folders, ...place } = JSON.parse(process.argv[1]);
      const { signal } = new AbortController();
      const off = (folder) => switchNativeMemory({ ...place, folder, direction: "off", runtime: "codex" }, signal);
      await Promise.all(folders.map(off));`;
    const half = (from: number) =>
      Bun.spawn(
        [
          process.execPath,
          "-e",
          program,
          JSON.stringify({ ...place(), folders: names.slice(from, from + 12).map((name) => join(root, name)) }),
        ],
        { stderr: "inherit" },
      ).exited;
    expect(await Promise.all([half(0), half(12)])).toEqual([0, 0]);
    const parsed = Bun.TOML.parse(read(config)) as { projects: Record<string, unknown> };
    expect(Object.keys(parsed.projects).toSorted()).toEqual(names.map((name) => join(root, name)).toSorted());
    expect(read(config)).toStartWith("# mine\n");
  });
});

test.each(["claude", "codex"] as const)("%s: a folder that is gone is left alone, and not made again", async (runtime) => {
  rmSync(folder, { recursive: true });
  const outcome = await turn("off", runtime);
  expect(outcome).toMatchObject({ state: "left-alone", files: [] });
  expect(outcome.detail).toContain("no such file or folder");
  expect(existsSync(folder)).toBe(false);
});

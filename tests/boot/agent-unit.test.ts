import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentFile, fleetFile, renderAgentUnit } from "../../src/boot/agent-unit.ts";
import { superviseFile } from "../../src/boot/supervise-unit.ts";
import type { BootSettings } from "../../src/boot/types.ts";
import { readPlists } from "../support/plists.ts";
import { openScratch } from "../support/scratch.ts";
import { linesOf, readUnitCommand, readUnitWords } from "../support/unit-words.ts";

const ROOT = "/home/somebody/.iapeer";
const SETTINGS: BootSettings = {
  program: ["/usr/local/bin/iapeer"],
  root: ROOT,
  environment: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  place: { home: "/h", env: {}, platform: "linux" },
};
const BOB = { name: "bob", runtime: "claude" };
/** Names that mean something to systemd, to XML or to a shell. */
const HOSTILE = [
  "with space",
  `"quoted"`,
  "it's",
  "%h%%n",
  "$HOME $$ ${X}",
  "back\\slash\\n",
  "a;b",
  "tab\tin",
  '<&>"]]>',
  "日本 é",
  "-x",
  "{}*?[a]",
];

describe("the unit of an agent", () => {
  test("launches it once, stops it on purpose, and comes after who watches", () => {
    const { name, path, text } = agentFile(BOB, SETTINGS);
    expect([name, path]).toEqual(["iapeer-agent-bob.service", "/h/.config/systemd/user/iapeer-agent-bob.service"]);
    expect(linesOf(text, "ExecStart").map(readUnitCommand)).toEqual([
      ["/usr/local/bin/iapeer", "launch", "bob", "--runtime", "claude", "--unless-stopped"],
    ]);
    expect(linesOf(text, "ExecStop").map(readUnitCommand)).toEqual([
      ["/usr/local/bin/iapeer", "stop", "bob", "--runtime", "claude", "--no-mark"],
    ]);
    expect(linesOf(text, "ExecStopPost").map(readUnitCommand)[0]?.slice(3)).toEqual([
      "/usr/local/bin/iapeer",
      "stop",
      "bob",
      "--runtime",
      "claude",
      "--no-mark",
    ]);
    expect(linesOf(text, "Environment").map(readUnitWords)).toEqual([["PATH=/usr/local/bin:/usr/bin:/bin"]]);
    const settings = {
      Type: "oneshot",
      RemainAfterExit: "yes",
      KillMode: "process",
      OOMPolicy: "continue",
      WantedBy: "iapeer-fleet.target",
      After: "iapeer-supervise.service",
      PartOf: "iapeer-fleet.target",
    };
    for (const [key, value] of Object.entries(settings)) expect(linesOf(text, key)).toEqual([value]);
    // Nothing is ever started again by itself.
    expect(linesOf(text, "Restart")).toEqual([]);
  });

  test("is the one that the page shows", async () => {
    const page = await Bun.file(join(import.meta.dir, "../../docs/fleet.md")).text();
    const shown = /```ini\n(.*?)```/s.exec(page)?.[1];
    expect(shown).toBe(renderAgentUnit({ name: "orchestrator", runtime: "claude" }, SETTINGS));
  });

  test("gives back every path, whatever is in it", () => {
    for (const name of HOSTILE) {
      const root = `/tmp/${name}`;
      const program = ["/usr/bin/bun", `${root}/main.ts`];
      const { text } = agentFile(BOB, { ...SETTINGS, program, root, environment: { IAPEER_ROOT: root, PATH: `${root}:/bin` } });
      expect(linesOf(text, "ExecStart").map(readUnitCommand)).toEqual([
        [...program, "launch", "bob", "--runtime", "claude", "--unless-stopped"],
      ]);
      expect(linesOf(text, "Environment").map(readUnitWords)).toEqual([[`IAPEER_ROOT=${root}`], [`PATH=${root}:/bin`]]);
    }
  });

  test.skipIf(Bun.which("systemd-analyze") === null)(
    "is taken by systemd together with what it shares, whatever is in a path",
    () => {
      using scratch = openScratch();
      const folder = scratch.at("units", "systemd", "user");
      mkdirSync(folder, { recursive: true });
      const place = { home: scratch.path, env: { XDG_CONFIG_HOME: scratch.at("units") }, platform: "linux" } as const;
      const verify = (settings: BootSettings) => {
        const files = [fleetFile(settings, false), superviseFile(settings), agentFile(BOB, settings)];
        files.forEach(({ path, text }) => writeFileSync(path, text));
        // The user's own folder first, then the usual ones.
        const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:`, XDG_RUNTIME_DIR: scratch.path };
        const { stdout, stderr, exitCode } = Bun.spawnSync(
          ["systemd-analyze", "--user", "verify", "--man=no", ...files.map(({ path }) => path)],
          { env, stdin: "ignore", timeout: 60_000 },
        );
        return { exitCode, said: `${stdout.toString()}${stderr.toString()}` };
      };
      for (const name of HOSTILE) {
        const root = scratch.at(name);
        const program = join(root, `ia ${name}`);
        mkdirSync(root);
        copyFileSync(Bun.which("true")!, program);
        chmodSync(program, 0o755);
        const environment = { IAPEER_ROOT: root, IAPEER_SOCK_DIR: root, PATH: `${root}:/bin`, TMUX_TMPDIR: root };
        expect({ name, ...verify({ program: [program, join(root, "main.ts")], root, environment, place }) }).toEqual({
          name,
          exitCode: 0,
          said: "",
        });
      }
      // It looks: a program that is not there is told.
      expect(verify({ ...SETTINGS, program: [scratch.at("gone")], place }).exitCode).not.toBe(0);
    },
  );
});

describe("the file of launchd for an agent", () => {
  test.skipIf(Bun.which("python3") === null)("launches it at the login and holds whatever is in a path", () => {
    const cases = [...HOSTILE, "line\r\nend"].map((name) => {
      const root = `/tmp/${name}`;
      const settings: BootSettings = {
        program: [`${root}/iapeer`],
        root,
        environment: { IAPEER_ROOT: root, PATH: root },
        place: { home: "/h", env: {}, platform: "darwin" },
      };
      return { root, settings, agent: agentFile(BOB, settings), fleet: fleetFile(settings, true) };
    });
    expect(new Set(cases.map(({ agent }) => agent.path))).toEqual(
      new Set(["/h/Library/LaunchAgents/com.iapeer.agent.bob.plist"]),
    );
    const found = readPlists(cases.flatMap(({ agent, fleet }) => [agent.text, fleet.text]));
    const expected = cases.flatMap(({ root, settings: { program, environment } }) => [
      {
        Label: "com.iapeer.agent.bob",
        ProgramArguments: [`${root}/iapeer`, "launch", "bob", "--runtime", "claude", "--unless-stopped"],
        EnvironmentVariables: { IAPEER_ROOT: root, PATH: root },
        RunAtLoad: true,
        AbandonProcessGroup: true,
        IapeerMark: JSON.stringify({ root }),
      },
      {
        Label: "com.iapeer.fleet",
        ProgramArguments: ["/usr/bin/true"],
        RunAtLoad: false,
        IapeerMark: JSON.stringify({ root, program, environment, keepsSupervise: true }),
      },
    ]);
    expect(found).toEqual(expected);
  });
});

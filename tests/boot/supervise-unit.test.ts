import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { servicePath } from "../../src/core/service/place.ts";
import { planInstall, planUninstall, renderLaunchdAgent, renderSystemdUnit } from "../../src/boot/supervise-unit.ts";
import { readPlists } from "../support/plists.ts";
import { errorOf, openScratch } from "../support/scratch.ts";

const ROOT = "/home/somebody/.iapeer";
const UNIT = { program: ["/usr/local/bin/iapeer"], root: ROOT, environment: { IAPEER_ROOT: ROOT, PATH: "/usr/bin:/bin" } };

/** Names that mean something to systemd, to XML or to a shell. */
const HOSTILE = [
  "with space",
  `"quoted"`,
  "it's",
  "%h%%n",
  "$HOME $$ $",
  "back\\slash\\n",
  "a;b",
  "tab\tin",
  '<&>"]]>',
  "日本 é",
  "-x",
  "{}*?[a]",
];

function linesOf(text: string, key: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));
}

describe("the unit of systemd", () => {
  test("runs supervise with its root, its sockets' folder and its path, and lets recorders live", () => {
    const text = renderSystemdUnit({
      ...UNIT,
      environment: { IAPEER_ROOT: ROOT, IAPEER_SOCK_DIR: "/tmp/socks", PATH: "/usr/bin:/bin" },
    });
    expect(linesOf(text, "ExecStart")).toEqual(['"/usr/local/bin/iapeer" "supervise"']);
    expect(linesOf(text, "Environment")).toEqual([
      '"IAPEER_ROOT=/home/somebody/.iapeer"',
      '"IAPEER_SOCK_DIR=/tmp/socks"',
      '"PATH=/usr/bin:/bin"',
    ]);
    const settings = {
      Restart: "on-failure",
      KillMode: "process",
      OOMPolicy: "continue",
      ManagedOOMPreference: "avoid",
      WantedBy: "default.target",
    };
    for (const [key, value] of Object.entries(settings)) expect(linesOf(text, key)).toEqual([value]);
    expect(linesOf(renderSystemdUnit(UNIT), "Environment")).toHaveLength(2);
    expect(linesOf(renderSystemdUnit({ ...UNIT, environment: { PATH: "/bin" } }), "Environment")).toEqual(['"PATH=/bin"']);
  });

  test.each([
    ["%", '"/100%%/iapeer" "supervise"', ["/100%/iapeer"]],
    ["$ in the program", '"/a$b/iapeer" "supervise"', ["/a$b/iapeer"]],
    ["$ in an argument", '"/bun" "/a$$b/$$c d.ts" "supervise"', ["/bun", "/a$b/$c d.ts"]],
    ["a quote in an argument", String.raw`"/bun" "/a\"b\\c" "supervise"`, ["/bun", String.raw`/a"b\c`]],
    [
      "a quote in the program, which systemd takes in no way",
      String.raw`"/bin/sh" "-c" "exec \"$$0\" \"$$@\"" "/a\"b" "supervise"`,
      ['/a"b'],
    ],
    ["a line end", String.raw`"/bun" "/a\x0ab" "supervise"`, ["/bun", "/a\nb"]],
  ])("escapes %s", (_, command, program) => {
    expect(linesOf(renderSystemdUnit({ ...UNIT, program }), "ExecStart")).toEqual([command]);
  });

  test.skipIf(Bun.which("systemd-analyze") === null)("is taken by systemd, whatever is in a path", () => {
    using scratch = openScratch();
    const verify = (unit: Parameters<typeof renderSystemdUnit>[0]) => {
      const file = scratch.at("iapeer-supervise.service");
      writeFileSync(file, renderSystemdUnit(unit));
      const { stdout, stderr, exitCode } = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", file], {
        stdin: "ignore",
        timeout: 60_000,
      });
      return { exitCode, said: `${stdout.toString()}${stderr.toString()}` };
    };
    for (const name of HOSTILE) {
      const root = scratch.at(name);
      const program = join(root, `ia ${name}`);
      mkdirSync(root);
      copyFileSync(Bun.which("true")!, program);
      chmodSync(program, 0o755);
      expect({
        name,
        ...verify({
          program: [program, join(root, "main.ts")],
          root,
          environment: { IAPEER_ROOT: root, IAPEER_SOCK_DIR: root, PATH: `${root}:/bin` },
        }),
      }).toEqual({ name, exitCode: 0, said: "" });
    }
    // It looks: a program that is not there is told.
    expect(verify({ ...UNIT, program: [scratch.at("gone")] }).exitCode).not.toBe(0);
  });
});

describe("the agent of launchd", () => {
  test.skipIf(Bun.which("python3") === null)("says the same, and holds whatever is in a path", () => {
    const roots = [...HOSTILE, "line\r\nend"].map((name) => `/tmp/${name}`);
    const texts = roots.map((root) =>
      renderLaunchdAgent({
        program: [`${root}/iapeer`, "main"],
        root,
        environment: { IAPEER_ROOT: root, IAPEER_SOCK_DIR: root, PATH: root },
      }),
    );
    expect(readPlists(texts)).toEqual(
      roots.map((root) => ({
        Label: "com.iapeer.supervise",
        ProgramArguments: [`${root}/iapeer`, "main", "supervise"],
        EnvironmentVariables: { IAPEER_ROOT: root, IAPEER_SOCK_DIR: root, PATH: root },
        RunAtLoad: true,
        KeepAlive: { SuccessfulExit: false },
        AbandonProcessGroup: true,
        IapeerMark: JSON.stringify({ root }),
      })),
    );
  });

  test("refuses a path that XML cannot hold", () => {
    expect(errorOf(() => renderLaunchdAgent({ ...UNIT, environment: { PATH: "/a\u0001" } })).code).toBe("invalid-value");
  });
});

describe("where it is", () => {
  test.each([
    ["linux", {}, "/h/.config/systemd/user/iapeer-supervise.service"],
    ["linux", { XDG_CONFIG_HOME: "/x/c" }, "/x/c/systemd/user/iapeer-supervise.service"],
    ["linux", { XDG_CONFIG_HOME: "relative" }, "/h/.config/systemd/user/iapeer-supervise.service"],
    ["linux", { XDG_CONFIG_HOME: "" }, "/h/.config/systemd/user/iapeer-supervise.service"],
    ["darwin", { XDG_CONFIG_HOME: "/x/c" }, "/h/Library/LaunchAgents/com.iapeer.supervise.plist"],
  ] as const)("on %s with %p", (platform, env, path) => {
    const place = { home: "/h", env, platform };
    expect(servicePath("supervise", place)).toBe(path);
    expect(planInstall({ ...UNIT, place }).path).toBe(path);
    expect(planUninstall(place).path).toBe(path);
  });
});

describe("a plan", () => {
  const at = (platform: "linux" | "darwin") => ({ home: "/h", env: {}, platform });

  test("of an installation lets systemd read the file, enables it for the next login and starts it anew", () => {
    const { text, commands } = planInstall({ ...UNIT, place: at("linux") });
    expect(text).toBe(renderSystemdUnit(UNIT));
    expect(commands.map((argv) => argv.join(" "))).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user enable iapeer-supervise.service",
      "systemctl --user restart iapeer-supervise.service",
    ]);
  });

  test("of a removal ends and disables it while its file is there", () => {
    const { before, after } = planUninstall(at("linux"));
    expect(before).toEqual([["systemctl", "--user", "disable", "--now", "iapeer-supervise.service"]]);
    expect(after).toEqual([["systemctl", "--user", "daemon-reload"]]);
  });

  test("for launchd names the file", () => {
    const { path, text, commands } = planInstall({ ...UNIT, place: at("darwin") });
    expect(text).toBe(renderLaunchdAgent(UNIT));
    expect(commands).toEqual([
      ["launchctl", "unload", path],
      ["launchctl", "load", "-w", path],
    ]);
    expect(planUninstall(at("darwin"))).toEqual({ path, before: [["launchctl", "unload", "-w", path]], after: [] });
  });
});

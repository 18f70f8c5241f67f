import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { layoutFrom } from "../../../src/core/layout.ts";
import { parseServiceEnvironment, serviceEnvironment } from "../../../src/core/service/environment.ts";
import { PLIST_MARK, readMark, renderMark, renderMarkSection } from "../../../src/core/service/mark.ts";
import { agentOfFile, serviceFolder, serviceName, servicePath } from "../../../src/core/service/place.ts";
import { readPlistString, renderPlist } from "../../../src/core/service/plist.ts";
import { renderUnitCommand, renderUnitEnvironment } from "../../../src/core/service/systemd.ts";
import { linesOf, readUnitCommand, readUnitWords } from "../../support/unit-words.ts";

/** Whatever an argument or a variable may hold, and much of what means something to systemd. */
const WORD = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(
        "%",
        "$",
        "{",
        "}",
        '"',
        "'",
        "\\",
        " ",
        ";",
        "\n",
        "\t",
        "n",
        "x",
        "0",
        "é",
        "日",
        "H",
        "\u2028",
        "\u0085",
        "\uffff",
      ),
    }),
  )
  .map((text) => text.replaceAll("\0", "").toWellFormed());

describe("a unit of systemd", () => {
  test("gives back every command that was put into it, byte for byte", () => {
    fc.assert(
      fc.property(WORD, fc.array(WORD), (program, args) => {
        const argv = [`/${program}`, ...args];
        const line = renderUnitCommand(argv);
        expect(line).not.toContain("\n");
        const read = readUnitCommand(line);
        // A program that systemd cannot name is named by sh.
        expect(read[0] === "/bin/sh" && argv[0] !== "/bin/sh" ? read.slice(3) : read).toEqual(argv);
      }),
    );
  });

  test("gives back every variable that was put into it, one a line", () => {
    fc.assert(
      fc.property(WORD, WORD, (one, other) => {
        const lines = linesOf(renderUnitEnvironment({ ONE: one, OTHER: other }), "Environment");
        expect(lines.map(readUnitWords)).toEqual([[`ONE=${one}`], [`OTHER=${other}`]]);
      }),
    );
  });
});

describe("the environment of a service", () => {
  test("has these four variables and never another one of the caller's, whatever that one is called", () => {
    const names = ["IAPEER_ROOT", "IAPEER_SOCK_DIR", "PATH", "TMUX_TMPDIR"];
    const name = fc.oneof(
      fc.constantFrom(...names, "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "IAPEER_FLEET", "LD_PRELOAD"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.constant("secret")), (env) => {
        const layout = layoutFrom({ HOME: "/h", IAPEER_ROOT: "/root", IAPEER_SOCK_DIR: "/socks" });
        const made = serviceEnvironment(env, layout);
        expect(Object.keys(made).filter((key) => !names.includes(key))).toEqual([]);
        expect(Object.keys(made).toSorted()).toEqual(names.filter((key) => key === "PATH" || env[key] === "secret"));
        expect(parseServiceEnvironment({ ...env, ...made, ANTHROPIC_API_KEY: "secret" })).not.toHaveProperty("ANTHROPIC_API_KEY");
      }),
    );
  });

  test("names every place from the root of the file system on", () => {
    const env = { HOME: "/h", IAPEER_ROOT: "here/root", IAPEER_SOCK_DIR: "socks", TMUX_TMPDIR: "tmp", PATH: "/bin" };
    const cwd = process.cwd();
    expect(serviceEnvironment(env, layoutFrom(env))).toEqual({
      IAPEER_ROOT: `${cwd}/here/root`,
      IAPEER_SOCK_DIR: `${cwd}/socks`,
      TMUX_TMPDIR: `${cwd}/tmp`,
      PATH: "/bin",
    });
    expect(serviceEnvironment({}, layoutFrom({ HOME: "/h" }))).toEqual({ PATH: "/usr/bin:/bin" });
  });
});

describe("the mark in a service's file", () => {
  const mark = fc
    .record({ root: WORD, environment: fc.option(fc.record({ PATH: WORD, IAPEER_ROOT: WORD }), { nil: undefined }) })
    .map(({ root, environment }) => ({ root, ...(environment && { environment }) }));

  test("is read back from a unit as it was written, on a line of its own", () => {
    fc.assert(
      fc.property(mark, (written) => {
        const section = renderMarkSection(written);
        expect(section.split("\n")).toHaveLength(3);
        expect(readMark(`[Unit]\nDescription=x\n\n${section}`)).toEqual(written);
      }),
    );
  });

  test("is read back from a file of launchd's as it was written", () => {
    fc.assert(
      fc.property(mark, (written) =>
        expect(readMark(renderPlist({ Label: "x", [PLIST_MARK]: renderMark(written) }))).toEqual(written),
      ),
    );
  });

  test.each(["", "[X-Iapeer]\n", "Mark=", "Mark={", "Mark=7", "Mark=null", 'Mark={"root":7}'])(
    "that cannot be read is none: %j",
    (text) => {
      expect(readMark(text)).toBeUndefined();
    },
  );
});

describe("a file of launchd's", () => {
  const XML = fc.string().map((text) => `${text}<&>\r\n]]>`);
  test("gives back a text that was put into it", () => {
    fc.assert(fc.property(XML, (text) => expect(readPlistString(renderPlist({ Other: "x", Key: text }), "Key")).toBe(text)));
  });
});

describe("a service", () => {
  test.each([
    ["linux", "iapeer-agent-bob.service", "/h/.config/systemd/user"],
    ["darwin", "com.iapeer.agent.bob.plist", "/h/Library/LaunchAgents"],
  ] as const)("of an agent has a file of its own on %s, which tells whose it is", (platform, file, folder) => {
    const place = { home: "/h", env: {}, platform };
    expect(serviceFolder(place)).toBe(folder);
    expect(servicePath({ agent: "bob" }, place)).toBe(`${folder}/${file}`);
    expect(agentOfFile(file, platform)).toBe("bob");
    for (const other of ["fleet", "supervise"] as const)
      expect(agentOfFile(servicePath(other, place).slice(folder.length + 1), platform)).toBeUndefined();
  });

  test("has the name that the service manager calls it by", () => {
    expect((["fleet", "supervise"] as const).map((service) => serviceName(service, "linux"))).toEqual([
      "iapeer-fleet.target",
      "iapeer-supervise.service",
    ]);
    expect(serviceName({ agent: "a-b" }, "darwin")).toBe("com.iapeer.agent.a-b");
  });
});

import { describe, expect, test } from "bun:test";
import { holdsSecret, isSecretKey } from "../../../src/fleet/file/secrets.ts";
import { checkText } from "../../support/fleet.ts";

const WHOLE = `version: 1
tmux: { socket_name: work }
defaults: { working_directory: "~/src/{name}", runtime: codex }
policy: { orchestrators: 1 }
agents:
  - name: orchestrator
    class: orchestrator
    runtime: claude
    persistent_persona: true
  - name: enhancer
    class: enhancer
    working_directory: ../mirror
    model_hint: openai/gpt-5.5:high
  - { name: far, class: implementer, working_directory: ~/there, host: 10.1.10.37, ssh: me@10.1.10.37, socket: /tmp/s.sock }
connector: { kind: tmux }
`;

test("a fleet has every default filled in", () => {
  expect(checkText(WHOLE)).toEqual({
    problems: [],
    fleet: {
      socketName: "work",
      policy: { orchestrators: 1, minEnhancers: 1 },
      agents: [
        {
          name: "orchestrator",
          class: "orchestrator",
          runtime: "claude",
          workingDirectory: "/home/somebody/src/orchestrator",
          isPersistent: true,
        },
        {
          name: "enhancer",
          class: "enhancer",
          runtime: "codex",
          workingDirectory: "/mirror",
          modelHint: "openai/gpt-5.5:high",
          isPersistent: false,
        },
        {
          name: "far",
          class: "implementer",
          runtime: "codex",
          workingDirectory: "~/there",
          isPersistent: false,
          remote: { host: "10.1.10.37", ssh: "me@10.1.10.37", socket: "/tmp/s.sock" },
        },
      ],
    },
  });
});

test("with nothing said, there is the two-agent floor, claude, a server an identity, and a folder of iapeer's own", () => {
  const { fleet } = checkText("version: 1\nagents:\n  - { name: a, class: orchestrator }\n  - { name: b, class: enhancer }\n");
  expect(fleet).toEqual({
    policy: { orchestrators: 1, minEnhancers: 1 },
    agents: [
      { name: "a", class: "orchestrator", runtime: "claude", isPersistent: false },
      { name: "b", class: "enhancer", runtime: "claude", isPersistent: false },
    ],
  });
});

test.each([
  ["CRLF", WHOLE.replaceAll("\n", "\r\n")],
  ["a byte order mark", `\uFEFF${WHOLE}`],
  ["a document's start and end", `---\n${WHOLE}...\n`],
])("%s makes no difference", (_, text) => {
  const { fleet, problems } = checkText(text);
  expect(problems).toEqual([]);
  expect(fleet!.agents.map((one) => one.name)).toEqual(["orchestrator", "enhancer", "far"]);
});

test("only an empty list is a fleet of nobody", () => {
  const check = (agents: string) => checkText(`version: 1\npolicy: none\n${agents}\n`);
  expect(check("agents: []")).toEqual({ problems: [], fleet: { agents: [], policy: "none" } });
  for (const agents of ["agents:", "agents: ~", "agents:\n  # - name: a"])
    expect([agents, check(agents).fleet, check(agents).problems.map(({ code }) => code)]).toEqual([
      agents,
      undefined,
      ["fleet-wrong-type"],
    ]);
});

describe("a file for several hosts", () => {
  test("an agent whose host is this very host is one of this host, with its folder and without ssh", () => {
    const { fleet, problems } = checkText(
      "version: 1\npolicy: none\ndefaults: { working_directory: '~/src/{name}' }\nagents:\n  - { name: a, class: tester, host: here, ssh: me@here }\n  - { name: b, class: tester, host: here }\n  - { name: c, class: tester, host: far, ssh: me@far }\n",
    );
    expect(problems).toEqual([]);
    expect(fleet!.agents.map(({ remote, workingDirectory }) => [remote?.host, workingDirectory])).toEqual([
      [undefined, "/home/somebody/src/a"],
      [undefined, "/home/somebody/src/b"],
      ["far", undefined],
    ]);
  });

  test("agents share a folder where each of them, or the defaults, say so", () => {
    const fleetOf = (defaults: string, more: string) =>
      checkText(
        `version: 1\npolicy: none\ndefaults: { working_directory: ~/src${defaults} }\nagents:\n  - { name: a, class: tester${more} }\n  - { name: b, class: tester${more} }\n`,
      );
    for (const { fleet, problems } of [fleetOf(", shared_folder: true", ""), fleetOf("", ", shared_folder: true")]) {
      expect(problems).toEqual([]);
      expect(fleet!.agents.map(({ sharesFolder, workingDirectory }) => [sharesFolder, workingDirectory])).toEqual([
        [true, "/home/somebody/src"],
        [true, "/home/somebody/src"],
      ]);
    }
    expect(fleetOf(", shared_folder: true", ", shared_folder: false").problems.map(({ code }) => code)).toEqual([
      "fleet-shared-folder",
    ]);
  });
});

test("folders of other hosts are neither compared nor given the defaults of this one", () => {
  const far = (name: string, more = "") => `  - { name: ${name}, class: tester, host: far, ssh: far${more} }\n`;
  const { fleet, problems } = checkText(
    `version: 1\npolicy: none\ndefaults: { working_directory: ~/src }\nagents:\n${far("a")}${far("b")}${far("c", ", working_directory: ~/x")}${far("d", ", working_directory: ~/x")}`,
  );
  expect(problems).toEqual([]);
  expect(fleet!.agents.map((one) => one.workingDirectory)).toEqual([undefined, undefined, "~/x", "~/x"]);
});

test.each([
  [200, []],
  [201, ["fleet-invalid-value"]],
])("a model_hint of %i characters: %j", (length, codes) => {
  const { problems } = checkText(
    `version: 1\npolicy: none\nagents:\n  - { name: a, class: tester, model_hint: ${"x".repeat(length)} }\n`,
  );
  expect(problems.map(({ code }) => code as string)).toEqual(codes);
});

describe("the policy", () => {
  test("counts agents of other hosts too", () => {
    const far = (name: string, of: string) => `  - { name: ${name}, class: ${of}, host: far, ssh: far }\n`;
    expect(checkText(`version: 1\nagents:\n${far("a", "orchestrator")}${far("b", "enhancer")}`).problems).toEqual([]);
  });

  test.each<[string, string]>([
    ["an agent's class cannot be read", "policy: { orchestrators: 2 }\nagents:\n  - { name: a, class: 7 }\n"],
    ["the policy itself cannot be read", "policy: { orchestrators: many }\nagents: []\n"],
    ["the agents cannot be read", "agents: 5\n"],
  ])("is not judged where %s", (_, rest) => {
    expect(checkText(`version: 1\n${rest}`).problems.map(({ code }) => code)).not.toContain("fleet-policy");
  });
});

test("every problem is told at once, from the top", () => {
  const { problems } = checkText(
    "agents:\n  - { name: A, class: tester, runtme: codex }\n  - { class: 5 }\ntokn: x\nversion: 1\npolicy: none\n",
  );
  expect(problems.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
    "2:13 fleet-invalid-name",
    "2:31 fleet-unknown-key",
    "3:5 fleet-missing-key",
    "3:14 fleet-wrong-type",
    "4:1 fleet-unknown-key",
  ]);
});

test("keys that mean something to JavaScript are unknown keys, and no more", () => {
  const { problems } = checkText(`${WHOLE}__proto__: { version: 2 }\nconstructor: 1\n`);
  expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
    "fleet-unknown-key __proto__",
    "fleet-unknown-key constructor",
  ]);
});

test.each([
  "api_key",
  "apiKey",
  "API-KEY",
  "token",
  "GITHUB_TOKEN",
  "authToken",
  "tokens",
  "password",
  "client_secret",
  "secrets",
  "credentials",
  "ssh private key",
])("a key %j is a credential's name", (key) => {
  expect(isSecretKey(key)).toBe(true);
});

test.each(["max_tokens", "tokenizer", "name", "secretary", "passwords_file", "keys"])("a key %j is not", (key) => {
  expect(isSecretKey(key)).toBe(false);
});

test.each([
  "sk-proj-abc123",
  "sk-ant-api03-AbCdEfGh",
  "ghp_0123456789ab",
  "gho_0123456789ab",
  "github_pat_11ABC0",
  "xoxb-1234-abcd",
  "xoxp-1234-abcd",
  "glpat-abc_123def",
  "key=AKIAABCDEFGHIJKLMNOP",
  "-----BEGIN OPENSSH PRIVATE KEY-----",
])("%j looks like a credential", (text) => {
  expect(holdsSecret(text)).toBe(true);
});

test.each([
  "task-force-one-two-three-four",
  "sk-learn",
  "openai/gpt-5.5:high",
  "disk-0123456789abcdefgh",
  "me@10.1.10.37",
  "graph_of_things",
])("%j does not", (text) => {
  expect(holdsSecret(text)).toBe(false);
});

test("no credential of the file is repeated in what is told of it", () => {
  const secret = "sk-abcdef0123456789abcdef";
  const places = [
    `name: ${secret}`,
    `class: "${secret}"`,
    `runtime: ${secret}`,
    `ssh: ${secret}`,
    `${secret}: x`,
    `token: hunter2`,
    `x: [*${secret}]`,
    `x: !${secret} y`,
  ];
  for (const place of places) {
    const { problems, fleet } = checkText(`version: 1\npolicy: none\nagents:\n  - { ${place} }\n# ${secret}\n`);
    expect(fleet).toBeUndefined();
    expect(problems.map(({ code }) => code)).toContain("fleet-secret");
    expect(JSON.stringify(problems)).not.toMatch(/abcdef0123|hunter2/);
  }
});

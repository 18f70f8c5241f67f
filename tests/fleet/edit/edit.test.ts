import type { NewAgent } from "../../../src/model/agent.ts";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "yaml";
import { addAgent, removeAgent } from "../../../src/fleet/edit/edit.ts";
import { errorOf } from "../../support/scratch.ts";

const NEW: NewAgent = { name: "new0", class: "tester" };

/** Texts as people write them, with a word in each place that a comment can be in. */
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((text) => !["true", "false", "null", "new0"].includes(text));
const agent = fc.record({
  class: fc.constantFrom("orchestrator", "enhancer", "implementer", "juggler"),
  hint: fc.option(fc.constantFrom("a/b:high", "gpt-5", "'quoted, one'"), { nil: undefined }),
  inline: fc.boolean(),
  above: fc.boolean(),
  beside: fc.boolean(),
  inside: fc.boolean(),
  blank: fc.boolean(),
});
const agents = fc.uniqueArray(fc.tuple(name, agent), { selector: ([own]) => own, maxLength: 5 });
const layout = fc.record({
  agents,
  form: fc.constantFrom("block", "brackets", "lines", "json"),
  indent: fc.constantFrom(0, 2, 4),
  trailingComma: fc.boolean(),
  crlf: fc.boolean(),
  finalNewline: fc.boolean(),
  mark: fc.boolean(),
  after: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;
type Row = Layout["agents"][number];

function renderBlock([own, { class: of, hint, inline, above, beside, inside, blank }]: Row, indent: string): string[] {
  const tail = beside ? `  # beside ${own}` : "";
  return [
    ...(blank ? [""] : []),
    ...(above ? [`${indent}# above ${own}`] : []),
    ...(inline
      ? [`${indent}- { name: ${own}, class: ${of}${hint === undefined ? "" : `, model_hint: ${hint}`} }${tail}`]
      : [
          `${indent}- name: ${own}${tail}`,
          `${indent}  class: ${of}`,
          ...(hint === undefined ? [] : [`${indent}  model_hint: ${hint}`]),
          ...(inside ? [`${indent}  # inside ${own}`] : []),
        ]),
  ];
}

function renderText({ agents: rows, form, indent, trailingComma, crlf, finalNewline, mark, after }: Layout): string {
  const space = " ".repeat(indent);
  const flow = (row: Row) => `{ name: ${row[0]}, class: ${row[1].class} }`;
  const list = {
    block: () => (rows.length === 0 ? ["agents: []"] : ["agents:", ...rows.flatMap((row) => renderBlock(row, space))]),
    brackets: () => [`agents: [${rows.map(flow).join(", ")}${trailingComma && rows.length > 0 ? "," : ""}]  # all`],
    lines: () => [
      "agents: [",
      ...rows.map(
        (row, i) =>
          `  ${flow(row)}${trailingComma || i < rows.length - 1 ? "," : ""}${row[1].beside ? ` # beside ${row[0]}` : ""}`,
      ),
      "  ]",
    ],
    json: () => [`agents: [${rows.map((row) => `{"name": "${row[0]}", "class": "${row[1].class}"}`).join(", ")}]`],
  }[form]();
  const lines = [
    "# top",
    "version: 1",
    "policy: none  # nobody's",
    ...list,
    ...(after ? ["# between", "connector: { kind: tmux }", "# end"] : []),
  ];
  return (mark ? "\uFEFF" : "") + lines.join(crlf ? "\r\n" : "\n") + (finalNewline ? (crlf ? "\r\n" : "\n") : "");
}

const values = (text: string) => parse(text.replace(/^\uFEFF/, "")) as { agents: { name: string }[] | null };
const namesIn = (text: string) => (values(text).agents ?? []).map((one) => one.name);
const linesOf = (text: string) => text.split(/\r?\n/);

const commentsIn = (text: string) => linesOf(text).flatMap((line) => /#.*/.exec(line)?.[0] ?? []);

/** Tells whether one list is the other with something left out. */
function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of all) if (some[at] === one) at += 1;
  return at === some.length;
}

describe("on any fleet file", () => {
  test("an agent that is added stands last, and no other word changes", () => {
    fc.assert(
      fc.property(layout, (how) => {
        const text = renderText(how);
        const after = addAgent(text, NEW);
        expect(values(after)).toEqual({
          ...values(text),
          agents: [...(values(text).agents ?? []), { name: "new0", class: "tester" } as { name: string }],
        });
        expect(isSubsequence(text.split(""), after.split(""))).toBe(true);
        expect((after.match(/#/g) ?? []).length).toBe((text.match(/#/g) ?? []).length);
      }),
      { numRuns: 400 },
    );
  });

  test("what was added and is removed again leaves the very same bytes", () => {
    fc.assert(
      fc.property(layout, (how) => {
        const text = renderText(how);
        expect(removeAgent(addAgent(text, NEW), "new0")).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test("an agent that is removed takes its own lines and comments with it, and nothing of the others", () => {
    fc.assert(
      fc.property(layout, fc.nat(), (how, pick) => {
        fc.pre(how.agents.length > 0);
        const text = renderText(how);
        const index = pick % how.agents.length;
        const gone = how.agents[index]![0];
        const after = removeAgent(text, gone);
        expect(namesIn(after)).toEqual(how.agents.map(([own]) => own).toSpliced(index, 1));
        // The last agent of a block leaves an empty list.
        const rest = how.form === "block" && how.agents.length === 1 ? after.replace("agents: []", "agents:") : after;
        expect(isSubsequence(rest.split(""), text.split(""))).toBe(true);
        const own = [`# beside ${gone}`, `# inside ${gone}`];
        expect(commentsIn(after)).toEqual(commentsIn(text).filter((comment) => !own.includes(comment)));
        if (how.form === "block") {
          expect(linesOf(rest).length).toBeLessThan(linesOf(text).length);
          expect(isSubsequence(linesOf(rest.trimEnd()), linesOf(text))).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });
});

const FLOOR = `version: 1
agents:
  # the head
  - name: orchestrator   # talks
    class: orchestrator
    # model_hint: later

  # the mirror
  - name: enhancer
    class: enhancer
# the end
connector: { kind: tmux }
`;

test("an agent is written as the last one is: a key a line", () => {
  const remote = { host: "10.1.10.37", ssh: "me@10.1.10.37", socket: "work" };
  const added = addAgent(FLOOR, {
    name: "coder0",
    class: "implementer",
    runtime: "pi",
    isPersistent: true,
    modelHint: "x/y: #1",
    workingDirectory: "~/src/app",
    remote,
  });
  expect(added).toBe(
    FLOOR.replace(
      "# the end",
      `  - name: coder0
    class: implementer
    runtime: pi
    persistent_persona: true
    model_hint: "x/y: #1"
    working_directory: ~/src/app
    host: 10.1.10.37
    ssh: me@10.1.10.37
    socket: work
# the end`,
    ),
  );
});

test.each<[string, string, string]>([
  ["braces", "agents:\n- {name: a, class: b}\n", "agents:\n- {name: a, class: b}\n- {name: new0, class: tester}\n"],
  [
    "JSON",
    '{"version": 1, "agents": [\n  {"name": "a", "class": "b"}\n]}',
    '{"version": 1, "agents": [\n  {"name": "a", "class": "b"},\n  {"name": "new0", "class": "tester"}\n]}',
  ],
  [
    "a bracket on the last line",
    "agents: [\n  { name: a, class: b } ]\n",
    "agents: [\n  { name: a, class: b },\n  { name: new0, class: tester } ]\n",
  ],
  [
    "a comment behind the last one",
    "agents: [\n  { name: a, class: b } # a\n]\n",
    "agents: [\n  { name: a, class: b }, # a\n  { name: new0, class: tester }\n]\n",
  ],
  [
    "a key with nothing behind it",
    "version: 1\nagents:  # none yet\nconnector: { kind: tmux }\n",
    "version: 1\nagents:  # none yet\n  - name: new0\n    class: tester\nconnector: { kind: tmux }\n",
  ],
  [
    "a text that ends without a line break",
    "agents:\n  - name: a\n    class: b",
    "agents:\n  - name: a\n    class: b\n  - name: new0\n    class: tester",
  ],
  [
    "a last agent that ends in a block of text",
    "agents:\n  - name: a\n    class: b\n    note: |\n      long\n",
    "agents:\n  - name: a\n    class: b\n    note: |\n      long\n  - name: new0\n    class: tester\n",
  ],
])("%s stay as they are, and the agent is written like it", (_, text, after) => {
  expect(addAgent(text, NEW)).toBe(after);
});

test.each(["a, b", "{a}", "[a]", "a: b", "a #b", "'a'", '"a"', "5"])(
  "a model called %j is read back as it is, in braces too",
  (modelHint) => {
    for (const text of [FLOOR, "policy: none\nagents: [{ name: a, class: b }]\n"]) {
      const { agents: after } = values(addAgent(text, { ...NEW, modelHint }));
      expect(after!.at(-1)).toEqual({ name: "new0", class: "tester", model_hint: modelHint } as { name: string });
    }
  },
);

test("an agent that is removed from brackets leaves the comment between it and the next", () => {
  const text = "policy: none\nagents: [ { name: a, class: b }, # of b\n  { name: c, class: d } ]\n";
  expect(removeAgent(text, "a")).toContain("# of b\n  { name: c, class: d } ]");
  expect(removeAgent(text, "c")).toContain("{ name: a, class: b } # of b");
});

test.each(["true", "null", "no", "y", "on"])("an agent called %s is read back as a text", (odd) => {
  expect(namesIn(addAgent(FLOOR, { name: odd, class: "tester" }))).toContain(odd);
});

test.each<[string, string, NewAgent, string]>([
  ["a name that is there", FLOOR, { name: "enhancer", class: "tester" }, "agent-exists"],
  ["a name that is none", FLOOR, { name: "Two Words", class: "tester" }, "invalid-value"],
  ["a model with a line break", FLOOR, { ...NEW, modelHint: "a\nb: c" }, "invalid-value"],
  ["a credential", FLOOR, { ...NEW, modelHint: "sk-abcdef0123456789" }, "invalid-value"],
  ["an ssh that is an option", FLOOR, { ...NEW, remote: { host: "h", ssh: "-oProxyCommand=x" } }, "invalid-value"],
  [
    "another one's folder",
    addAgent(FLOOR, { name: "a", class: "tester", workingDirectory: "x" }),
    { ...NEW, workingDirectory: "./x" },
    "invalid-value",
  ],
  ["a file that is no YAML", "agents: [", NEW, "fleet-invalid"],
  ["an empty file", "", NEW, "fleet-invalid"],
  ["a file with aliases", "a: &a [1]\nagents: *a\n", NEW, "fleet-invalid"],
  ["agents that are no list", "agents: { a: 1 }\n", NEW, "fleet-invalid"],
  ["no agents at all", "version: 1\n", NEW, "fleet-invalid"],
  ["a list behind a question mark", "? agents\n: - { name: a, class: b }\n", NEW, "fleet-invalid"],
])("to add to, or with, %s is refused", (_, text, one, code) => {
  expect(errorOf(() => addAgent(text, one)).code as string).toBe(code);
});

describe("the policy", () => {
  test.each(["orchestrator", "enhancer"])("keeps the only %s: exit 4", (last) => {
    expect(errorOf(() => removeAgent(FLOOR, last))).toMatchObject({ code: "fleet-policy", exitStatus: 4 });
  });

  test("lets go of them where there is none", () => {
    const free = FLOOR.replace("agents:", "policy: none\nagents:");
    expect(namesIn(removeAgent(removeAgent(free, "enhancer"), "orchestrator"))).toEqual([]);
  });

  test("lets go of one more than it wants", () => {
    for (const of of ["orchestrator", "enhancer"])
      expect(removeAgent(addAgent(FLOOR, { ...NEW, class: of }), "new0")).toBe(FLOOR);
  });

  test("lets go of those it says nothing about", () => {
    expect(namesIn(removeAgent(addAgent(FLOOR, NEW), "new0"))).toEqual(["orchestrator", "enhancer"]);
  });
});

test("an agent that is not there is told with the nearest name", () => {
  expect(errorOf(() => removeAgent(FLOOR, "enhancre"))).toMatchObject({
    code: "agent-not-found",
    hint: "did you mean enhancer?",
  });
});

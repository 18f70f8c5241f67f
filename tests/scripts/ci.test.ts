// The workflow for a public forge, which cannot run here: it is read as that forge reads it.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseDocument } from "yaml";

const ROOT = join(import.meta.dir, "../..");

interface Workflow {
  readonly on: object;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes"?: number;
  readonly permissions?: unknown;
  readonly strategy: { readonly matrix: { readonly os: readonly string[] } };
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

const text = await Bun.file(join(ROOT, ".github/workflows/ci.yml")).text();
const document = parseDocument(text, { strict: true, uniqueKeys: true });
const workflow = document.toJS() as Workflow;
const jobs = Object.values(workflow.jobs);

test("the workflow is YAML without an error or a warning", () => {
  expect([...document.errors, ...document.warnings]).toEqual([]);
});

test("it runs npm ci and npm test on Linux and on macOS", () => {
  const [job, ...others] = jobs;
  expect(others).toEqual([]);
  expect(job!.steps.flatMap(({ run }) => run ?? [])).toEqual(expect.arrayContaining(["npm ci", "npm test"]));
  expect(job!.strategy.matrix.os.map((os) => os.split("-")[0])).toEqual(expect.arrayContaining(["ubuntu", "macos"]));
});

test("it may only read, and every job has a time limit", () => {
  expect(workflow.permissions).toEqual({ contents: "read" });
  for (const job of jobs) expect([job.permissions, typeof job["timeout-minutes"]]).toEqual([undefined, "number"]);
});

test("every action is pinned to one commit, and its version stands beside it", () => {
  const uses = jobs.flatMap(({ steps }) => steps).flatMap((step) => step.uses ?? []);
  expect(uses.length).toBeGreaterThan(0);
  for (const action of uses) {
    expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/);
    expect(text).toMatch(new RegExp(`uses: ${action} # v\\d+\\.\\d+\\.\\d+$`, "m"));
  }
});

test("what it installs on Linux is what npm test asks for, but for what only root can use", async () => {
  const { scripts } = (await Bun.file(join(ROOT, "package.json")).json()) as { readonly scripts: { readonly test: string } };
  const asked = [...scripts.test.matchAll(/--(?:need|want) (\S+)/g)].flatMap(([, tools]) => tools!.split(","));
  const installed = /apt-get install --yes --no-install-recommends (.+)$/m.exec(text)![1]!.split(" ");
  expect(installed).toEqual(asked.filter((tool) => !["ssh", "sshd", "ip"].includes(tool)));
});

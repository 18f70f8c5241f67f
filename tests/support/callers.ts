import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quoteForSh } from "../../src/core/text/quoting.ts";
import type { ErrorView } from "../../src/model/errors.ts";
import { BINARY, type Sandbox, until } from "./sandbox.ts";

/** The end of one call, with the error of `--json` where it failed. */
export interface CallEnd {
  readonly status: number;
  readonly stdout: string;
  readonly error: ErrorView | undefined;
}

/** A call of iapeer, as words; or a shell script in which `$iapeer` is the program. */
export type Order = readonly string[] | string;

let batches = 0;

/**
 * Has each call made in the session of a peer, one after the other; undefined has them made by a person. The agent is told-agent.sh.
 */
export async function callIn(sandbox: Sandbox, peer: string | undefined, orders: readonly Order[]): Promise<CallEnd[]> {
  const batch = (batches += 1);
  const at = (index: number, what: string) => join(sandbox.home, `call-${batch}-${index}.${what}`);
  const lines = orders.map((order, index) => {
    const call = typeof order === "string" ? order : `"$iapeer" ${order.map(quoteForSh).join(" ")} --json`;
    return `( ${call} ) >${at(index, "out")} 2>${at(index, "err")} </dev/null; echo $? >${at(index, "status")}`;
  });
  const done = join(sandbox.home, `done-${batch}`);
  const script = sandbox.write(join(sandbox.home, `calls-${batch}.sh`), `iapeer=${BINARY}\n${lines.join("\n")}\n: >${done}\n`);
  if (peer === undefined) {
    await Bun.spawn(["/bin/sh", script], { env: sandbox.env, cwd: sandbox.folder, stdio: ["ignore", "ignore", "ignore"] }).exited;
  } else {
    await tell(sandbox, peer, `. ${script}`);
  }
  await until(`the calls of ${peer ?? "a person"} are made`, () => existsSync(done), 25_000);
  return orders.map((_, index) => readEnd((what) => readFileSync(at(index, what), "utf8")));
}

/** Gives a line of sh to an agent, which runs it. */
async function tell(sandbox: Sandbox, peer: string, line: string): Promise<void> {
  const fifo = join(sandbox.home, `orders-${peer}`);
  await until(`${peer} listens`, () => statSync(fifo, { throwIfNoEntry: false })?.isFIFO() ?? false);
  writeFileSync(fifo, `${line}\n`);
}

function readEnd(read: (what: string) => string): CallEnd {
  const stderr = read("err").trim();
  const line = stderr.split("\n").findLast((one) => one.startsWith('{"error"'));
  return {
    status: Number(read("status")),
    stdout: read("out"),
    error: line === undefined ? undefined : (JSON.parse(line) as { error: ErrorView }).error,
  };
}

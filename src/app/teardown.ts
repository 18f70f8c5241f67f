import { logDecision } from "../core/host.ts";
import { closeChildStdin, writeToChild } from "../core/process/child-stdin.ts";
import { isObject } from "../core/text/fields.ts";
import { stopSession } from "../launch/end/end.ts";
import { type ErrorView, IapeerError, toErrorView } from "../model/errors.ts";
import { TEARDOWN_VERB } from "./teardown-verb.ts";
import type { App } from "./types.ts";

/** The end of the session that its caller runs in. */
export interface Teardown {
  readonly identity: string;
  /** Only this incarnation. */
  readonly incarnation: string;
  readonly reason: "stop" | "retire";
  /** False: no stop mark stays. */
  readonly isMarked: boolean;
  /** The reason of an agent that retires, in its own words. */
  readonly words?: string | undefined;
  /** The caller, for the logs. */
  readonly by: string;
}

/**
 * Hands a teardown to a process of its own, which outlives the session that this call is made in. Returns once the end is claimed: from then
 * on it is no death. The session ends when this process has.
 *
 * @throws IapeerError what stopSession throws before it has claimed the end; `stop-failed`: no such process could be started.
 */
export async function handOver(app: App, teardown: Teardown): Promise<void> {
  const child = Bun.spawn([...app.self, TEARDOWN_VERB], {
    cwd: "/",
    env: { ...app.env },
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  // Its stdin stays open, and closes with this process: that is the sign to go on.
  writeToChild(child.stdin, `${JSON.stringify(teardown)}\n`);
  const answer = parseAnswer(await readLine(child.stdout));
  if (answer === undefined) {
    child.unref();
    return;
  }
  closeChildStdin(child.stdin);
  throw answer;
}

const CLAIMED = "claimed";

async function readLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}

function parseAnswer(line: string): IapeerError | undefined {
  if (line === CLAIMED) return undefined;
  const view = line === "" ? undefined : (JSON.parse(line) as ErrorView);
  if (view === undefined) return new IapeerError("stop-failed", "the process that ends this session did not start");
  const { code, message, ...more } = view;
  return new IapeerError(code, message, more);
}

/** The connection of a process that tears down to its caller. */
export interface TeardownPort {
  /** The order, as handOver wrote it. */
  readonly order: string;
  readonly answer: (line: string) => void;
  /** Resolves when the caller has ended, or after a while. */
  readonly callerGone: () => Promise<void>;
}

/** Carries out a teardown that was handed over. It never throws: a failure after the claim is in lifecycle.log. */
export async function runTeardown(app: App, { order, answer, callerGone }: TeardownPort): Promise<void> {
  const { identity, incarnation, reason, isMarked, words, by } = parseOrder(order);
  const host = { ...app, by: () => by };
  let isClaimed = false;
  const onClaimed = async () => {
    isClaimed = true;
    if (reason === "retire")
      logDecision(host, { ev: "retire", identity, incarnation, ...(words !== undefined && { reason: words }) });
    answer(CLAIMED);
    await callerGone();
  };
  try {
    await stopSession({ identity, reason, expected: incarnation, isMarked, onClaimed }, host);
    if (!isClaimed) answer(CLAIMED);
  } catch (error) {
    const view = toErrorView(error);
    if (isClaimed) logDecision(host, { ev: "stop", identity, state: "failed", reason, error: view.message });
    else answer(JSON.stringify(view));
  }
}

function parseOrder(text: string): Teardown {
  const order: unknown = JSON.parse(text);
  if (isObject(order) && typeof order["identity"] === "string") return order as unknown as Teardown;
  throw new IapeerError("usage", "this verb is iapeer's own");
}

import { statSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { identityOf, parseIdentity, parseRuntime, quoteForMessage } from "../../model/names.ts";
import { awaitAnswer, type Silence } from "../../core/process/answering.ts";
import { becomeProgram } from "../../core/process/become.ts";
import { isPid } from "../../core/process/processes.ts";
import { BEAT_EVERY_SECS, heartbeatWrapper, stampBeat } from "../../launch/heartbeat/heartbeat.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { Peer } from "../../registry/types.ts";
import { pointerPath } from "../../status/incarnation/incarnation.ts";
import { usage } from "../strict.ts";
import type { Context } from "../../app/app.ts";
import { parseDuration } from "../duration.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb, type Verb } from "../verb.ts";

/** How long a program may take to read what is typed, or to go on. */
const ANSWER_MS = 2000;
const MAX_EVERY_SECS = 86_400;

export const heartbeat: Verb = defineVerb({
  meta: { name: "heartbeat", description: "note that a peer is alive, for a runtime's own hook, or around its program" },
  details:
    "Without an argument for the peer of the session it is called in. What cannot be written is a warning. With -- COMMAND it\n" +
    "becomes that program, and a small loop beside it gives heartbeats as long as the program lives and answers: it is not\n" +
    "stopped, and has read what was typed into its terminal. --if-answers asks that alone, and exits with 1 if it does not.",
  args: {
    peer: { type: "positional", description: "its name or its identity, as claude-alice", required: false, completes: "peers" },
    runtime: RUNTIME_OPTION,
    every: {
      type: "string",
      valueHint: "t",
      description: `with -- COMMAND: how often, as 30s or 2m (default: ${BEAT_EVERY_SECS}s)`,
    },
    "if-answers": {
      type: "string",
      valueHint: "pid",
      description: "only if this process answers; PID:START is one that started then",
    },
  },
  rest: { name: "COMMAND", description: "a program and its arguments, in whose place this call runs" },
  examples: [
    { command: "iapeer heartbeat", note: "in a hook that an agent runs after each turn" },
    { command: "iapeer heartbeat alice --runtime codex", note: "for her, from anywhere" },
    { command: "iapeer heartbeat --every 1m -- my-agent --fast", note: "for a program that knows nothing of heartbeats" },
  ],
  run: async ({ positionals, values, rest }, context) => {
    const { output } = context;
    if (rest.length === 0 && values.every !== undefined) throw usage(heartbeat, "--every goes with -- COMMAND");
    if (rest.length > 0 && values["if-answers"] !== undefined)
      throw usage(heartbeat, "--if-answers is for a process that runs already");
    const asked = values["if-answers"] === undefined ? undefined : parseProcess(values["if-answers"]);
    const identity =
      positionals[0] === undefined ? ownIdentity(values.runtime, context) : identityFrom(positionals[0], values.runtime, context);
    if (rest.length > 0) return wrap(rest, { everySecs: parseEvery(values.every), identity }, context);
    const silence = asked === undefined ? undefined : await awaitAnswer(asked, ANSWER_MS);
    if (silence !== undefined) output.note(`no heartbeat: the process ${asked!.pid} ${SILENCE[silence]}`);
    const isWritten = silence === undefined && identity !== undefined && tryStamp(identity, context);
    output.result({ identity: identity ?? null, written: isWritten }, () => "");
    return silence === undefined ? 0 : 1;
  },
});

const SILENCE = {
  gone: "has ended",
  stopped: "is stopped",
  unread: "does not read what was typed into its terminal",
} as const satisfies Record<Silence, string>;

function tryStamp(identity: string, { layout, now, output }: Context): boolean {
  try {
    stampBeat(layout, identity, now());
    return true;
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    output.warn(`the heartbeat is not written: ${error.message}`);
    return false;
  }
}

function parseEvery(text: string | undefined): number {
  const secs = text === undefined ? BEAT_EVERY_SECS : parseDuration(heartbeat, "every", text) / 1000;
  if (secs >= 1 && secs <= MAX_EVERY_SECS) return secs;
  throw usage(heartbeat, `--every takes 1s to ${MAX_EVERY_SECS / 3600}h, not ${text}`);
}

function parseProcess(text: string): { readonly pid: number; readonly start?: string } {
  const [, digits = "", start] = /^([0-9]{1,10})(?::(.+))?$/.exec(text) ?? [];
  if (isPid(Number(digits))) return { pid: Number(digits), ...(start !== undefined && { start }) };
  throw usage(heartbeat, `--if-answers takes the pid of a process, not ${JSON.stringify(text)}`);
}

/** Becomes the program, by way of the shell that beats beside it. Of a session of another root it becomes the program all the same. */
function wrap(
  command: readonly string[],
  { everySecs, identity }: { everySecs: number; identity: string | undefined },
  { self, layout }: Context,
): never {
  const broken = command.find((word) => word.includes("\ufffd"));
  if (broken !== undefined)
    throw new IapeerError(
      "invalid-value",
      `a word of the command is not UTF-8, and would not arrive as it is: ${quoteForMessage(broken)}`,
    );
  const argv =
    identity === undefined ? command : [...heartbeatWrapper([...self, "--root", layout.root], everySecs, identity), ...command];
  becomeProgram("/bin/sh", identity === undefined ? ["/bin/sh", "-c", 'exec "$@"', "iapeer-heartbeat", ...argv] : argv);
  throw new IapeerError(
    "command-failed",
    "the system does not run the command: its arguments and its environment may be too long",
  );
}

/** Of the session that this is called in. The registry is not asked: that is for every turn of an agent. */
function ownIdentity(runtime: string | undefined, { env, layout, output }: Context): string | undefined {
  const named = env["PEER_IDENTITY"] ?? "";
  if (named === "") throw usage(heartbeat, "heartbeat needs a peer: this is no session's process");
  if (runtime !== undefined) throw usage(heartbeat, "--runtime needs a peer beside it");
  if (parseIdentity(named) === undefined) throw usage(heartbeat, `PEER_IDENTITY is not an identity: ${JSON.stringify(named)}`);
  if (statSync(pointerPath(layout, named), { throwIfNoEntry: false }) !== undefined) return named;
  output.warn(`the heartbeat is not written: ${named} was not launched from ${layout.root}`);
  return undefined;
}

/** A peer of that name comes before an identity that looks the same. */
function identityFrom(word: string, runtime: string | undefined, context: Context): string {
  const parsed = runtime === undefined ? parseIdentity(word) : undefined;
  if (parsed !== undefined) {
    const peers = readRegistry(context.layout).peers;
    const has = (peer: Peer) => peer.personality === parsed.personality && peer.runtimes.includes(parseRuntime(parsed.runtime));
    if (!peers.some(({ personality }) => personality === word) && peers.some(has))
      return identityOf(parsed.runtime, parsed.personality);
  }
  return chooseIdentity(heartbeat, { personality: word, runtime }, context).identity;
}

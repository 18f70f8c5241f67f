import { join } from "node:path";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { type Host, logDecision, readHostName } from "../../core/host.ts";
import { type Env, type Layout, resolveLinks, sessionLogPath } from "../../core/layout.ts";
import type { LogFields } from "../../core/text/logfmt.ts";
import type { Runner } from "../../core/process/runner.ts";
import { IapeerError } from "../../model/errors.ts";
import { charsIn } from "../../model/message.ts";
import { parseIdentity } from "../../model/names.ts";
import { renderSender } from "../../model/party.ts";
import { refuseMisplaced } from "../../status/state-places.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import { notLive, refuseOtherIncarnation, notOurs } from "../refusals.ts";
import { readPrompt } from "../runtime/runtime.ts";
import { planSsh, remoteProgram, type RemoteRecipient, type RemoteSend } from "../ssh.ts";
import { openPane } from "./pane.ts";
import { hasAskedForPastes } from "./asked-pastes.ts";
import { type DeliveryManner, type Reader, renderMessage, typeMessage } from "./paste.ts";
import { readAnswer } from "./remote-answer.ts";
import type { Addressee, Delivery, LocalRecipient, Message, RemoteOutcome } from "./types.ts";

/**
 * The live session of a recipient, with the agent's pane as it was saved at the launch.
 *
 * @throws IapeerError `peer-not-live` (also when the session is on another socket), `stale-incarnation`.
 */
export function findAddressee(layout: Layout, { identity, socket, incarnation }: LocalRecipient): Addressee {
  refuseMisplaced(layout, identity);
  const state = observeServer(layout, identity);
  if (state.kind === "other") throw notOurs(layout, identity, state.pid);
  if (state.kind !== "ours") throw notLive(identity, state);
  if (socket !== undefined && resolveLinks(socket) !== resolveLinks(state.incarnation.socket))
    throw notThere(identity, socket, state.incarnation.socket);
  refuseOtherIncarnation(state.incarnation, incarnation);
  const { pane } = state.incarnation;
  if (pane === null)
    throw new IapeerError("peer-not-live", `${identity} has no pane that is known to be its agent's`, {
      hint: "stop it, then launch it with iapeer",
      details: { identity },
    });
  return { ...state.incarnation, pane };
}

function notThere(identity: string, socket: string, actual: string): IapeerError {
  return new IapeerError("peer-not-live", `${identity} is live, but not on the socket ${socket}: it is on ${actual}`, {
    hint: "name that one with --socket, or leave it out; in a fleet file it is the agent's socket",
    details: { identity, socket: actual },
  });
}

/** The lock that is held while one message is pasted and submitted. */
function sendLockPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.send.lock`);
}

/** How and where a message is delivered on this host. */
export interface DeliveryOptions extends DeliveryManner {
  readonly host: Host;
}

/**
 * Pastes a message into the agent's pane of a live session and submits it. Senders of the same moment wait for each other.
 *
 * @throws IapeerError `not-at-prompt`: Enter was not pressed; `peer-not-live`, `stale-incarnation`, `send-failed`, `message-invalid` (its terminal
 *   cannot take the line), `lock-busy`, `interrupted`: nothing was sent; `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export async function deliver(
  message: Message,
  recipient: LocalRecipient,
  { host, ...manner }: DeliveryOptions,
): Promise<Delivery> {
  const { layout, lockTimeoutMs, tmux } = host;
  const { route, text } = message;
  findAddressee(layout, recipient);
  makeFolder(layout.stateFolder);
  const lock = sendLockPath(layout, recipient.identity);
  const reader = readerOf(layout, recipient.identity);
  const note = (fields: LogFields) =>
    logDecision(host, {
      ev: "send",
      identity: recipient.identity,
      from: renderSender(route.from, readHostName()),
      chars: charsIn(text),
      ...fields,
    });
  try {
    const typed = await withLock(
      lock,
      { timeoutMs: lockTimeoutMs, signal: manner.signal },
      async () => await typeMessage(openPane(findAddressee(layout, recipient), tmux), message, { ...manner, reader }),
    );
    note({
      state: typed.state,
      ...(typed.isQueued && { queued_by_agent: "true" }),
      ...(typed.why !== undefined && { why: typed.why }),
    });
    return { ...typed, bytes: Buffer.byteLength(renderMessage(message)) };
  } catch (error) {
    if (error instanceof IapeerError && error.code === "not-at-prompt")
      note({ state: error.code, why: String(error.details?.["why"]), input: String(error.details?.["input"]) });
    throw error;
  }
}

/** The facts about the program that reads. */
function readerOf(layout: Layout, identity: string): Reader {
  const { runtime } = parseIdentity(identity)!;
  return {
    runtime,
    declared: readPrompt(layout, runtime),
    hasAskedForPastes: () => hasAskedForPastes(sessionLogPath(layout, identity)),
  };
}

/** The time for everything beside a grace: connecting, another sender there, `--verify`. */
const DEADLINE_MS = 60_000;
/** An answer has some hundred bytes. A shell's start file may print more in front of it. */
const ANSWER_BYTES = 65_536;

/** The tools of a delivery to another host. */
export interface RemoteOptions {
  readonly runner: Runner;
  /** Ends the delivery: `interrupted`. */
  readonly signal: AbortSignal;
  readonly host: Host;
}

/**
 * Has the iapeer of another host deliver a message, over ssh. The text goes over stdin and is in no command line.
 *
 * @param text as parseMessage returns it
 * @throws IapeerError `host-unreachable`, `host-without-iapeer`: nothing was sent; `interrupted`; the other iapeer's own refusal;
 * `send-failed`: its answer does not read; `program-not-found`: there is no ssh.
 */
export async function deliverRemote(
  send: RemoteSend,
  text: string,
  { runner, signal, host }: RemoteOptions,
): Promise<RemoteOutcome> {
  const { to } = send;
  const program = remoteProgram(host.env);
  const argv = [findSsh(host.env), ...planSsh(send, program)];
  const stdin = Buffer.from(text, "utf8");
  const run = await runner.run({ argv, timeoutMs: DEADLINE_MS + (send.sleepMs ?? 0), stdin, stdoutBytes: ANSWER_BYTES, signal });
  const { outcome, stdout, stderr, stdinLeft } = run;
  const wasTaken = stdinLeft < stdin.length;
  if (outcome.state === "not-executable")
    throw new IapeerError("send-failed", `nothing was sent to ${to.host}: ${outcome.detail ?? "ssh cannot be run"}`);
  if (outcome.state === "interrupted") throw interrupted(to, wasTaken);
  const end = { exitCode: outcome.state === "timeout" ? null : outcome.exitCode, stdout, stderr, wasTaken };
  const answer = readAnswer(end, to, program);
  if (answer.kind === "refused") throw answer.error;
  const done: RemoteOutcome = answer.kind === "lost" ? { state: "unknown", why: answer.why } : answer.delivery;
  logDecision(host, { ev: "send", peer: to.name, host: to.host, from: send.from.name, chars: charsIn(text), state: done.state });
  return done;
}

function findSsh(env: Env): string {
  const ssh = Bun.which("ssh", { PATH: env["PATH"] ?? "" });
  if (ssh !== null) return ssh;
  throw new IapeerError("program-not-found", "ssh is not installed, or not on PATH", {
    hint: "install it: openssh-client, or what your system calls it",
  });
}

function interrupted({ name, host }: RemoteRecipient, wasTaken: boolean): IapeerError {
  const what = wasTaken ? `it cannot be told whether ${name} has the message` : "nothing was sent";
  return new IapeerError("interrupted", `stopped while it was sent to ${host}: ${what}`);
}

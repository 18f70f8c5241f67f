import { IapeerError } from "../../model/errors.ts";
import type { Runner } from "../../core/process/runner.ts";
import { type Host, logDecision } from "../../core/host.ts";
import type { DeliveryState } from "./deliver.ts";
import type { RemoteRecipient } from "./recipient.ts";
import { readAnswer, type RemoteDelivery } from "./remote-answer.ts";
import { planSsh, type RemoteSend, remoteProgram } from "./ssh.ts";
import { charsIn } from "./text.ts";

/** For all of it beside a grace: connecting, another sender who is at it there, `--verify`. */
const DEADLINE_MS = 60_000;
/** An answer is some hundred bytes; what a shell's start file prints comes on top. */
const ANSWER_BYTES = 65_536;

/** What became of a message to another host; `bytes` and `effect` are known when that host told. */
export interface RemoteOutcome extends Partial<Omit<RemoteDelivery, "state">> {
  readonly state: DeliveryState;
  /** Why it cannot be told, where the connection was lost. */
  readonly why?: string;
}

export interface RemoteOptions {
  readonly runner: Runner;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly host: Host;
}

/**
 * Has the iapeer of another host deliver a message, over ssh. The text goes over stdin, and is in no command line.
 *
 * @param text as parseMessage gives it
 * @throws IapeerError `host-unreachable`, `host-without-iapeer`: nothing was sent; `interrupted`; what the other iapeer refuses with;
 * `send-failed`: its answer cannot be read; `program-not-found`: there is no ssh.
 */
export async function deliverRemote(
  send: RemoteSend,
  text: string,
  { runner, signal, host }: RemoteOptions,
): Promise<RemoteOutcome> {
  const { to } = send;
  const program = remoteProgram(host.env);
  const argv = [findSsh(), ...planSsh(send, program)];
  const stdin = Buffer.from(text, "utf8");
  const run = await runner.run({ argv, timeoutMs: DEADLINE_MS + (send.sleepMs ?? 0), stdin, stdoutBytes: ANSWER_BYTES, signal });
  const { outcome, stdout, stderr, stdinLeft } = run;
  const wasTaken = stdinLeft < stdin.length;
  if (outcome.state === "not-executable")
    throw new IapeerError("send-failed", `nothing was sent to ${to.host}: ${outcome.detail ?? "ssh cannot be run"}`);
  if (outcome.state === "interrupted") throw interrupted(to, wasTaken);
  const answer = readAnswer(
    { exitCode: outcome.state === "timeout" ? null : outcome.exitCode, stdout, stderr, wasTaken },
    to,
    program,
  );
  if (answer.kind === "refused") throw answer.error;
  const done: RemoteOutcome = answer.kind === "lost" ? { state: "unknown", why: answer.why } : answer.delivery;
  logDecision(host, { ev: "send", peer: to.name, host: to.host, from: send.from.name, chars: charsIn(text), state: done.state });
  return done;
}

function findSsh(): string {
  const ssh = Bun.which("ssh");
  if (ssh !== null) return ssh;
  throw new IapeerError("program-not-found", "ssh is not installed, or not on PATH", {
    hint: "install it: openssh-client, or what your system calls it",
  });
}

function interrupted({ name, host }: RemoteRecipient, wasTaken: boolean): IapeerError {
  const what = wasTaken ? `whether ${name} has the message cannot be told` : "nothing was sent";
  return new IapeerError("interrupted", `stopped while it was sent to ${host}: ${what}`);
}

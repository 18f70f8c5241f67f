import { type ErrorCode, ERRORS, IapeerError } from "../../model/errors.ts";
import { tame } from "../../model/characters.ts";
import { parseStrictJson } from "../../core/text/json.ts";
import { JsonProblem } from "../../core/text/json-problem.ts";
import type { RemoteRecipient } from "../ssh.ts";

/** The end of a run of ssh. */
export interface SshEnd {
  /** null when it was ended, at the deadline or by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** True when ssh took any of the text. It takes none before a command runs on that host. */
  readonly wasTaken: boolean;
}

/** The answer of another host's iapeer about a message. */
export interface RemoteDelivery {
  readonly state: "sent" | "accepted" | "typed" | "unknown";
  readonly bytes: number;
  readonly isQueued?: true;
  readonly effect?: "sleep" | "none";
}

/** `lost`: the connection broke after the text had gone, and its fate cannot be told. */
export type RemoteAnswer =
  | { readonly kind: "delivered"; readonly delivery: RemoteDelivery }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "refused"; readonly error: IapeerError };

/** The status of a failure of ssh itself, and of a command that a signal ended there (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;
/** A shell's status above this means that a signal ended its command; these two mean no such program, or no right to run it (POSIX.1-2024, sh). */
const SIGNALLED = 128;
const NO_PROGRAM: ReadonlySet<number> = new Set([126, 127]);

/** Reads the fate of a message from a run of ssh. It claims no more than is known. */
export function readAnswer(end: SshEnd, to: RemoteRecipient, program: string): RemoteAnswer {
  const { exitCode, wasTaken } = end;
  if (exitCode === null || exitCode === SSH_FAILED) {
    const why = lastWords(end.stderr) ?? (exitCode === null ? "no answer in time" : "ssh does not say why");
    return wasTaken ? { kind: "lost", why } : { kind: "refused", error: unreachable(to, why) };
  }
  if (NO_PROGRAM.has(exitCode)) return { kind: "refused", error: withoutProgram(to, program, lastWords(end.stderr)) };
  const delivery = exitCode === 0 || exitCode === 1 ? parseDelivery(end.stdout, to.name) : undefined;
  if (delivery !== undefined) return { kind: "delivered", delivery };
  const refusal = exitCode === 0 ? undefined : parseRefusal(end.stderr, exitCode, to);
  if (refusal !== undefined) return { kind: "refused", error: refusal };
  if (exitCode > SIGNALLED && wasTaken) return { kind: "lost", why: `${program} there ended with exit status ${exitCode}` };
  return { kind: "refused", error: noAnswer(end, to) };
}

function unreachable({ host, ssh }: RemoteRecipient, why: string): IapeerError {
  return new IapeerError("host-unreachable", `${host} cannot be reached, and nothing was sent: ${why}`, {
    hint: `try it by hand: ssh ${ssh} true`,
    details: { host, ssh },
  });
}

function withoutProgram({ host, ssh }: RemoteRecipient, program: string, why: string | undefined): IapeerError {
  return new IapeerError(
    "host-without-iapeer",
    `${program} cannot be run on ${host}, and nothing was sent${why === undefined ? "" : `: ${why}`}`,
    {
      hint: `install it there, or say where it is: IAPEER_REMOTE_BIN=/path/to/iapeer; try it: ssh ${ssh} ${program} --version`,
      details: { host, ssh },
    },
  );
}

function noAnswer({ exitCode, stderr, wasTaken }: SshEnd, { host, ssh, name }: RemoteRecipient): IapeerError {
  const words = lastWords(stderr);
  const why = words === undefined ? "" : `: ${words}`;
  const fate = wasTaken ? `it cannot be told whether ${name} has the message` : "nothing was sent";
  return new IapeerError(
    "send-failed",
    `the program that runs as iapeer on ${host} gave no answer that can be read (exit status ${exitCode}), and ${fate}${why}`,
    {
      hint: "is it the same iapeer? iapeer --version, here and there",
      details: { host, ssh },
    },
  );
}

const STATES = ["sent", "accepted", "typed", "unknown"] as const;

/** Reads the result, which may stand behind lines that a shell's start file printed. */
function parseDelivery(stdout: string, name: string): RemoteDelivery | undefined {
  const value = parseObject(stdout.slice(Math.max(0, stdout.lastIndexOf("\n{\n") + 1)));
  const state = STATES.find((one) => one === value?.["state"]);
  const bytes = value?.["bytes"];
  if (value?.["to"] !== name || state === undefined || typeof bytes !== "number" || !Number.isSafeInteger(bytes))
    return undefined;
  const effect = (["sleep", "none"] as const).find((one) => one === value["effect"]);
  const isQueued = value["queued_by_agent"] === true;
  return { state, bytes, ...(isQueued && { isQueued }), ...(effect !== undefined && { effect }) };
}

/** Reads an error line of that iapeer as our own error, with its code, exit status and words, and with the host's name. */
function parseRefusal(stderr: string, exitStatus: number, { host }: RemoteRecipient): IapeerError | undefined {
  const line = stderr.split("\n").findLast((one) => one.startsWith('{"error":'));
  const error = line === undefined ? undefined : parseObject(line)?.["error"];
  if (typeof error !== "object" || error === null) return undefined;
  const { code, message, hint, details } = error as Record<string, unknown>;
  if (typeof code !== "string" || !/^[a-z]+(?:-[a-z]+)*$/.test(code) || typeof message !== "string") return undefined;
  const isKnown = Object.hasOwn(ERRORS, code);
  return new IapeerError(isKnown ? (code as ErrorCode) : "send-failed", `${host}: ${tameWords(message)}`, {
    exitStatus,
    details: { host, ...(isKnown ? {} : { code }), ...(code === "not-at-prompt" && readScreen(details)) },
    ...(typeof hint === "string" && { hint: `on ${host}: ${tameWords(hint)}` }),
  });
}

/** More lines than any screen has that a person reads. */
const MOST_LINES = 200;

/** The screen of the other host's agent, and why nothing was submitted there. */
function readScreen(details: unknown): { why?: string; input?: string; screen?: string[] } {
  if (typeof details !== "object" || details === null) return {};
  const { why, input, screen } = details as Record<string, unknown>;
  const lines = Array.isArray(screen) ? screen.filter((line) => typeof line === "string").slice(0, MOST_LINES) : undefined;
  return {
    ...(typeof why === "string" && { why: tameWords(why) }),
    ...(typeof input === "string" && { input: tameWords(input) }),
    ...(lines !== undefined && { screen: lines.map((line) => tame(line.toWellFormed()).slice(0, MOST_WORDS)) }),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseStrictJson(Buffer.from(text, "utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof JsonProblem) return undefined;
    throw error;
  }
}

/** The last line that is not blank. */
function lastWords(stderr: string): string | undefined {
  const line = stderr.split("\n").findLast((one) => one.trim() !== "");
  return line === undefined ? undefined : tameWords(line);
}

const MOST_WORDS = 400;

/** The words of another host as one line for ours: no control character, and no more than a person reads. */
function tameWords(text: string): string {
  const characters = Array.from(tame(text.toWellFormed().trim().replaceAll(/\s+/g, " ")));
  return characters.length > MOST_WORDS ? `${characters.slice(0, MOST_WORDS).join("")}…` : characters.join("");
}

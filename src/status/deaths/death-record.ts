import { constants } from "node:os";

/** What the evidence makes of an end. Without evidence it is `unknown`. */
export const VERDICTS = ["oom-kill", "killed", "crashed", "orderly-exit", "host-restart", "unknown"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One unclaimed end, as exits.log has it. A field that the record does not have, or has empty, is absent. */
export interface Death {
  /** 8 hex digits, the same wherever the record is rotated to. */
  readonly id: string;
  /** When it died, as it was written. */
  readonly ts: string;
  readonly ev: "session-exit" | "server-exit";
  readonly identity: string;
  readonly cause?: string;
  readonly signal?: string;
  readonly verdict: Verdict;
  readonly dead_status?: number;
  readonly dead_signal?: string;
  readonly server_pid?: number;
  /** Shared by servers that died together: the id of the first of them. */
  readonly incident?: string;
  readonly forensics?: string;
  readonly wait_rc?: number;
  readonly witness?: string;
  readonly incarnation?: string;
  readonly lived_secs?: number;
  readonly pane_pid?: number;
}

type Fields = Readonly<Record<string, string>>;

const TEXTS = ["cause", "signal", "dead_signal", "forensics", "witness", "incarnation"] as const;
const NUMBERS = ["dead_status", "server_pid", "wait_rc", "lived_secs", "pane_pid"] as const;

/** The death that a line's fields tell of; undefined for any other event, and for one without a time or an identity. */
export function parseDeath(fields: Fields): Death | undefined {
  const { ts = "", ev, identity = "" } = fields;
  if ((ev !== "session-exit" && ev !== "server-exit") || identity === "" || Number.isNaN(Date.parse(ts))) return undefined;
  const texts = TEXTS.filter((key) => (fields[key] ?? "") !== "").map((key) => [key, fields[key]]);
  const numbers = NUMBERS.filter((key) => isNumber(fields[key])).map((key) => [key, Number(fields[key])]);
  return { id: idOf(fields), ts, ev, identity, ...Object.fromEntries([...texts, ...numbers]), verdict: judge(fields) } as Death;
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^-?\d{1,15}(\.\d{1,9})?$/.test(text);
}

function idOf({ ts, ev, identity, server_pid = "", incarnation = "" }: Fields): string {
  return new Bun.CryptoHasher("sha256").update(`${ts} ${ev} ${identity} ${server_pid} ${incarnation}`).digest("hex").slice(0, 8);
}

/** What a program does to itself, or the kernel to a program that went wrong (signal(7)). */
const CRASHES: ReadonlySet<string> = new Set(["SEGV", "ABRT", "BUS", "ILL", "FPE", "TRAP", "SYS"]);

/** What the record says it was; else what its signal or its status says. */
function judge({ verdict, signal, dead_signal, dead_status }: Fields): Verdict {
  if (verdict) return VERDICTS.find((known) => known === verdict) ?? "unknown";
  const known = dead_signal || signal;
  if (known) return CRASHES.has(signalName(known)) ? "crashed" : "killed";
  return dead_status ? "orderly-exit" : "unknown";
}

/** "SEGV" of "11", "SIGSEGV" or "SEGV"; a number that this system has no name for stays one. */
export function signalName(signal: string): string {
  const named = Object.entries(constants.signals).find(([, number]) => String(number) === signal)?.[0] ?? signal;
  return named.replace(/^SIG/, "");
}

/** One death an end: of records of the same incarnation the one that knows more, of equals the first. */
export function withoutRepeats(deaths: readonly Death[]): Death[] {
  const byEnd = new Map<string, Death>();
  for (const death of deaths) {
    const end = death.incarnation === undefined ? death.id : `${death.identity} ${death.incarnation}`;
    const before = byEnd.get(end);
    if (before === undefined || knowledgeOf(death) > knowledgeOf(before)) byEnd.set(end, death);
  }
  return [...byEnd.values()];
}

/** How much a record knows of its end, to compare with another record of the same end. */
function knowledgeOf({ ev, cause, signal, verdict, dead_status, dead_signal }: Death): number {
  const isTelling = signal !== undefined || !["orderly-exit", "unknown"].includes(verdict);
  if (ev === "session-exit") return dead_status !== undefined || dead_signal !== undefined ? 4 : 2;
  if (isTelling) return cause === "unwitnessed" ? 3 : 5;
  return verdict === "orderly-exit" ? 1 : 0;
}

import { signalName } from "../../core/process/signal-name.ts";
import type { Death, Verdict } from "./types.ts";

const VERDICTS: readonly Verdict[] = ["oom-kill", "killed", "crashed", "failed", "orderly-exit", "host-restart", "unknown"];

type Fields = Readonly<Record<string, string>>;

const TEXTS = ["cause", "signal", "dead_signal", "forensics", "witness", "incarnation"] as const;
const NUMBERS = ["dead_status", "server_pid", "wait_rc", "lived_secs", "pane_pid"] as const;

/** The death in the fields of a log line; undefined for any other event, and for a record without a time or an identity. */
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

/** Signals that a program raises on itself, or that the kernel sends to a program that went wrong (signal(7)). */
const CRASHES: ReadonlySet<string> = new Set(["SEGV", "ABRT", "BUS", "ILL", "FPE", "TRAP", "SYS"]);

/** The record's own verdict; where it has none, the verdict of its signal or its exit status. */
function judge({ verdict, signal, dead_signal, dead_status }: Fields): Verdict {
  if (verdict) return VERDICTS.find((known) => known === verdict) ?? "unknown";
  const known = dead_signal || signal;
  if (known) return CRASHES.has(signalName(known)) ? "crashed" : "killed";
  if (!dead_status) return "unknown";
  return dead_status === "0" ? "orderly-exit" : "failed";
}

/** One death for each end: of several records about one incarnation the one that knows most, of equals the first. */
export function withoutRepeats(deaths: readonly Death[]): Death[] {
  const byEnd = new Map<string, Death>();
  for (const death of deaths) {
    const end = death.incarnation === undefined ? death.id : `${death.identity} ${death.incarnation}`;
    const before = byEnd.get(end);
    if (before === undefined || knowledgeOf(death) > knowledgeOf(before)) byEnd.set(end, death);
  }
  return [...byEnd.values()];
}

/** How much a record knows about its end. Compare it only with another record of the same end. */
function knowledgeOf({ ev, cause, signal, verdict, dead_status, dead_signal }: Death): number {
  const isTelling = signal !== undefined || !["orderly-exit", "unknown"].includes(verdict);
  if (ev === "session-exit") return dead_status !== undefined || dead_signal !== undefined ? 4 : 2;
  if (isTelling) return cause === "unwitnessed" ? 3 : 5;
  return verdict === "orderly-exit" ? 1 : 0;
}

import { poll } from "../../core/process/poll.ts";
import { IapeerError } from "../../model/errors.ts";
import { decideEnter } from "./decide.ts";
import type { OpenPane } from "./pane.ts";
import type { Screen } from "./types.ts";
import { type TypingManner, unchanged } from "./type-text.ts";
import type { Typed } from "./types.ts";
import { isReadWithin } from "./unread.ts";
import { judgeScreen, type Submitted, type ScreenVerdict } from "./verdict.ts";

const VERIFY_MS = 5000;
/** The pause between two looks after Enter. */
const LOOK_MS = 40;
/** The time that a look needs itself. */
const LEAST_MS = 120;
/** A message that stands in the prompt so long after Enter was not submitted: claude and codex lose an Enter while they start. */
const LOST_MS = 1200;

/** Watches the screen after Enter, until it tells what became of the message. */
export async function watchAcceptance(pane: OpenPane, submitted: Submitted, manner: TypingManner): Promise<Typed> {
  const { rule, tty, echoes, signal } = manner;
  if (!echoes) return { state: "unknown" };
  const startMs = performance.now();
  let verdict = "unclear" as ScreenVerdict;
  let isRepeated = rule.readsKeys !== true;
  const look = async (): Promise<Typed | undefined> => {
    const leftMs = VERIFY_MS - (performance.now() - startMs);
    if (leftMs < LEAST_MS) return undefined;
    // A program can neither take nor refuse input that it has not read.
    if (!(await isReadWithin(tty, leftMs, signal))) return { state: "unknown" };
    const now = await unlessGone(async () => (await pane.look()).screen);
    verdict = now === undefined ? "unclear" : judgeScreen(rule, submitted, now);
    if (verdict === "queued") return { state: "accepted", isQueued: true };
    if (verdict === "left") return { state: "accepted" };
    if (verdict === "stands" && !isRepeated && VERIFY_MS - leftMs > LOST_MS) {
      isRepeated = true;
      await unlessGone(async () => await submitAgain(pane, { submitted, now: now!, manner }));
    }
    return undefined;
  };
  const typed = await poll(look, { timeoutMs: VERIFY_MS, everyMs: LOOK_MS, signal });
  return typed ?? { state: verdict === "stands" && !signal.aborted ? "typed" : "unknown" };
}

/** Presses Enter once more, where it may be pressed as the first time. At a prompt that is empty since, claude and codex do nothing at it. */
async function submitAgain(
  pane: OpenPane,
  { submitted, now, manner }: { readonly submitted: Submitted; readonly now: Screen; readonly manner: TypingManner },
): Promise<void> {
  const { pasted, text } = submitted;
  const decision = decideEnter(manner.rule, { ...pasted, after: now, text });
  if (decision.kind === "enter") await pane.submit(unchanged(now, decision.prompt));
}

/** Undefined when the pane is gone, because the message may have ended it. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

import type { Output } from "./output.ts";

export interface Progress {
  /** One more is over. */
  step(hasFailed: boolean): void;
  /** Takes the bar away. */
  close(): void;
}

const WIDTH = 30;

/** A bar on a terminal; nothing elsewhere, and nothing with --json. */
export function openProgress(output: Output, total: number): Progress {
  if (!output.canDraw || output.isJson || total < 2) return { step: () => undefined, close: () => undefined };
  let done = 0;
  let failed = 0;
  const draw = () => output.draw(`\r${renderBar({ done, failed, total })}`);
  draw();
  return {
    step: (hasFailed) => {
      done += 1;
      if (hasFailed) failed += 1;
      draw();
    },
    close: () => output.draw("\r\u001b[K"),
  };
}

/** "[██████······] 12/40, 1 failed" */
export function renderBar({ done, failed, total }: { done: number; failed: number; total: number }): string {
  const filled = Math.round((WIDTH * done) / total);
  return `[${"█".repeat(filled)}${"·".repeat(WIDTH - filled)}] ${done}/${total}${failed > 0 ? `, ${failed} failed` : ""}`;
}

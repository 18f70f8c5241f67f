import type { Progress } from "../core/host.ts";
import type { Output } from "./output.ts";

const WIDTH = 30;

/** Draws a bar on a terminal until it is closed. Elsewhere, and with --json, it draws nothing. */
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

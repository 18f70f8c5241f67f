import { parseCapture } from "../../core/text/captured-screen.ts";
import { type TerminalSize, withoutBlankEnd } from "../../core/text/drawn-text.ts";
import { readPaneScreen } from "../../launch/screen.ts";
import { IapeerError } from "../../model/errors.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import type { App } from "../types.ts";

/** How many lines that scrolled off tmux keeps, where nobody told it otherwise (history-limit). */
export const HISTORY_LINES = 2000;

/** A live session's lines: those that scrolled off, then those of its screen. */
export interface LiveLines {
  readonly lines: readonly string[];
  readonly size: TerminalSize;
}

/**
 * The lines that tmux has of a live session: it knows the size that the screen had at each moment. undefined where it is not live, or where
 * tmux does not tell: the log tells in its place.
 */
export async function readLiveLines(
  { layout, tmux }: App,
  identity: string,
  historyLines: number,
): Promise<LiveLines | undefined> {
  const state = observeServer(layout, identity);
  if (state.kind !== "ours") return undefined;
  try {
    const { capture, columns, rows } = await readPaneScreen(state.incarnation, tmux, { historyLines });
    return { lines: withoutBlankEnd(parseCapture(capture).plain), size: { columns, rows } };
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

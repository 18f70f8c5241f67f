import { dirname } from "node:path";
import { parseCapture } from "../core/text/captured-screen.ts";
import { refuseInsecureFolder } from "../core/tmux.ts";
import { type PaneScreen, readPaneScreen } from "../launch/screen.ts";
import { notLive, staleIncarnation } from "../launch/refusals.ts";
import { observeServer } from "../status/liveness/liveness.ts";
import { type AskedIdentity, chooseIdentity } from "./choose.ts";
import type { App } from "./types.ts";

export interface ScreenRequest extends AskedIdentity {
  /** True: the lines have their colours, as sequences of a terminal. */
  readonly isColoured: boolean;
}

export interface PeerScreen extends Omit<PaneScreen, "capture"> {
  readonly identity: string;
  readonly incarnation: string;
  /** One for each row of the terminal, without the blanks at its end. */
  readonly lines: readonly string[];
}

/** As `screen --json` prints it. */
export interface ScreenJson {
  readonly identity: string;
  readonly incarnation: string;
  readonly rows: number;
  readonly columns: number;
  readonly alternate_screen: boolean;
  readonly takes_pastes: boolean | "unknown";
  readonly cursor: { readonly x: number; readonly y: number; readonly visible: boolean };
  readonly lines: readonly string[];
}

export function toScreenJson(screen: PeerScreen): ScreenJson {
  const { identity, incarnation, rows, columns, isAlternate, takesPastes, cursor, lines } = screen;
  return {
    identity,
    incarnation,
    rows,
    columns,
    alternate_screen: isAlternate,
    takes_pastes: takesPastes ?? "unknown",
    cursor: { x: cursor.x, y: cursor.y, visible: cursor.isVisible },
    lines,
  };
}

/**
 * The screen of a peer's session now.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `peer-not-live`, `stale-incarnation`, `command-failed`,
 *   `socket-folder-insecure`, `tmux-missing`.
 */
export async function readPeerScreen(app: App, { isColoured, ...asked }: ScreenRequest): Promise<PeerScreen> {
  const { identity } = chooseIdentity(app, asked, "screen");
  const state = observeServer(app.layout, identity);
  if (state.kind === "other") throw staleIncarnation(identity, state.pid);
  if (state.kind !== "ours") throw notLive(identity, state);
  refuseInsecureFolder(dirname(state.incarnation.socket));
  const { capture, ...screen } = await readPaneScreen(state.incarnation, app.tmux);
  const { plain, coloured } = parseCapture(capture);
  const lines = isColoured ? coloured : plain;
  const rows = Array.from({ length: screen.rows }, (_, row) => lines[row] ?? "");
  return { identity, incarnation: state.incarnation.incarnation, ...screen, lines: rows };
}

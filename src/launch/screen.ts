import type { Tmux } from "../core/tmux.ts";
import { IapeerError } from "../model/errors.ts";
import type { TerminalSize } from "../core/text/drawn-text.ts";
import { isRunning } from "../core/process/processes.ts";
import type { AgentPane, Running } from "../status/incarnation/types.ts";
import { notLive, staleIncarnation } from "./refusals.ts";
import { readAgentPane } from "./session/session.ts";
import { INCARNATION_OPTION, renderIsAgentPane } from "./stamp.ts";

/** The screen of an agent's own pane at one moment. */
export interface PaneScreen extends TerminalSize {
  readonly cursor: { readonly x: number; readonly y: number; readonly isVisible: boolean };
  /** True while its program shows the terminal's second screen, which keeps no lines that scroll off. */
  readonly isAlternate: boolean;
  /** True when the program asked for bracketed pastes; undefined where tmux does not tell (before 3.6). */
  readonly takesPastes: boolean | undefined;
  /** The output of `capture-pane -e`. */
  readonly capture: string;
}

interface ScreenOptions {
  /**
   * How many lines that scrolled off come before the screen. Lines that the terminal broke are then whole again. Left out: the screen
   * alone, row by row.
   */
  readonly historyLines?: number;
}

const FACTS = ["pane_width", "pane_height", "cursor_x", "cursor_y", "cursor_flag", "alternate_on", "bracket_paste_flag"] as const;

/**
 * Reads the screen of an agent's pane, whatever part of it a person has scrolled to. It changes nothing there, neither size nor mode.
 *
 * @throws IapeerError `peer-not-live`, `stale-incarnation`; `command-failed`: tmux does not answer.
 */
export async function readPaneScreen(incarnation: Running, tmux: Tmux, options: ScreenOptions = {}): Promise<PaneScreen> {
  const pane = incarnation.pane ?? (await readAgentPane(incarnation, tmux));
  if (!pane)
    throw pane === null ? notLive(incarnation.identity, { kind: "gone" }) : unanswered(incarnation, "it does not answer");
  const answer = await tmux.call(incarnation.socket, planLook(incarnation, pane, options));
  if (!answer.ok)
    throw isRunning(incarnation.server) ? unanswered(incarnation, answer.why) : notLive(incarnation.identity, { kind: "gone" });
  return parseLook(incarnation, answer.stdout);
}

const HERE = "iapeer-here";

/** One stroke: the look is made if it is still that pane, with that process, of that incarnation. */
function planLook({ incarnation, shared }: Running, { id, pid }: AgentPane, { historyLines }: ScreenOptions): string[] {
  // For a pane that is gone if-shell asks another, so the pane must say that it is the one.
  const isPane = `#{&&:#{==:#{pane_id},${id}},#{==:#{pane_pid},${pid}}}`;
  const isOurs = `#{&&:${renderIsAgentPane(incarnation)},#{&&:${isPane},#{==:#{pane_dead},0}}}`;
  const facts = FACTS.map((name) => `#{${name}}`).join(" ");
  const lines = historyLines === undefined ? "" : ` -J -S -${historyLines}`;
  const look = `display-message -p -t ${id} "${HERE} ${facts}" ; capture-pane -p -e${lines} -t ${id}`;
  return ["if-shell", "-F", "-t", id, isOurs, look, `display-message -p "#{${shared ? "pid" : INCARNATION_OPTION}}"`];
}

function parseLook({ identity, incarnation, server, shared }: Running, answer: string): PaneScreen {
  const end = answer.indexOf("\n");
  const [mark, columns, rows, x, y, isVisible, isAlternate, takesPastes] = answer.slice(0, end).split(" ");
  if (mark === HERE) {
    return {
      columns: Number(columns),
      rows: Number(rows),
      cursor: { x: Number(x), y: Number(y), isVisible: isVisible === "1" },
      isAlternate: isAlternate === "1",
      takesPastes: takesPastes ? takesPastes === "1" : undefined,
      capture: answer.slice(end + 1),
    };
  }
  // The server is the same, and only the pane is gone.
  if (answer.trim() === (shared ? String(server.pid) : incarnation)) throw notLive(identity, { kind: "gone" });
  throw staleIncarnation(identity, server.pid);
}

function unanswered({ identity }: Running, why: string): IapeerError {
  return new IapeerError("command-failed", `tmux does not show the screen of ${identity}: ${why}`, { details: { identity } });
}

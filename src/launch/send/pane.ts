import { IapeerError } from "../../model/errors.ts";
import { isRunning } from "../../core/process/processes.ts";
import type { Tmux } from "../../core/tmux.ts";
import { INCARNATION_OPTION, renderIsAgentPane } from "../stamp.ts";
import { notLive, staleIncarnation } from "../refusals.ts";
import type { Addressee } from "./types.ts";
import { renderUnchanged } from "./guard.ts";
import type { Screen } from "./types.ts";
import { parseScreen } from "./screen.ts";

/** One look at the agent's pane. */
export interface PaneLook {
  /** The device of the pane's terminal. */
  readonly tty: string;
  readonly screen: Screen;
  /** True when the program asked for bracketed pastes; undefined where tmux does not tell (before 3.6). */
  readonly takesPastes: boolean | undefined;
}

const FACTS = "#{pane_tty} #{pane_input_off} #{cursor_flag} #{cursor_x} #{cursor_y} #{bracket_paste_flag}";

/** The screen of the last look, and the rows that must still be as they were. */
export interface Unchanged {
  readonly screen: Screen;
  readonly rows: readonly number[];
}

/**
 * Each stroke tells whether it was made. It is not when the screen has changed since the look, in the cursor or in one of the rows. `screen`
 * is a look a moment after it, where one was asked for.
 */
export type Stroke = { readonly isMade: true; readonly screen?: Screen } | { readonly isMade: false };

/** The agent's pane of a live session, as tmux reaches it. Its methods throw as askPane. */
export interface OpenPane {
  readonly identity: string;
  /** The pane's process. */
  readonly pid: number;
  /** Looks at the pane's screen, whatever part of it a person has scrolled to. Throws `send-failed` also when the pane takes no input. */
  readonly look: () => Promise<PaneLook>;
  /** Pastes a text, bracketed where the program asked for that, and looks. */
  readonly paste: (text: string, when: Unchanged) => Promise<Stroke>;
  /** Presses Enter. `thenLook` is for a program that goes on: a pane that is gone would be an error. */
  readonly submit: (when: Unchanged, options?: { readonly thenLook: boolean }) => Promise<Stroke>;
  /** Presses Ctrl-U, which takes back what was typed on a line. */
  readonly takeBack: (when: Unchanged) => Promise<Stroke>;
}

/** The time from a stroke to the look behind it. The kernel's echo takes less. */
const SETTLE_SECS = 0.01;

interface StrokeOptions {
  readonly stdin?: string;
  readonly thenLook?: boolean;
}

/** Opens the pane of an addressee. Nothing is asked yet. */
export function openPane(to: Addressee, tmux: Tmux): OpenPane {
  const { id } = to.pane;
  const ask = async (commands: readonly string[], more: Partial<Question> = {}) => await askPane(to, { commands, ...more }, tmux);
  const looking = [`display-message -p -t ${id} "${FACTS}"`, `capture-pane -p -e -t ${id}`];
  const stroke = async (commands: readonly string[], when: Unchanged, more: StrokeOptions = {}): Promise<Stroke> => {
    const after = more.thenLook === true ? [`run-shell -d ${SETTLE_SECS}`, ...looking] : [];
    const condition = renderUnchanged(when.screen, when.rows);
    const answer = await ask([...commands, `display-message -p ${MADE}`, ...after], { stdin: more.stdin, condition });
    if (!answer.startsWith(`${MADE}\n`)) return { isMade: false };
    return after.length === 0 ? { isMade: true } : { isMade: true, screen: parseLook(to, answer.slice(MADE.length + 1)).screen };
  };
  // tmux brackets by the modes of what the pane shows: one that a person scrolls in shows another screen.
  const leaveModes = `copy-mode -q -t ${id}`;
  return {
    identity: to.identity,
    pid: to.pane.pid,
    look: async () => parseLook(to, await ask(looking)),
    paste: async (text, when) => {
      const buffer = `iapeer-${crypto.randomUUID()}`;
      const commands = [`load-buffer -b ${buffer} -`, leaveModes, `paste-buffer -p -d -b ${buffer} -t ${id}`];
      return await stroke(commands, when, { stdin: text, thenLook: true });
    },
    submit: async (when, options) => await stroke([leaveModes, keyFor(id, "Enter", "\\r")], when, options),
    takeBack: async (when) => await stroke([leaveModes, keyFor(id, "C-u", "\\025")], when),
  };
}

function parseLook(to: Addressee, answer: string): PaneLook {
  const end = answer.indexOf("\n");
  const [tty = "", isOff, isVisible, x, y, takesPastes] = answer.slice(0, end).split(" ");
  if (isOff === "1") throw sendFailed(to, "its pane takes no input (select-pane -d): select-pane -e lets it again");
  const screen = parseScreen(answer.slice(end + 1), { isVisible: isVisible === "1", x: Number(x), y: Number(y) });
  return { tty, screen, takesPastes: takesPastes ? takesPastes === "1" : undefined };
}

/** The commands that press a key. A key goes to every pane of a synchronised window, and a paste goes to one. */
function keyFor(id: string, key: string, character: string): string {
  return `if-shell -F -t ${id} "#{pane_synchronized}" { set-buffer -b iapeer-key "${character}" ; paste-buffer -r -d -b iapeer-key -t ${id} } { send-keys -t ${id} ${key} }`;
}

const HERE = "iapeer-here";
const MADE = "iapeer-made";
const CHANGED = "iapeer-changed";

interface Question {
  readonly commands: readonly string[];
  readonly stdin?: string | undefined;
  /** A tmux format that must be true as well, in the same stroke. */
  readonly condition?: string | undefined;
}

/**
 * Has tmux do something with the agent's pane if, in the same stroke, it is still that pane, with that process, of that incarnation, and
 * the condition holds.
 *
 * @returns the output of the commands; empty when only the condition does not hold.
 * @throws IapeerError `peer-not-live`, `stale-incarnation`: nothing was done; `send-failed`: tmux does not answer.
 */
async function askPane(to: Addressee, { commands, stdin, condition }: Question, tmux: Tmux): Promise<string> {
  const { socket, identity, incarnation, pane, server, shared } = to;
  // For a pane that is gone if-shell asks another, so the pane must say that it is the one.
  const isPane = `#{&&:#{==:#{pane_id},${pane.id}},#{==:#{pane_pid},${pane.pid}}}`;
  const isOurs = `#{&&:${renderIsAgentPane(incarnation)},#{&&:${isPane},#{==:#{pane_dead},0}}}`;
  const then = [`display-message -p ${HERE}`, ...commands].join(" ; ");
  const tell = `display-message -p "#{${shared ? "pid" : INCARNATION_OPTION}}"`;
  const otherwise = `if-shell -F -t ${pane.id} "${isOurs}" { display-message -p ${CHANGED} } { ${tell} }`;
  const isMeant = condition === undefined ? isOurs : `#{&&:${isOurs},${condition}}`;
  const answer = await tmux.call(
    socket,
    ["if-shell", "-F", "-t", pane.id, isMeant, then, condition === undefined ? tell : otherwise],
    stdin === undefined ? {} : { stdin },
  );
  if (!answer.ok) throw isRunning(server) ? sendFailed(to, answer.why) : notLive(identity, { kind: "gone" });
  if (answer.stdout.startsWith(`${HERE}\n`)) return answer.stdout.slice(HERE.length + 1);
  if (answer.stdout.trim() === CHANGED) return "";
  // The server is the same, and only the pane is gone.
  if (answer.stdout.trim() === (shared ? String(server.pid) : incarnation)) throw notLive(identity, { kind: "gone" });
  throw staleIncarnation(identity, server.pid);
}

function sendFailed({ identity }: Addressee, why: string): IapeerError {
  return new IapeerError("send-failed", `the message did not get to ${identity}: ${why}`, { details: { identity } });
}

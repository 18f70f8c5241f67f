import { IapeerError } from "../../model/errors.ts";
import { isRunning } from "../../core/process/processes.ts";
import type { Tmux } from "../../core/tmux.ts";
import { INCARNATION_OPTION, renderIsAgentPane } from "../stamp.ts";
import { notLive, staleIncarnation } from "../session/session.ts";
import type { Addressee } from "./types.ts";
import type { Screen } from "./verdict.ts";

/** One look at the agent's pane. */
export interface PaneLook {
  /** The device of the pane's terminal. */
  readonly tty: string;
  readonly screen: Screen;
}

const FACTS = "#{pane_tty} #{pane_input_off} #{cursor_flag} #{cursor_x} #{cursor_y}";

/** The agent's pane of a live session, as tmux reaches it. Its methods throw as askPane. */
export interface OpenPane {
  readonly identity: string;
  /** Looks at the pane's screen, whatever part of it a person has scrolled to. Throws `send-failed` also when the pane takes no input. */
  readonly look: () => Promise<PaneLook>;
  /** Pastes a text, bracketed where the program asked for that; with `submit` it presses a line mode's Enter in the same stroke. */
  readonly paste: (text: string, options: { readonly submit: boolean }) => Promise<void>;
  /** Presses Enter. */
  readonly submit: () => Promise<void>;
}

/** Opens the pane of an addressee. Nothing is asked yet. */
export function openPane(to: Addressee, tmux: Tmux): OpenPane {
  const { id } = to.pane;
  const ask = async (commands: readonly string[], stdin?: string) => await askPane(to, { commands, stdin }, tmux);
  return {
    identity: to.identity,
    look: async () => parseLook(to, await ask([`display-message -p -t ${id} "${FACTS}"`, `capture-pane -p -t ${id}`])),
    paste: async (text, { submit }) => {
      const buffer = `iapeer-${crypto.randomUUID()}`;
      // tmux brackets by the modes of what the pane shows: one that a person scrolls in shows another screen.
      const paste = [`load-buffer -b ${buffer} -`, `copy-mode -q -t ${id}`, `paste-buffer -p -d -b ${buffer} -t ${id}`];
      await ask(submit ? [...paste, enterFor(id)] : paste, text);
    },
    submit: async () => void (await ask([`copy-mode -q -t ${id}`, enterFor(id)])),
  };
}

function parseLook(to: Addressee, answer: string): PaneLook {
  const [facts = "", ...lines] = answer.split("\n");
  const [tty = "", isOff, isVisible, x, y] = facts.split(" ");
  if (isOff === "1") throw sendFailed(to, "its pane takes no input (select-pane -d): select-pane -e lets it again");
  return { tty, screen: { lines, cursor: { isVisible: isVisible === "1", x: Number(x), y: Number(y) } } };
}

/** The commands that press Enter. A key goes to every pane of a synchronised window, and a paste goes to one. */
function enterFor(id: string): string {
  return `if-shell -F -t ${id} "#{pane_synchronized}" { set-buffer -b iapeer-enter "\\r" ; paste-buffer -r -d -b iapeer-enter -t ${id} } { send-keys -t ${id} Enter }`;
}

const HERE = "iapeer-here";

interface Question {
  readonly commands: readonly string[];
  readonly stdin: string | undefined;
}

/**
 * Has tmux do something with the agent's pane if, in the same stroke, it is still that pane, with that process, of that incarnation.
 *
 * @returns what the commands printed.
 * @throws IapeerError `peer-not-live`, `stale-incarnation`: nothing was done; `send-failed`: tmux does not answer.
 */
async function askPane(to: Addressee, { commands, stdin }: Question, tmux: Tmux): Promise<string> {
  const { socket, identity, incarnation, pane, server, shared } = to;
  // For a pane that is gone if-shell asks another, so the pane must say that it is the one.
  const isPane = `#{&&:#{==:#{pane_id},${pane.id}},#{==:#{pane_pid},${pane.pid}}}`;
  const isOurs = `#{&&:${renderIsAgentPane(incarnation)},#{&&:${isPane},#{==:#{pane_dead},0}}}`;
  const then = [`display-message -p ${HERE}`, ...commands].join(" ; ");
  const otherwise = `display-message -p "#{${shared ? "pid" : INCARNATION_OPTION}}"`;
  const answer = await tmux.call(
    socket,
    ["if-shell", "-F", "-t", pane.id, isOurs, then, otherwise],
    stdin === undefined ? {} : { stdin },
  );
  if (!answer.ok) throw isRunning(server) ? sendFailed(to, answer.why) : notLive(identity, { kind: "gone" });
  if (answer.stdout.startsWith(`${HERE}\n`)) return answer.stdout.slice(HERE.length + 1);
  // The server is the same, and only the pane is gone.
  if (answer.stdout.trim() === (shared ? String(server.pid) : incarnation)) throw notLive(identity, { kind: "gone" });
  throw staleIncarnation(identity, server.pid);
}

function sendFailed({ identity }: Addressee, why: string): IapeerError {
  return new IapeerError("send-failed", `the message did not get to ${identity}: ${why}`, { details: { identity } });
}

import { until } from "../../support/sandbox.ts";
import { callOutside, type Session } from "../../support/session.ts";

/** One look at the agent's pane. */
export interface Look {
  /** `200x50` */
  readonly size: string;
  /** The agent draws on the alternate screen. */
  readonly isAlternate: boolean;
  readonly cursor: { readonly isVisible: boolean; readonly x: number; readonly y: number };
  readonly lines: readonly string[];
}

/** The agent's pane, as a person sees it and types into it. */
export interface AgentPane {
  look(): Promise<Look>;
  /** One line of the screen, with its colours. */
  lookStyled(row: number): Promise<string>;
  /** Presses keys, as tmux names them. */
  press(...keys: readonly string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** Waits for words on the screen. Throws when they do not come. */
  shows(words: RegExp): Promise<void>;
  /** Tells whether words come within a time. */
  isShown(words: RegExp, timeoutMs: number): Promise<boolean>;
}

/** The time for words to come. A machine under load takes as long to start a program of 400 MB. */
const SHOWN_MS = 60_000;
const FACTS = "#{pane_width}x#{pane_height} #{alternate_on} #{cursor_flag} #{cursor_x} #{cursor_y}";

/** The pane of an identity on a server of its own. Nothing is asked yet. */
export function openAgentPane(server: Pick<Session, "socket" | "sandbox">, identity: string): AgentPane {
  const call = async (verb: string, ...args: readonly string[]) =>
    await callOutside(server, verb, "-t", `=${identity}:`, ...args);
  const look = async () =>
    parseLook(await call("display-message", "-p", FACTS, ";", "capture-pane", "-p", "-t", `=${identity}:`));
  const isShown = async (words: RegExp, timeoutMs: number) => {
    try {
      await until(String(words), async () => words.test((await look()).lines.join("\n")), timeoutMs);
      return true;
    } catch {
      // The time is up, or the pane is gone. Whoever needs to know which looks again.
      return false;
    }
  };
  return {
    look,
    lookStyled: async (row) => await call("capture-pane", "-p", "-e", "-S", String(row), "-E", String(row)),
    press: async (...keys) => void (await call("send-keys", ...keys)),
    type: async (text) => void (await call("send-keys", "-l", text)),
    isShown,
    shows: async (words) => {
      if (await isShown(words, SHOWN_MS)) return;
      const shown = (await look()).lines.filter((line) => line !== "").join("\n");
      throw new Error(`not shown within ${SHOWN_MS} ms: ${String(words)}\n${shown}`);
    },
  };
}

function parseLook(answer: string): Look {
  const [facts = "", ...lines] = answer.split("\n");
  const [size = "", isAlternate, isVisible, x, y] = facts.split(" ");
  return {
    size,
    isAlternate: isAlternate === "1",
    cursor: { isVisible: isVisible === "1", x: Number(x), y: Number(y) },
    lines: lines.map((line) => line.trimEnd()),
  };
}

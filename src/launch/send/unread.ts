import { poll } from "../../core/process/poll.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";

const POLL_MS = 20;
/** Input counts as read after this many looks in a row that find none: tmux passes on a long paste in parts. */
const LOOKS = 3;

/** Tells whether a terminal's input is read before the time is up and before the signal; false also when that cannot be told. */
export async function isReadWithin(tty: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  let looks = 0;
  const look = () => {
    const input = readTerminalInput(tty);
    if (input === undefined) return "gone";
    looks = input.hasUnread ? 0 : looks + 1;
    return looks >= LOOKS ? "read" : undefined;
  };
  return (await poll(look, { timeoutMs, everyMs: POLL_MS, signal })) === "read";
}

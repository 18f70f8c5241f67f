import { isTerminal } from "../core/libc.ts";
import { IapeerError } from "../model/errors.ts";

/** Refuses a command that gives the terminal to a session where there is none. Throws `usage`. */
export function requireTerminal(command: string, personality: string): void {
  if (isTerminal(0) && isTerminal(1)) return;
  throw new IapeerError("usage", `${command} needs a terminal`, { hint: `for what it printed: iapeer tail ${personality}` });
}

import { isTerminal } from "../core/libc.ts";
import { IapeerError } from "../model/errors.ts";

/** Throws `usage` where a command that gives the terminal to a session has no terminal. */
export function requireTerminal(command: string, personality: string): void {
  if (isTerminal(0) && isTerminal(1)) return;
  throw new IapeerError("usage", `${command} needs a terminal`, { hint: `to read what it printed: iapeer tail ${personality}` });
}

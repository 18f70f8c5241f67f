import { callManager, type ManagerCall } from "./manager.ts";

/** The result of enableLinger. With linger a user's services start with the host, and not with the login (loginctl(1)). */
export type Linger = { readonly state: "enabled" | "already" } | { readonly state: "failed"; readonly why: string };

/**
 * Lets a user's services start with the host.
 *
 * @param user a name or a number
 * @throws IapeerError `interrupted`.
 */
export async function enableLinger(user: string, call: ManagerCall): Promise<Linger> {
  const now = await callManager(["loginctl", "show-user", user, "--property=Linger", "--value"], call);
  if (now.ok && now.stdout.trim() === "yes") return { state: "already" };
  const answer = await callManager(lingerCommand(user), call);
  return answer.ok ? { state: "enabled" } : { state: "failed", why: answer.why };
}

/** The command of enableLinger, as an argv. */
export function lingerCommand(user: string): readonly string[] {
  return ["loginctl", "enable-linger", user];
}

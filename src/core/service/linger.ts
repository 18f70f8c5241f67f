import type { Env } from "../layout.ts";
import { callManager } from "./manager.ts";

/** Whether the user's services start at boot, and not only when the user logs in (loginctl(1)). */
export type Linger = { readonly state: "enabled" | "already" } | { readonly state: "failed"; readonly why: string };

export function enableLinger(user: string, env: Env): Linger {
  const now = callManager(["loginctl", "show-user", user, "--property=Linger", "--value"], env);
  if (now.ok && now.stdout.trim() === "yes") return { state: "already" };
  const answer = callManager(lingerCommand(user), env);
  return answer.ok ? { state: "enabled" } : { state: "failed", why: answer.why };
}

export function lingerCommand(user: string): readonly string[] {
  return ["loginctl", "enable-linger", user];
}

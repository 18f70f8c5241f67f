import type { Env } from "../../core/layout.ts";
import { isObject } from "../../core/text/fields.ts";
import { identityOf } from "../../model/names.ts";
import { TOKEN_VARIABLE } from "../token.ts";

/** The variable that names what a launch set, with the account's value: JSON, `null` for a value that is not there or not told. */
const REPLACED = "IAPEER_REPLACED";

/** The variables whose former value is told. Any other may be a secret that its peer is not to have. */
const TOLD =
  /^(?:PATH|HOME|SHELL|USER|LOGNAME|LANG|LANGUAGE|TZ|TERM|TMPDIR|LC_[A-Z]+|XDG_[A-Z_]+|IAPEER_(?:ROOT|SOCK_DIR|[A-Z]+_BIN))$/;

/**
 * The variables that belong to one session, and not to the account. A session that starts another does not hand them on. They come from
 * iapeer, from tmux, and from what the runtimes give to their own commands: claude 2.1 (CLAUDECODE to AI_AGENT), codex 0.169 (codex-rs,
 * exec_env.rs and spawn.rs), opencode 1.18 (index.ts), pi 0.73 and gemini. Other CLAUDE_CODE_* and CODEX_* are settings of the account.
 */
const OF_A_SESSION: ReadonlySet<string> = new Set([
  TOKEN_VARIABLE,
  REPLACED,
  "TMUX",
  "TMUX_PANE",
  "CLAUDECODE",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_EXECPATH",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_PARENT_SESSION_ID",
  "CLAUDE_CODE_REMOTE_SESSION_ID",
  "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
  "CLAUDE_CODE_MESSAGING_SOCKET",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_AGENT_SDK_VERSION",
  "CLAUDE_SESSION_ID",
  "CLAUDE_ENV_FILE",
  "CLAUDE_PROJECT_DIR",
  "CLAUDE_PLUGIN_ROOT",
  "AI_AGENT",
  "CODEX_CI",
  "CODEX_INTERNAL_ORIGINATOR_OVERRIDE",
  "CODEX_MANAGED_BY_BUN",
  "CODEX_MANAGED_BY_NPM",
  "CODEX_SANDBOX",
  "CODEX_SANDBOX_NETWORK_DISABLED",
  "CODEX_THREAD_ID",
  "AGENT",
  "OPENCODE",
  "OPENCODE_PID",
  "OPENCODE_PROCESS_ROLE",
  "OPENCODE_RUN_ID",
  "OPENCODE_SESSION_ID",
  "PI_CODING_AGENT",
  "GEMINI_CLI",
]);

/** iapeer's own: PEER_PERSONALITY, PEER_RUNTIME and PEER_IDENTITY. */
const OF_A_PEER = "PEER_";

/**
 * The environment of the account: without the variables of a session that this call may be made in, and with what its launch replaced, as
 * far as that is told.
 */
export function accountEnvironment(env: Env): Env {
  const before = { ...env, ...parseReplaced(env[REPLACED]) };
  return Object.fromEntries(Object.entries(before).filter(([name]) => !OF_A_SESSION.has(name) && !name.startsWith(OF_A_PEER)));
}

/**
 * The environment of a session: the account's, the additions of its launch, and the names of its peer.
 *
 * @param variables those of launch.env, and those that tell the runtime something
 * @param account as accountEnvironment gives it
 */
export function renderEnvironment(
  { personality, runtime }: { readonly personality: string; readonly runtime: string },
  variables: Readonly<Record<string, string>>,
  account: Env,
): Env {
  const replaced = Object.keys(variables).map((name) => [name, (TOLD.test(name) ? account[name] : undefined) ?? null] as const);
  return {
    ...account,
    ...variables,
    ...(replaced.length > 0 && { [REPLACED]: JSON.stringify(Object.fromEntries(replaced)) }),
    PEER_PERSONALITY: personality,
    PEER_RUNTIME: runtime,
    PEER_IDENTITY: identityOf(runtime, personality),
  };
}

/** The account's variables that a launch replaced; undefined where there is no value. A text that does not read replaces nothing. */
function parseReplaced(text: string | undefined): Env {
  if (text === undefined) return {};
  try {
    const read: unknown = JSON.parse(text);
    if (!isObject(read)) return {};
    return Object.fromEntries(Object.entries(read).map(([name, value]) => [name, typeof value === "string" ? value : undefined]));
  } catch {
    // Somebody else set it.
    return {};
  }
}

import type { Outcome } from "../core/process/command.ts";
import { IapeerError } from "../model/errors.ts";
import { type AgenticRuntime, isAgentic } from "../model/runtimes.ts";
import { directionOf, type Occasion } from "../model/provisioning.ts";
import { type Placeholders, renderArgv, runProvider } from "../provision/command.ts";
import { requireRunnable } from "../provision/form.ts";
import { runProviderFor } from "../provision/provision.ts";
import type { ProvisionRow } from "../provision/types.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import type { Slot } from "../status/slot/types.ts";
import { explainProblems, readSlot, readSlotFile } from "../status/slot/slot.ts";
import { authorize } from "./authority.ts";
import { refuseLeaving } from "./choose.ts";
import type { App } from "./types.ts";

/** One problem as `provider check --json` has it. */
export interface SlotProblemJson {
  readonly code: string;
  readonly message: string;
  readonly location: { readonly file: string; readonly line: number; readonly column: number; readonly path: string };
  readonly severity: "error" | "warning";
}

export interface SlotCheck {
  readonly path: string;
  /** undefined: the slot is empty. */
  readonly slot: Slot | undefined;
  readonly problems: readonly SlotProblemJson[];
}

/**
 * Finds every problem in a provider's declaration.
 *
 * @param request.file absolute; left out: the slot of this host
 * @throws IapeerError `file-not-found`, and what reading the slot throws.
 */
export async function checkProvider(app: App, { file }: { readonly file?: string | undefined }): Promise<SlotCheck> {
  const reading = file === undefined ? readSlot(app.layout) : readSlotFile(file);
  const { path, slot } = reading;
  if (reading.isMissing) throw new IapeerError("file-not-found", `there is no declaration at ${path}`, { details: { path } });
  const problems = (await explainProblems(reading, app.env)).map((problem) => ({
    code: problem.code,
    message: problem.message,
    location: { ...problem.location, path: problem.path.join(".") },
    severity: problem.severity,
  }));
  return { path, slot, problems };
}

export interface ProviderRequest {
  readonly occasion: Occasion;
  readonly personality: string;
  /** An agentic runtime of the peer. Default: its default one, else its first agentic one. */
  readonly runtime?: string | undefined;
  /** Only say what would run. */
  readonly isDryRun: boolean;
}

export type ProviderReport =
  | { readonly kind: "planned"; readonly argv: readonly string[] }
  | { readonly kind: "run"; readonly row: ProvisionRow };

/**
 * Runs one provider command by hand, or says what would run. The signal ends the command with all it started.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `peer-being-removed`, `runtime-not-found`, `slot-empty`, `slot-insecure`,
 *   `slot-direction-missing`, `slot-declares-nothing`.
 */
export async function runProviderOnce(app: App, request: ProviderRequest, signal: AbortSignal): Promise<ProviderReport> {
  const { occasion, personality, isDryRun } = request;
  if (!isDryRun) authorize(app, "provider run", personality);
  const peer = readRegistry(app.layout).require(personality);
  if (directionOf(occasion) === "provision") refuseLeaving(peer);
  const runtime = chooseAgentic(peer, request.runtime);
  const slot = requireRunnable(readSlot(app.layout), occasion);
  const block = slot[directionOf(occasion)];
  if (block === undefined) throw pluginOnly(slot);
  if (isDryRun) {
    return { kind: "planned", argv: renderArgv(block, { cwd: peer.cwd, personality, runtime, occasion }) };
  }
  return { kind: "run", row: await runProviderFor(app, { slot, occasion, target: peer, runtime }, signal) };
}

function pluginOnly({ provider }: Slot): IapeerError {
  return new IapeerError("slot-direction-missing", `provider "${provider}" declares a plugin, not a command`, {
    hint: "its way is: iapeer memory-plugin",
  });
}

function chooseAgentic({ personality, defaultRuntime, runtimes }: Peer, given: string | undefined): AgenticRuntime {
  const runtime = given ?? [defaultRuntime, ...runtimes].find(isAgentic);
  if (runtime !== undefined && runtimes.includes(runtime) && isAgentic(runtime)) return runtime;
  const which = given === undefined ? "" : ` ${given}`;
  throw new IapeerError("runtime-not-found", `${personality} has no agentic runtime${which}`, {
    hint: `it has: ${runtimes.join(", ")}; provider commands run for claude and codex`,
  });
}

export interface ExecRequest {
  /** A path, or a name that is looked up on PATH. */
  readonly command: string;
  /** With placeholders in them. */
  readonly args: readonly string[];
  readonly placeholders: Placeholders;
  readonly timeoutMs: number;
}

/** Runs one command as a provider's command is run (contract 6). It never throws. */
export async function execProvision(app: App, request: ExecRequest, signal: AbortSignal): Promise<Outcome> {
  const { command, args, placeholders, timeoutMs } = request;
  // A name that is not found is reported as it is.
  const program = command.includes("/") ? command : (Bun.which(command, { PATH: app.env["PATH"] ?? "" }) ?? command);
  const argv = renderArgv({ command: program, args }, placeholders);
  return await runProvider(app, { argv, placeholders, timeoutMs }, signal);
}

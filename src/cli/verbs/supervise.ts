import { lookAfterServers, superviseOn } from "../../app/supervise.ts";
import type { App } from "../../app/types.ts";
import type { TickRow } from "../../launch/tick.ts";
import { parseCount } from "../count.ts";
import { usage } from "../strict.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import type { Context } from "../context.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_INTERVAL_SECS = 30;
const MAX_INTERVAL_SECS = 86_400;

export const supervise: Verb = defineVerb({
  meta: { name: "supervise", description: "keep every live server watched, and record missed ends" },
  details:
    "A live server that lost its canary gets a new one. A server that ended together with its canary gets its record. " +
    "supervise never restarts or ends anything. A root has one of them at a time.",
  args: {
    once: { type: "boolean", description: "look once, then end" },
    interval: {
      type: "string",
      valueHint: "secs",
      description: `seconds between two looks (default: ${DEFAULT_INTERVAL_SECS})`,
    },
    install: { type: "boolean", description: "run it from now on, as a service of your account" },
    uninstall: { type: "boolean", description: "remove that service" },
    print: { type: "boolean", description: "with --install: print the service, and change nothing" },
  },
  examples: [
    { command: "iapeer supervise --once", note: "one look, for a cron job" },
    { command: "iapeer supervise --install", note: "from now on, and after every reboot" },
  ],
  run: async ({ args }, { app, output }): Promise<number> => {
    const intervalSecs =
      parseCount(supervise, "interval", args.interval, { min: 1, max: MAX_INTERVAL_SECS }) ?? DEFAULT_INTERVAL_SECS;
    refuseMixed(args);
    if (args.install || args.uninstall)
      return await changeService({ isInstall: args.install, isPrint: args.print }, { app, output });
    if (!args.once && output.isJson) throw usage(supervise, "supervise runs until it is stopped: only supervise --once has JSON");
    return args.once ? await lookOnce(app, output) : await lookOn(app, intervalSecs, output);
  },
});

function refuseMixed({
  once,
  interval,
  install,
  uninstall,
  print,
}: {
  once?: boolean;
  interval?: string;
  install?: boolean;
  uninstall?: boolean;
  print?: boolean;
}): void {
  if (print && !install) throw usage(supervise, "--print goes with --install");
  if ([once, install, uninstall].filter(Boolean).length > 1)
    throw usage(supervise, "only one of --once, --install and --uninstall can be given");
  if (interval !== undefined && (once || install || uninstall))
    throw usage(supervise, "--interval does not go with --once, --install or --uninstall");
}

async function changeService(
  { isInstall, isPrint }: { readonly isInstall: boolean; readonly isPrint: boolean },
  { app, output }: Context,
): Promise<number> {
  const { installService, planService, uninstallService } = await import("../../app/supervise-service.ts");
  if (isInstall && isPrint) {
    const plan = await planService(app);
    output.result(plan, () => plan.text);
    return 0;
  }
  const change = isInstall ? await installService(app) : await uninstallService(app);
  const { action, path } = change;
  output.result(change, () => (action === "absent" ? "no such service is installed" : `${action} ${path}`));
  return 0;
}

async function lookOnce(app: App, output: Output): Promise<number> {
  const rows = await withInterruption(async ({ signal }) => await lookAfterServers(app, {}, signal));
  output.result(rows, () => rows.map(render).join("\n"));
  return rows.some(({ action }) => action === "failed") ? 1 : 0;
}

/** Looks again and again, until a signal comes. */
async function lookOn(app: App, intervalSecs: number, output: Output): Promise<number> {
  const onRow = (row: TickRow) => output.note(`${app.now().toISOString()} ${render(row)}`);
  return await withInterruption(async ({ signal, exitStatus }) => {
    await superviseOn(app, { intervalSecs, onRow }, signal);
    return exitStatus() ?? 0;
  });
}

const WORDS = {
  armed: "got a canary",
  recorded: "ended unseen; recorded",
  reclaimed: "is watched again: its stop was interrupted",
  failed: "could not be looked after",
} as const satisfies Record<TickRow["action"], string>;

function render({ identity, action, detail }: TickRow): string {
  return `${identity} ${WORDS[action]}${detail === undefined ? "" : `: ${tame(detail)}`}`;
}

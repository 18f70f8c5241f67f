import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { superviseOnce, type TickRow } from "../../launch/tick.ts";
import { parseCount } from "../count.ts";
import { usage } from "../strict.ts";
import type { Context } from "../../app/app.ts";
import { pause } from "../../core/process/pause.ts";
import { withInterruption } from "../interruption.ts";
import { registeredIdentities } from "../../app/sessions.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

const DEFAULT_INTERVAL_SECS = 30;
const MAX_INTERVAL_SECS = 86_400;

export const supervise = defineVerb({
  meta: { name: "supervise", description: "keep every live server watched, and record what nobody saw" },
  details:
    "A live server that lost its canary gets one; a server that ended together with its canary gets its record. It never\n" +
    "restarts or ends anything. One of them runs on a root at a time.",
  args: {
    once: { type: "boolean", description: "one look, then end" },
    interval: { type: "string", valueHint: "s", description: `seconds between two looks (default: ${DEFAULT_INTERVAL_SECS})` },
    install: { type: "boolean", description: "have it run from now on, as a service of yours (systemd, launchd)" },
    uninstall: { type: "boolean", description: "take that service away" },
    print: { type: "boolean", description: "with --install: show the service, and change nothing" },
  },
  examples: [
    { command: "iapeer supervise --once", note: "one look, for a cron job" },
    { command: "iapeer supervise --install", note: "from now on, and after every reboot" },
  ],
  run: async ({ values }, context): Promise<number> => {
    const intervalSecs =
      parseCount(supervise, "interval", values.interval, { min: 1, max: MAX_INTERVAL_SECS }) ?? DEFAULT_INTERVAL_SECS;
    refuseMixed(values);
    if (values.install || values.uninstall) {
      const { changeService } = await import("../../app/supervise-service.ts");
      return changeService({ isInstall: values.install === true, isPrint: values.print === true }, context);
    }
    if (!values.once && context.output.isJson) throw usage(supervise, "supervise has no end, and so no JSON; with --once it has");
    return await asOnlyOne(context, async () => (values.once ? await tick(context) : await loop(intervalSecs, context)));
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
    throw usage(supervise, "--interval is for a supervise that goes on");
}

/** The lock ends with its holder, however that one ends. */
async function asOnlyOne<T>({ layout }: Context, work: () => Promise<T>): Promise<T> {
  makeFolder(layout.stateFolder);
  const busy = new IapeerError("lock-busy", "another supervise is at it; nothing was done", {
    hint: `to see which: fuser -v ${quoteForSh(layout.superviseLock)}`,
    details: { path: layout.superviseLock },
  });
  let isHeld = false;
  return await withLock(layout.superviseLock, { timeoutMs: 0 }, async () => {
    isHeld = true;
    return await work();
  }).catch((error: unknown) => {
    throw !isHeld && error instanceof IapeerError && error.code === "lock-busy" ? busy : error;
  });
}

async function tick(context: Context): Promise<number> {
  const rows = await superviseOnce(registeredIdentities(context.layout), context);
  context.output.result(rows, () => rows.map(render).join("\n"));
  return rows.some(({ action }) => action === "failed") ? 1 : 0;
}

/** Until it is asked to end. A look that fails (a registry that cannot be read) is said, and tried again. */
async function loop(intervalSecs: number, context: Context): Promise<number> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    while (!signal.aborted) {
      try {
        const rows = await superviseOnce(registeredIdentities(context.layout), context);
        rows.forEach((row) => context.output.note(`${context.now().toISOString()} ${render(row)}`));
      } catch (error) {
        context.output.warn((error as Error).message);
      }
      await pause(intervalSecs * 1000, signal);
    }
    return exitStatus() ?? 0;
  });
}

const WORDS = {
  armed: "got a canary",
  recorded: "ended without anybody seeing it; recorded",
  reclaimed: "is watched again: whoever was stopping it did not get to its end",
  failed: "could not be looked after",
} as const satisfies Record<TickRow["action"], string>;

function render({ identity, action, detail }: TickRow): string {
  return `${identity} ${WORDS[action]}${detail === undefined ? "" : `: ${tame(detail)}`}`;
}

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import { describeErrno } from "../model/errors.ts";
import { addMarketplace, openCli, type PluginCli, type PluginContext, pluginId, type PluginResult } from "./plugin-cli.ts";

/** `plugin list --json` of claude; it lists the installs of all folders, and knows `enabled` for the one it runs in. */
const listSchema = v.array(
  v.looseObject({
    id: v.string(),
    scope: v.nullish(v.string()),
    enabled: v.nullish(v.boolean()),
    projectPath: v.nullish(v.string()),
  }),
);

/** Brings the plugin into one peer's folder ("on"), or out of it. */
export type ClaudePlugin = (folder: string, direction: "on" | "off") => Promise<PluginResult>;

/**
 * The plugin in claude, one peer's folder at a time or several at once. Reading overlaps, changing does not:
 * every change writes claude's one list of installs, and two at once lose one of them.
 */
export function claudePlugin(context: PluginContext): ClaudePlugin {
  const cli = openCli("claude", context);
  if ("state" in cli) return async () => cli;
  const inTurn = oneAtATime();
  return async (folder, direction) => {
    const found = await findInstall(cli, pluginId(context.plugin), folder);
    if (typeof found === "object") return found;
    if (direction === "off" && found === "none") return { state: "absent" };
    if (direction === "on" && found === "enabled") return { state: "already" };
    return await inTurn(async () => {
      const where = { context, folder };
      if (direction === "off") return (await change(cli, "uninstall", where)) ?? { state: "removed" };
      if (found === "disabled") return (await change(cli, "enable", where)) ?? { state: "enabled" };
      return (await install(cli, where)) ?? { state: "installed" };
    });
  };
}

type Found = "none" | "enabled" | "disabled";

async function findInstall(cli: PluginCli, id: string, folder: string): Promise<Found | PluginResult> {
  const resolved = resolveFolder(folder);
  if (typeof resolved === "object") return resolved;
  const listed = await cli.read(["plugin", "list", "--json"], listSchema, folder);
  if (!listed.ok) return listed.result;
  const ours = listed.value.find((each) => each.id === id && each.scope === "project" && isAt(each.projectPath, resolved));
  if (ours === undefined) return "none";
  return ours.enabled === false ? "disabled" : "enabled";
}

function resolveFolder(folder: string): string | PluginResult {
  try {
    return realpathSync(folder);
  } catch (error) {
    return { state: "failed", detail: `the working folder ${folder}: ${describeErrno(error)}` };
  }
}

function isAt(projectPath: string | null | undefined, resolved: string): boolean {
  if (projectPath === undefined || projectPath === null) return false;
  const there = resolveFolder(projectPath);
  return (typeof there === "string" ? there : resolve(projectPath)) === resolved;
}

interface Where {
  readonly context: PluginContext;
  readonly folder: string;
}

async function change(
  cli: PluginCli,
  verb: "install" | "enable" | "uninstall",
  { context, folder }: Where,
): Promise<PluginResult | undefined> {
  return await cli.change(["plugin", verb, pluginId(context.plugin), "--scope", "project"], folder);
}

/** Installs; where that fails for want of the marketplace, adds that one and tries again. */
async function install(cli: PluginCli, where: Where): Promise<PluginResult | undefined> {
  const failure = await change(cli, "install", where);
  const { plugin, signal } = where.context;
  if (failure === undefined || signal?.aborted || !(await addMarketplace(cli, plugin, where.folder))) return failure;
  return await change(cli, "install", where);
}

/** Runs tasks one after another, in the order they came. */
function oneAtATime(): (task: () => Promise<PluginResult>) => Promise<PluginResult> {
  let last: Promise<unknown> = Promise.resolve();
  return async (task) => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return await turn;
  };
}

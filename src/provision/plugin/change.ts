import { realpathSync } from "node:fs";
import { openQueue } from "../../core/process/queue.ts";
import { describeErrno } from "../../model/errors.ts";
import { pluginId } from "../../model/provisioning.ts";
import { type AgenticRuntime, type PluginCommands, RUNTIMES } from "../../model/runtimes.ts";
import { addMarketplace, openCli, type PluginCli, type PluginContext, type PluginResult } from "./cli.ts";
import { LIST_READERS } from "./list.ts";

/**
 * Installs the plugin ("on"), or removes it ("off").
 *
 * @param folder the peer's folder; undefined for a runtime that has the plugin once for the host.
 */
export type PluginChange = (direction: "on" | "off", folder: string | undefined) => Promise<PluginResult>;

/**
 * Opens the plugin in one runtime, for one folder at a time or for several at once. Reads overlap and changes do not. Each
 * change writes the runtime's one list of installs, and two at once would lose an install.
 */
export function openPlugin(runtime: AgenticRuntime, context: PluginContext): PluginChange {
  const cli = openCli(runtime, context);
  if ("state" in cli) return async () => cli;
  const commands = RUNTIMES[runtime].plugins;
  const id = pluginId(context.plugin);
  const inTurn = openQueue();
  return async (direction, folder) => {
    const resolved = folder === undefined ? undefined : resolveFolder(folder);
    if (typeof resolved === "object") return resolved;
    const listed = await cli.read(commands.list, LIST_READERS[runtime](id, resolved), folder);
    if (!listed.ok) return listed.result;
    const found = listed.value;
    if (direction === "off" && found === "none") return { state: "absent" };
    if (direction === "on" && found === "enabled") return { state: "already" };
    const place = { cli, commands, context, folder };
    return await inTurn(async () => {
      if (direction === "off") return (await change(place, "remove")) ?? { state: "removed" };
      if (found === "disabled") return (await change(place, "enable")) ?? { state: "enabled" };
      return (await change(place, "install")) ?? { state: "installed" };
    });
  };
}

function resolveFolder(folder: string): string | PluginResult {
  try {
    return realpathSync(folder);
  } catch (error) {
    return { state: "failed", detail: `the working folder ${folder}: ${describeErrno(error)}` };
  }
}

interface Place {
  readonly cli: PluginCli;
  readonly commands: PluginCommands;
  readonly context: PluginContext;
  readonly folder: string | undefined;
}

/** undefined on success. An install that fails adds the marketplace, where that is missing, and is tried once more. */
async function change(place: Place, verb: "install" | "enable" | "remove"): Promise<PluginResult | undefined> {
  const { cli, commands, context, folder } = place;
  const args = argsOf(commands[verb], context);
  const failure = await cli.change(args, folder);
  const isInstall = args.join(" ") === argsOf(commands.install, context).join(" ");
  if (failure === undefined || !isInstall || context.signal.aborted) return failure;
  return (await addMarketplace(cli, context.plugin, folder)) ? await cli.change(args, folder) : failure;
}

function argsOf(command: readonly string[], { plugin }: PluginContext): string[] {
  return command.map((argument) => argument.replace("{plugin}", () => pluginId(plugin)));
}

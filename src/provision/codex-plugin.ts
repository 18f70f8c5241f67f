import * as v from "valibot";
import { addMarketplace, openCli, type PluginCli, type PluginContext, pluginId, type PluginResult } from "./plugin-cli.ts";

/** `plugin list --json` of codex (openai/codex, pull request 25330). */
const listSchema = v.looseObject({
  installed: v.array(v.looseObject({ pluginId: v.string(), installed: v.nullish(v.boolean()), enabled: v.nullish(v.boolean()) })),
});

/** Brings the plugin into codex ("on"), which has it once for the whole host, or out of it. */
export async function runCodexPlugin(context: PluginContext, direction: "on" | "off"): Promise<PluginResult> {
  const cli = openCli("codex", context);
  if ("state" in cli) return cli;
  const id = pluginId(context.plugin);
  const listed = await cli.read(["plugin", "list", "--json"], listSchema);
  if (!listed.ok) return listed.result;
  const ours = listed.value.installed.find((each) => each.pluginId === id && each.installed !== false);
  if (direction === "off")
    return ours === undefined ? { state: "absent" } : ((await cli.change(["plugin", "remove", id])) ?? { state: "removed" });
  if (ours !== undefined && ours.enabled !== false) return { state: "already" };
  // Adding what is installed but disabled enables it.
  return (await add(cli, id, context)) ?? { state: ours === undefined ? "installed" : "enabled" };
}

/** Adds; where that fails for want of the marketplace, adds that one and tries again. */
async function add(cli: PluginCli, id: string, { plugin, signal }: PluginContext): Promise<PluginResult | undefined> {
  const failure = await cli.change(["plugin", "add", id]);
  if (failure === undefined || signal?.aborted || !(await addMarketplace(cli, plugin))) return failure;
  return await cli.change(["plugin", "add", id]);
}

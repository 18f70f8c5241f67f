import type { TextEdit } from "../../core/disk/foreign-file.ts";
import { quoteForMessage } from "../../model/names.ts";
import { TomlProblem, type TomlPath } from "../../core/text/toml-document.ts";
import { readTomlValue, removeTomlValue, setTomlValue } from "../../core/text/toml-edit.ts";

const MEMORIES: TomlPath = ["features", "memories"];

/**
 * Trusts a folder in codex' own config.toml. Without that, codex does not read the config.toml in the folder
 * (developers.openai.com/codex/config-basic, "Config precedence"). Another level, which a person chose, is refused.
 *
 * @param folder absolute and resolved, as codex looks it up.
 */
export function trustFolder(text: string, folder: string): TextEdit {
  return attempt(text, () => {
    const level = readTomlValue(text, trustPath(folder));
    if (level === "trusted") return text;
    if (level === undefined) return setTomlValue(text, trustPath(folder), "trusted");
    const shown = typeof level === "string" ? quoteForMessage(level) : "a value that is no text";
    throw new TomlProblem(`says trust_level = ${shown} for the folder ${folder}, which is not changed`);
  });
}

/** Reverses trustFolder. Any other level than "trusted" stays. */
export function untrustFolder(text: string, folder: string): TextEdit {
  const path = trustPath(folder);
  return attempt(text, () => (readTomlValue(text, path) === "trusted" ? removeTomlValue(text, path) : text));
}

/**
 * Switches codex' memories (developers.openai.com/codex/memories) in the config.toml of one folder: "off" sets
 * `memories = false` in `[features]`, and "on" removes that again. "on" leaves any other value to the person.
 */
export function switchCodexMemory(text: string, direction: "off" | "on"): TextEdit {
  return attempt(text, () => {
    const isOff = readTomlValue(text, MEMORIES) === false;
    if (direction === "off") return isOff ? text : setTomlValue(text, MEMORIES, false);
    return isOff ? removeTomlValue(text, MEMORIES) : text;
  });
}

function trustPath(folder: string): TomlPath {
  return ["projects", folder, "trust_level"];
}

function attempt(text: string, change: () => string): TextEdit {
  try {
    const edited = change();
    return edited === text ? { state: "unchanged" } : { state: "changed", text: edited };
  } catch (error) {
    if (!(error instanceof TomlProblem)) throw error;
    return { state: "refused", why: error.message };
  }
}

import type { VerbGroup } from "./help.ts";
import { add } from "./verbs/add.ts";
import { completions } from "./verbs/completions.ts";
import { list } from "./verbs/list.ts";
import { memoryPlugin } from "./verbs/memory-plugin.ts";
import { nativeMemory } from "./verbs/native-memory.ts";
import { providerCheck } from "./verbs/provider-check.ts";
import { providerRun } from "./verbs/provider-run.ts";
import { provisionExec } from "./verbs/provision-exec.ts";
import { remove } from "./verbs/remove.ts";
import { show } from "./verbs/show.ts";
import { status } from "./verbs/status.ts";
import { update } from "./verbs/update.ts";
import { verify } from "./verbs/verify.ts";

/** Every verb, in the order of the help. */
export const VERB_GROUPS: readonly VerbGroup[] = [
  { title: "Peers", verbs: [add, remove, list, show, update] },
  { title: "Memory", verbs: [memoryPlugin, nativeMemory, providerCheck, providerRun, provisionExec] },
  { title: "This host", verbs: [status, verify, completions] },
];

export const VERBS = VERB_GROUPS.flatMap(({ verbs }) => verbs);

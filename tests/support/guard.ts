import { GUARD_VERB } from "../../src/core/process/guard-verb.ts";
import { runGuard } from "../../src/core/process/guard.ts";

if (process.argv[2] === GUARD_VERB) {
  await runGuard(console, { family: BigInt(process.argv[3]!), graceMs: 2000, killMs: 700 });
}

import type { Check } from "../../app/doctor/check.ts";
import { runChecks } from "../../app/doctor/checks.ts";
import { checkTmux } from "../../app/doctor/tools.ts";
import { failure } from "../../app/doctor/check.ts";
import { runSelfTest } from "../../app/doctor/self-test.ts";
import { IapeerError } from "../../model/errors.ts";
import { readCanaries } from "../../app/canaries.ts";
import type { Colors } from "../colors.ts";
import type { Context } from "../../app/app.ts";
import { checkFleet } from "../../app/doctor/fleet.ts";
import { withInterruption } from "../interruption.ts";
import { registeredIdentities } from "../../app/sessions.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const doctor = defineVerb({
  meta: { name: "doctor", description: "look whether sessions and their deaths would be recorded here" },
  details:
    "Looks at everything that sessions stand on and changes nothing. Then it launches a few sessions in a throw-away root,\n" +
    "ends them in every way, and looks at what was recorded; that takes some seconds, and nothing of it stays.\n" +
    'Exit 1 where there is a warning or an error; what is only good to know is "ok".',
  args: {
    "self-test": {
      type: "boolean",
      default: true,
      description: "launch sessions in a throw-away root",
      negativeDescription: "look only, and launch nothing",
    },
  },
  examples: [
    { command: "iapeer doctor", note: "after installing, and when something is odd" },
    { command: "iapeer doctor --no-self-test --json", note: "for a monitor" },
  ],
  run: async ({ values }, context) =>
    await withInterruption(async ({ signal, exitStatus }) => {
      const [checks, selfTest] = await Promise.all([lookAround(context), values["self-test"] ? testSelf(context, signal) : []]);
      if (signal.aborted) return exitStatus()!;
      const isOk = [...checks, ...selfTest].every(({ state }) => state === "ok");
      context.output.result({ ok: isOk, checks, self_test: selfTest }, () => render(checks, selfTest, context.output.colors));
      return isOk ? 0 : 1;
    }),
});

/** Where the registry cannot be read, which is a row of its own, all that is known are the sockets. */
async function lookAround(context: Context): Promise<readonly Check[]> {
  const { layout, env, now } = context;
  const identities = identitiesOrNone(layout);
  const checks = await runChecks({ layout, env, now: now(), identities, servers: readCanaries(layout, identities) });
  return [...checks, ...checkFleet(context)];
}

function identitiesOrNone(layout: Context["layout"]): readonly string[] {
  try {
    return registeredIdentities(layout);
  } catch (error) {
    if (error instanceof IapeerError) return [];
    throw error;
  }
}

async function testSelf({ env, now }: Context, signal: AbortSignal): Promise<readonly Check[]> {
  if (checkTmux().state === "error") return [failure("self-test", "not run: there is no tmux that could hold a session")];
  return await runSelfTest({ env, now, signal });
}

const PAINT = { ok: "green", warning: "yellow", error: "red" } as const satisfies Record<Check["state"], keyof Colors>;
const STATE_WIDTH = "warning".length;

function render(checks: readonly Check[], selfTest: readonly Check[], colors: Colors): string {
  const rows = [...checks, ...selfTest];
  const width = Math.max(...rows.map(({ check }) => check.length));
  const bad = rows.filter(({ state }) => state !== "ok").length;
  const lines = (some: readonly Check[]) => some.map((row) => renderRow(row, width, colors));
  return [
    ...lines(checks),
    ...(selfTest.length === 0 ? [] : ["", colors.bold("self-test, in a throw-away root"), ...lines(selfTest)]),
    "",
    bad === 0 ? "all is well" : `${bad} of ${rows.length} need you`,
  ].join("\n");
}

function renderRow({ check, state, message, hint }: Check, width: number, colors: Colors): string {
  const head = `${colors[PAINT[state]](state.padEnd(STATE_WIDTH))}  ${check.padEnd(width)}  ${tame(message)}`;
  return hint === undefined ? head : `${head}\n${" ".repeat(STATE_WIDTH + width + 4)}${colors.dim("hint:")} ${tame(hint)}`;
}

import { examineHost } from "../../app/doctor/doctor.ts";
import type { Check, DoctorReport } from "../../app/doctor/types.ts";
import type { Colors } from "../colors.ts";
import { withInterruption } from "../interruption.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const doctor = defineVerb({
  meta: { name: "doctor", description: "check whether this host would record the ends of sessions" },
  details:
    "The checks look at everything that sessions stand on, and change nothing. The self-test then launches a few sessions " +
    "in a throw-away root and ends them in every way. It takes some seconds and leaves nothing.\n" +
    "Exit 1 where a check has a warning or an error.",
  args: {
    "self-test": {
      type: "boolean",
      default: true,
      description: "launch sessions in a throw-away root",
      negativeDescription: "launch nothing, only look",
    },
  },
  examples: [
    { command: "iapeer doctor", note: "after installing, and when something is odd" },
    { command: "iapeer doctor --no-self-test --json", note: "for a monitor" },
  ],
  run: async ({ args }, { app, output }) =>
    await withInterruption(async ({ signal, exitStatus }) => {
      const report = await examineHost(app, { isSelfTested: args["self-test"] }, signal);
      if (report === undefined) return exitStatus()!;
      output.result(report, () => render(report, output.colors));
      return report.ok ? 0 : 1;
    }),
});

const PAINT = { ok: "green", warning: "yellow", error: "red" } as const satisfies Record<Check["state"], keyof Colors>;
const STATE_WIDTH = "warning".length;

function render({ checks, self_test: selfTest }: DoctorReport, colors: Colors): string {
  const rows = [...checks, ...selfTest];
  const width = Math.max(...rows.map(({ check }) => check.length));
  const bad = rows.filter(({ state }) => state !== "ok").length;
  const lines = (some: readonly Check[]) => some.map((row) => renderRow(row, width, colors));
  return [
    ...lines(checks),
    ...(selfTest.length === 0 ? [] : ["", colors.bold("self-test, in a throw-away root"), ...lines(selfTest)]),
    "",
    bad === 0 ? "all is well" : `${bad} of ${rows.length} checks need attention`,
  ].join("\n");
}

function renderRow({ check, state, message, hint }: Check, width: number, colors: Colors): string {
  const head = `${colors[PAINT[state]](state.padEnd(STATE_WIDTH))}  ${check.padEnd(width)}  ${tame(message)}`;
  return hint === undefined ? head : `${head}\n${" ".repeat(STATE_WIDTH + width + 4)}${colors.dim("hint:")} ${tame(hint)}`;
}

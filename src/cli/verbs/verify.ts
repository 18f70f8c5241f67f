import { verifyPeers, type VerifyReport } from "../../app/verify.ts";
import type { Colors } from "../colors.ts";
import { withInterruption } from "../interruption.ts";
import { renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const verify = defineVerb({
  meta: { name: "verify", description: "compare the registry with the peers' own cards" },
  details:
    "The card in a peer's folder counts, and the registry follows it. With --fix a registry that cannot be read is restored " +
    "from its backup and the cards. The bad file is kept.\nExit 1 where they differ and not everything was fixed.",
  args: { fix: { type: "boolean", description: "mend what can be mended" } },
  examples: [
    { command: "iapeer verify", note: "look only" },
    { command: "iapeer verify --fix", note: "restore a damaged registry" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = { isFixing: args.fix };
    const report = await withInterruption(async ({ signal }) => await verifyPeers(app, request, signal));
    output.result(report, () => renderReport(report, output.colors));
    return report.ok ? 0 : 1;
  },
});

function renderReport({ differences, kept }: VerifyReport, colors: Colors): string {
  if (differences.length === 0) return "registry and cards agree";
  const fixed = differences.filter((one) => one.fixed).length;
  const left = differences.length - fixed;
  const rows = differences.map(({ personality, kind, message }) => [personality || "-", kind, message]);
  return [
    renderTable([{ title: "PEER" }, { title: "WHAT" }, { title: "WHERE" }], rows, { paintTitle: colors.bold }),
    ...(kept === undefined ? [] : [`the bad registry was kept as ${kept}`]),
    fixed > 0 ? `${fixed} fixed, ${left} left` : `${left} to fix`,
    ...(fixed === 0 && differences.some(({ fixable }) => fixable) ? ["to mend what can be mended: iapeer verify --fix"] : []),
  ].join("\n");
}

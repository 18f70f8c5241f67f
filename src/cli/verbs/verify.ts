import { fixRegistry, verifyRegistry } from "../../registry/registry.ts";
import type { Verification } from "../../registry/types.ts";
import type { Colors } from "../colors.ts";
import { renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const verify = defineVerb({
  meta: { name: "verify", description: "compare the registry with the peers' own profiles" },
  details:
    "A peer's own profile is right and the registry follows it. Exit 1 where they differ and not all was fixed.\n" +
    "With --fix a registry that cannot be read comes back from its backup and the profiles; the bad file is kept.",
  args: {
    fix: { type: "boolean", description: "mend what can be mended" },
  },
  examples: [
    { command: "iapeer verify", note: "look only" },
    { command: "iapeer verify --fix", note: "bring a damaged registry back" },
  ],
  run: async ({ values }, { layout, output, lockTimeoutMs, now }) => {
    const found = values.fix ? await fixRegistry(layout, { lockTimeoutMs }, now()) : verifyRegistry(layout);
    const left = found.differences.filter(({ isFixable }) => !values.fix || !isFixable).length;
    const json = {
      ok: left === 0,
      differences: found.differences.map(({ isFixable, ...rest }) => {
        return { ...rest, fixable: isFixable, fixed: values.fix === true && isFixable };
      }),
      ...(found.kept !== undefined && { kept: found.kept }),
    };
    output.result(json, () => renderVerification(found, left, output.colors));
    return left === 0 ? 0 : 1;
  },
});

function renderVerification({ differences, kept, fixed }: Verification, left: number, colors: Colors): string {
  if (differences.length === 0) return "registry and profiles agree";
  const rows = differences.map(({ personality, kind, message }) => [personality || "-", kind, message]);
  return [
    renderTable([{ title: "PEER" }, { title: "WHAT" }, { title: "WHERE" }], rows, { paintTitle: colors.bold }),
    ...(kept === undefined ? [] : [`the bad registry was kept as ${kept}`]),
    fixed > 0 ? `${fixed} fixed, ${left} left` : `${left} to fix`,
    ...(fixed === 0 && differences.some(({ isFixable }) => isFixable) ? ["to mend what can be mended: iapeer verify --fix"] : []),
  ].join("\n");
}

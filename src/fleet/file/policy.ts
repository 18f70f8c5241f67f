import { DEFAULT_POLICY, type Fleet, type Policy } from "../../model/agent.ts";
import type { FleetValues } from "./schema.ts";

/** The policy of a file. The two-agent floor fills in what the file leaves out. */
export function policyOf(written: FleetValues["policy"]): Fleet["policy"] {
  if (written === "none") return "none";
  return {
    orchestrators: written?.orchestrators ?? DEFAULT_POLICY.orchestrators,
    minEnhancers: written?.min_enhancers ?? DEFAULT_POLICY.minEnhancers,
  };
}

/** How many agents of a class there must be. */
export function wantedOf(policy: Fleet["policy"], agentClass: string): number {
  if (policy === "none") return 0;
  if (agentClass === "orchestrator") return policy.orchestrators;
  return agentClass === "enhancer" ? policy.minEnhancers : 0;
}

/** The breaks of a policy by a fleet with agents of these classes: too few of one class, or too many. */
export function findPolicyBreaks(
  policy: Fleet["policy"],
  classes: readonly string[],
): { readonly message: string; readonly hint: string }[] {
  if (policy === "none") return [];
  const orchestrators = countOf(classes, "orchestrator");
  const enhancers = countOf(classes, "enhancer");
  return [
    ...(orchestrators === policy.orchestrators ? [] : [orchestratorBreak(policy, orchestrators)]),
    ...(enhancers >= policy.minEnhancers
      ? []
      : [
          {
            message: `the policy wants at least ${counted(policy.minEnhancers, "enhancer")}, and there ${are(enhancers)}`,
            hint: wayOut(policy.minEnhancers - enhancers, "enhancer"),
          },
        ]),
  ];
}

function orchestratorBreak({ orchestrators: wanted }: Policy, found: number): { message: string; hint: string } {
  const message = `the policy wants exactly ${counted(wanted, "orchestrator")}, and there ${are(found)}`;
  if (found < wanted) return { message, hint: wayOut(wanted - found, "orchestrator") };
  return {
    message,
    hint: `give ${found - wanted === 1 ? "one of them" : `${found - wanted} of them`} another class, or set policy.orchestrators to ${found}`,
  };
}

function wayOut(missing: number, name: string): string {
  return `add ${missing === 1 ? "an agent" : `${missing} agents`} with class: ${name}, or switch the rule off with policy: none`;
}

function countOf(classes: readonly string[], name: string): number {
  return classes.filter((one) => one === name).length;
}

function counted(count: number, name: string): string {
  return count === 1 ? `1 ${name}` : `${count} ${name}s`;
}

function are(count: number): string {
  if (count === 0) return "is none";
  return count === 1 ? "is 1" : `are ${count}`;
}

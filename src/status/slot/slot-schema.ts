import { isAbsolute } from "node:path";
import * as v from "valibot";
import type { CheckedSlot, PluginBlock, ProviderBlock, SlotProblem, SlotProblemCode } from "./types.ts";

const text = v.pipe(v.string(), v.nonEmpty("is empty"));
const absolute = v.pipe(
  text,
  v.check((path) => isAbsolute(path), "is not an absolute path"),
);

const identitySchema = v.looseObject({ provider: text, package: text, version: text });
const blockSchema = v.looseObject({ command: absolute, args: v.array(v.string()) });
const pluginSchema = v.looseObject({ name: text, marketplace: text, marketplaceRef: v.optional(text) });

const KNOWN_FIELDS = ["provider", "package", "version", "registeredAt", "heartbeat", "provision", "unprovision", "plugin"];

/** Checks a parsed declaration: the slot that it declares, and every problem in it. */
export function checkSlot(json: unknown): CheckedSlot {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { slot: undefined, problems: [problem("not-an-object", "the declaration is not a JSON object", [])] };
  }
  const declared = json as Record<string, unknown>;
  const problems: SlotProblem[] = [];
  const identity = take(identitySchema, declared, [], problems);
  const provision = takeBlock(declared, "provision", problems);
  const unprovision = takeBlock(declared, "unprovision", problems);
  const plugin = declared["plugin"] === undefined ? undefined : take(pluginSchema, declared["plugin"], ["plugin"], problems);
  const heartbeat =
    declared["heartbeat"] === undefined ? undefined : take(absolute, declared["heartbeat"], ["heartbeat"], problems);
  const registeredAt = typeof declared["registeredAt"] === "string" ? declared["registeredAt"] : undefined;
  problems.push(...findOddities(declared));
  if (identity === undefined) return { slot: undefined, problems };
  const { provider, version, package: packageName } = identity;
  const optional = { registeredAt, heartbeat, provision, unprovision, plugin: plugin && pick(plugin) };
  return { slot: { provider, package: packageName, version, ...definedOnly(optional) }, problems };
}

function takeBlock(
  declared: Record<string, unknown>,
  name: "provision" | "unprovision",
  problems: SlotProblem[],
): ProviderBlock | undefined {
  if (declared[name] === undefined) return undefined;
  const block = take(blockSchema, declared[name], [name], problems);
  return block && { command: block.command, args: block.args };
}

function pick({ name, marketplace, marketplaceRef }: v.InferOutput<typeof pluginSchema>): PluginBlock {
  return { name, marketplace, ...(marketplaceRef !== undefined && { marketplaceRef }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** The value if it is right; else undefined, and a problem for each wrong part. */
function take<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  path: (string | number)[],
  problems: SlotProblem[],
): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  problems.push(...result.issues.map((issue) => toProblem(issue, path)));
  return undefined;
}

function toProblem(issue: v.BaseIssue<unknown>, above: (string | number)[]): SlotProblem {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  const name = path.join(".");
  if (issue.input === undefined) return problem("missing-field", `"${name}" is missing`, path);
  if (issue.kind === "schema") return problem("wrong-type", `"${name}" is not ${expectation(issue)}`, path);
  return problem(issue.message === "is empty" ? "empty-string" : "not-absolute", `"${name}" ${issue.message}`, path);
}

function expectation({ expected }: v.BaseIssue<unknown>): string {
  if (expected === "Array") return "an array of strings";
  return expected === "Object" ? "an object" : "a string";
}

function problem(code: SlotProblemCode, message: string, path: (string | number)[]): SlotProblem {
  return { code, message, path, severity: "error" };
}

function warning(code: SlotProblemCode, message: string, path: (string | number)[]): SlotProblem {
  return { code, message, path, severity: "warning" };
}

/** Declarations that are allowed, and most likely a mistake. */
function findOddities(declared: Record<string, unknown>): SlotProblem[] {
  const hasProvision = declared["provision"] !== undefined;
  const hasUnprovision = declared["unprovision"] !== undefined;
  const unknown = Object.keys(declared).filter((key) => !KNOWN_FIELDS.includes(key));
  return [
    ...unknown.map((key) => warning("unknown-field", `"${key}" is not a field of a declaration`, [key])),
    ...["provision", "unprovision"].flatMap((name) => findUnknownPlaceholders(declared[name], name)),
    ...(hasProvision || hasUnprovision || declared["plugin"] !== undefined
      ? []
      : [warning("nothing-to-run", "the provider declares nothing to run: no provision, unprovision or plugin", [])]),
    ...(hasProvision && !hasUnprovision
      ? [warning("no-way-back", '"unprovision" is missing: what provision attaches cannot be detached', [])]
      : []),
    ...(declared["plugin"] !== undefined && (hasProvision || hasUnprovision)
      ? [warning("plugin-ignored", '"plugin" is ignored beside provision or unprovision', ["plugin"])]
      : []),
  ];
}

/** The placeholders that iapeer replaces in a provider's arguments. */
const PLACEHOLDERS = ["cwd", "runtime", "personality", "occasion"] as const;

function findUnknownPlaceholders(block: unknown, name: string): SlotProblem[] {
  const args = (block as { args?: unknown } | null | undefined)?.args;
  if (!Array.isArray(args)) return [];
  return args.flatMap((argument: unknown, index) =>
    typeof argument !== "string"
      ? []
      : [...argument.matchAll(/\{([a-z_]+)\}/g)]
          .filter(([, word]) => !(PLACEHOLDERS as readonly string[]).includes(word!))
          .map(([whole]) =>
            warning("unknown-placeholder", `${whole} is not replaced by anything and is handed over as it is`, [
              name,
              "args",
              index,
            ]),
          ),
  );
}

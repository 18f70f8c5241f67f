/** A checked value, or the reason to refuse it in words that follow its name. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** The rule for one field of an object. */
export interface FieldRule {
  readonly isRequired?: boolean;
  readonly isRight: (value: unknown) => boolean;
  readonly otherwise: string;
}

/** A rule for each field of `T`. A new field does not compile without a rule, and a field that is not optional is required. */
export type FieldRules<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? FieldRule : RequiredRule };

interface RequiredRule extends FieldRule {
  readonly isRequired: true;
}

/** A text of any length. */
export const TEXT: FieldRule = { isRight: (value) => typeof value === "string", otherwise: "is not a text" };

/** The rule for a field that must be there. */
export function required(rule: FieldRule): RequiredRule {
  return { ...rule, isRequired: true };
}

/** A field that is one of a few words or numbers. */
export function oneOf(...values: readonly (string | number)[]): FieldRule {
  return { isRight: (value) => (values as readonly unknown[]).includes(value), otherwise: `is not ${values.join(" or ")}` };
}

/**
 * A check by a table of rules. Fields without a rule may be anything, and stay.
 *
 * A schema library would load longer than a call that reads a few small files takes. This check also needs a fraction of
 * its time for a file of ten thousand rows.
 */
export function checkFields<T extends object>(rules: FieldRules<T>): (value: unknown) => Checked<T> {
  return (value) => {
    const why = whyNotFields(value, rules);
    return why === undefined ? { ok: true, value: value as T } : { ok: false, why };
  };
}

/** The first field that is wrong, with the reason: "cwd: is missing". Fields without a rule may be anything. */
export function whyNotFields(value: unknown, rules: Readonly<Record<string, FieldRule>>): string | undefined {
  if (!isObject(value)) return "is not an object";
  for (const name in rules) {
    const { isRequired, isRight, otherwise } = rules[name]!;
    const field = fieldOf(value, name);
    if (field === undefined ? isRequired : !isRight(field)) return `${name}: ${field === undefined ? "is missing" : otherwise}`;
  }
  return undefined;
}

/** A field of what may be no object; undefined where it has no such field of its own. */
export function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Tells whether a value is an object with fields, and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { claudeRule } from "./claude.ts";
import { codexRule } from "./codex.ts";
import { declaredRule, generalRule, lineRule } from "./general.ts";
import type { PromptRule } from "./types.ts";

/** The rules of runtimes whose screens iapeer knows. */
const RULES: Readonly<Record<string, PromptRule>> = { claude: claudeRule, codex: codexRule };

/** The rule for a program: the sign that is declared for its runtime, else the runtime's own rule, else a rule for any program. */
export function chooseRule(
  runtime: string,
  { isLineMode, sign }: { readonly isLineMode: boolean; readonly sign: string | undefined },
): PromptRule {
  if (sign !== undefined) return declaredRule(sign);
  const own = Object.hasOwn(RULES, runtime) ? RULES[runtime] : undefined;
  return own ?? (isLineMode ? lineRule : generalRule);
}

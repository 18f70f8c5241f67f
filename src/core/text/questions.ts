/** Forms of lines that ask for an answer, a key, a choice or a secret, wherever they stand. Agents, shells and installers use them. */
const QUESTIONS: readonly RegExp[] = [
  // [y/N] (Y/n) [yes/no] (y/n/a)
  /[[(<{]\s*(?:y|yes|j|ja|o|oui|s|si)\s*[/|,]\s*(?:n|no|nein|non)\b/i,
  /\[y\](?:es)?\b|\by\/n\b|\byes\/no\b|\byes or no\b/i,
  /\b(?:password|passphrase|passcode|pin|token|secret|code|username|login)\b[^.]{0,40}:\s*$/i,
  /\b(?:press|hit)\b.{0,30}\b(?:enter|return|key|space|y|esc|escape)\b|\btype\b.{0,20}\byes\b/i,
  // A menu: "❯ 1. Yes", "  2) No", "( ) one", "(•) two", "[x] three", "◯ four".
  /^\s*[❯›>→▶*]?\s*(?:\d{1,2}[.)]|[([][ xX*•●✓✔]?[)\]]|[◯◉○◻◼☐☑☒])\s+\S/u,
  // A pager, or a form of several pages.
  /^\s*-+\s*more\b|\(END\)\s*$|\b(?:page|step) \d+\s*(?:\/|of)\s*\d+/i,
  // A search: "(reverse-i-search)`x': ", "bck-i-search: x", "Search: x".
  /i-search\b|\bsearch[^ ]*\s*:/i,
  /\besc(?:ape)? to (?:cancel|exit|go back|close|dismiss)|\benter to (?:confirm|select|continue|submit|accept|approve)/i,
  /\[(?:default|enter|return|ok|abort|retry|ignore|a|q|quit|skip)\b[^\]]*\]\s*:?\s*$/i,
];

/** "Proceed?", and "Proceed? > ". */
const OPEN_QUESTION = /[?？]["'”’)\]]*\s*[>:›❯»]?\s*$/u;

/** True for a line that asks for an answer in a form of its own. */
export function isQuestion(line: string): boolean {
  const text = withoutFrames(line);
  return QUESTIONS.some((form) => form.test(text));
}

/** True also for a line that ends with a question mark, as the words of an agent to its person do as well. */
export function mayBeQuestion(line: string): boolean {
  return isQuestion(line) || OPEN_QUESTION.test(withoutFrames(line));
}

function withoutFrames(line: string): string {
  return line.replaceAll(/[|\u2500-\u259f]/gu, " ").trimEnd();
}

import { classOf } from "../../model/characters.ts";
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
} from "yaml";
import { type Finding, isWithin, type Path, type Place } from "./problems.ts";
import { findSecrets, holdsSecret, isSecretKey, maskSecrets, quote } from "./secrets.ts";

/** A fleet file's text, parsed. */
export interface YamlTree {
  readonly document: Document.Parsed;
  /** The plain values of the text. The keys of a mapping are texts. */
  readonly value: unknown;
  /** The problems that the text has as YAML, whatever a fleet file must be. */
  readonly findings: readonly Finding[];
  /** False where the text is no YAML: then `value` is a guess. */
  readonly isWhole: boolean;
  /** The place of a finding's keys, or of the nearest key above that exists. */
  readonly place: (finding: Finding) => Place;
  /** True for keys about which nothing more is to be said. */
  readonly isSettled: (path: Path) => boolean;
}

/** Deeper than this is nothing that a fleet file has. */
const MAX_DEPTH = 60;

/** Characters that YAML 1.2 allows nowhere (5.1), and line ends that no editor shows. */
const FORBIDDEN = new RegExp(String.raw`[${classOf(["nul", "ascii", "del"])}]|\r(?!\n)`);

/**
 * Parses the text of a fleet file, without a byte order mark. Aliases are refused and never followed: no text of a
 * given size can stand for a bigger one. undefined: there is nothing but space and comments.
 */
export function parseYaml(text: string): YamlTree | undefined {
  const lineCounter = new LineCounter();
  const options = { keepSourceTokens: true, lineCounter, logLevel: "silent", prettyErrors: false, uniqueKeys: false } as const;
  const documents = parseAllDocuments(text, options) as Document.Parsed[];
  const [document, second] = documents;
  if (document === undefined) return undefined;
  const syntax = [...findControls(text), ...findOddBlanks(text), ...findSyntax(document), ...findSecond(second)];
  if (syntax.length === 0 && isNothing(document.contents)) return undefined;
  const walk = new Walk((offset) => lineCounter.linePos(offset).line);
  const value = walk.read(document.contents, [], 0);
  const place = ({ path, at }: Finding) => {
    const { line, col } = lineCounter.linePos(typeof at === "number" ? at : walk.offsetOf(path, at));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return {
    document,
    value,
    findings: [...syntax, ...walk.findings, ...walk.findLooseSecrets(text)],
    isWhole: syntax.length === 0,
    place,
    isSettled: (path) => walk.settled.some((above) => isWithin(path, above)),
  };
}

function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && node.source === "");
}

function findControls(text: string): Finding[] {
  const found = FORBIDDEN.exec(text);
  if (found === null) return [];
  const hex = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return [
    { code: "fleet-syntax", message: `not YAML: the control character U+${hex}`, path: [], at: found.index, hint: "take it out" },
  ];
}

/** Blanks that look like a space and are none to YAML (6.1), in the indentation or behind a dash. Behind them everything is one text. */
const ODD_BLANK = /^[ \t-]*?([\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff])/gm;

function findOddBlanks(text: string): Finding[] {
  return [...text.matchAll(ODD_BLANK)].map(({ index, 0: found }) => {
    const hex = found
      .charCodeAt(found.length - 1)
      .toString(16)
      .toUpperCase()
      .padStart(4, "0");
    return {
      code: "fleet-syntax",
      message: `not YAML: U+${hex} stands where a space should`,
      path: [],
      at: index + found.length - 1,
      hint: "indent with spaces",
    };
  });
}

/** Finds the first place that is no YAML: the parser's later errors mostly follow from it. An unknown tag does no harm to the rest. */
function findSyntax(document: Document.Parsed): Finding[] {
  const all = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const isOfItsOwn = ({ code }: (typeof all)[number]) => code === "TAG_RESOLVE_FAILED";
  const first = all.find(({ code }) => code === "RESOURCE_EXHAUSTION") ?? all.find((problem) => !isOfItsOwn(problem));
  const found = all
    .filter((problem) => problem === first || (first?.code !== "RESOURCE_EXHAUSTION" && isOfItsOwn(problem)))
    .map(({ code, message, pos }): Finding => {
      const said = code === "RESOURCE_EXHAUSTION" ? "nested too deeply" : oneLine(message);
      return {
        code: "fleet-syntax",
        message: `not YAML: ${said}`,
        path: [],
        at: pos[0],
        hint: code === "TAB_AS_INDENT" ? "indent with spaces" : undefined,
      };
    });
  if (document.directives.yaml.explicit) {
    found.push({ code: "fleet-syntax", message: "a %YAML line is not read here", path: [], at: 0, hint: "take it out" });
  }
  return found;
}

function oneLine(message: string): string {
  const line = maskSecrets(message).replaceAll(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

function findSecond(second: Document.Parsed | undefined): Finding[] {
  if (second === undefined) return [];
  return [
    {
      code: "fleet-syntax",
      message: "a second document begins here",
      path: [],
      at: second.range[0],
      hint: "a fleet file is one document",
    },
  ];
}

interface Offsets {
  readonly key: number;
  readonly value: number;
}

/** Reads nodes as plain values, and remembers the place of each. */
class Walk {
  readonly findings: Finding[] = [];
  readonly settled: Path[] = [];
  readonly #offsets = new Map<string, Offsets>();
  /** The ranges of the credentials that a finding names. */
  readonly #told: (readonly [number, number])[] = [];

  constructor(private readonly lineOf: (offset: number) => number) {}

  offsetOf(path: Path, at: "key" | undefined): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = this.#offsets.get(JSON.stringify(path.slice(0, length)));
      // A missing key is missing from the value above it.
      if (found !== undefined) return at === "key" && length === path.length ? found.key : found.value;
    }
    return 0;
  }

  read(node: Node | null, path: Path, depth: number, key = startOf(node)): unknown {
    this.#offsets.set(JSON.stringify(path), { key, value: node === null ? key : startOf(node) });
    if (isAlias(node)) {
      this.#settle(path, {
        code: "fleet-alias",
        message: `the alias ${quote(`*${node.source}`)} is not followed`,
        path,
        hint: "write out what it stands for; what agents share goes into defaults",
      });
      return undefined;
    }
    if (isScalar(node)) return this.#readScalar(node.value, node, path);
    if (!isCollection(node) || depth > MAX_DEPTH) return null;
    if (isSeq(node)) return node.items.map((item, index) => this.read(item as Node | null, [...path, index], depth + 1));
    return isMap(node) ? this.#readMap(node.items as Pair<Node, Node | null>[], path, depth) : null;
  }

  #readScalar(value: unknown, node: Node, path: Path): unknown {
    if (typeof value === "string" && holdsSecret(value)) this.#settleSecret(path, node, "this looks like a credential");
    return value;
  }

  #readMap(pairs: readonly Pair<Node, Node | null>[], path: Path, depth: number): Record<string, unknown> {
    const values = new Map<string, unknown>();
    const starts = new Map<string, number>();
    for (const { key, value } of pairs) {
      const name = this.#readKey(key, path);
      if (name === undefined) continue;
      const own = [...path, name];
      const first = starts.get(name);
      if (isSecretKey(name)) this.#settleSecret(own, value ?? key, `${quote(name)} is a credential's name`, "key");
      if (first === undefined) {
        starts.set(name, startOf(key));
        values.set(name, this.read(value, own, depth + 1, startOf(key)));
      } else {
        const message = `${quote(name)} is there twice; the first is on line ${this.lineOf(first)}`;
        this.findings.push({ code: "fleet-duplicate-key", message, path: own, at: startOf(key), hint: "keep one of them" });
      }
    }
    return Object.fromEntries(values);
  }

  #readKey(key: Node, path: Path): string | undefined {
    if (isScalar(key) && (typeof key.value === "string" || typeof key.value === "number" || typeof key.value === "boolean"))
      return String(key.value);
    const message = isAlias(key) ? "an alias is not followed" : "a key is not a text";
    this.findings.push({ code: isAlias(key) ? "fleet-alias" : "fleet-wrong-type", message, path, at: startOf(key) });
    return undefined;
  }

  #settle(path: Path, finding: Finding): void {
    if (this.settled.some((above) => isWithin(path, above))) return;
    this.settled.push(path);
    this.findings.push(finding);
  }

  #settleSecret(path: Path, node: Node, message: string, at?: "key"): void {
    const [from, to] = node.range ?? [0, 0];
    this.#told.push([from, to]);
    this.#settle(path, { ...secretFinding(message, path), ...(at !== undefined && { at }) });
  }

  /** Finds credentials in comments, in keys, and in parts that could not be read. */
  findLooseSecrets(text: string): Finding[] {
    const offsets = findSecrets(text).filter((offset) => !this.#told.some(([from, to]) => from <= offset && offset < to));
    return offsets.map((at) => ({ ...secretFinding("this looks like a credential", []), at }));
  }
}

function secretFinding(message: string, path: Path): Finding {
  return {
    code: "fleet-secret",
    message: `${message}: secrets never go into the fleet file`,
    path,
    hint: "take it out and put it into the agent's launch.env; if the file was ever shared, replace it",
  };
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

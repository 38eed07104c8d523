import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { EmporiumError } from "../../../../core/errors.js";

/*
 * Changing a YAML text in some places and in no other. A serialiser would write every line anew, in its own style and without half of the
 * comments; here the tree only says where things stand, and changes are cut into the text itself.
 */

type Value = Node | null | undefined;
type Entry = Pair<Node, Node | null>;
type Range = readonly [start: number, end: number];
/** Other text for a range; of several additions at one place the ones to deeper values come first. */
interface Cut {
  start: number;
  end: number;
  text: string;
  depth: number;
}
/** What the parser keeps of a block collection: the column of its keys or dashes, and where these are. */
interface Block {
  srcToken?: { type?: string; indent?: number; items?: { start?: { type: string; offset: number }[] }[] };
}

export class YamlText {
  readonly #text: string;
  readonly #cuts: Cut[] = [];
  readonly #flow = new Map<Node, { ranges: readonly Range[]; indices: Set<number> }>();
  /** Entries of block lists that go. */
  readonly #gone = new Map<YAMLSeq, Set<number>>();
  readonly root: YAMLMap;
  readonly #anchors = new Map<Alias, Node>();

  /** @throws {EmporiumError} CONFIG_SYNTAX where the document is no map */
  constructor(text: string, file: string) {
    this.#text = text;
    const document = parseDocument(text, {
      version: "1.1",
      schema: "failsafe",
      resolveKnownTags: false,
      uniqueKeys: false,
      keepSourceTokens: true,
      prettyErrors: false,
      logLevel: "silent",
    });
    if (document.errors.length > 0 || !isMap(document.contents)) {
      throw new EmporiumError("CONFIG_SYNTAX", document.errors[0]?.message ?? "the document is no map of sections", {
        place: { file },
      });
    }
    this.root = document.contents as YAMLMap;
    this.#findAnchors(this.root, new Map());
  }

  #findAnchors(node: Value, seen: Map<string, Node>): void {
    if (isAlias(node)) {
      const target = seen.get(node.source);
      if (target) this.#anchors.set(node, target);
      return;
    }
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor) seen.set(node.anchor, node);
    if (isMap(node)) for (const { value } of node.items as Entry[]) this.#findAnchors(value, seen);
    else if (isSeq(node)) for (const item of node.items as Node[]) this.#findAnchors(item, seen);
  }

  /** What an alias means; anything else is itself. */
  resolve(node: Value): Node | undefined {
    return isAlias(node) ? this.#anchors.get(node) : (node ?? undefined);
  }

  /** The value below a key, aliases and merged keys followed. */
  get(node: Value, key: string): Node | undefined {
    const map = this.resolve(node);
    if (!isMap(map)) return undefined;
    const own = this.pair(map, key);
    if (own) return this.resolve(own.value);
    for (const { key: name, value } of map.items as Entry[]) {
      if (!isScalar(name) || name.value !== "<<") continue;
      const merged = this.resolve(value);
      for (const one of isSeq(merged) ? (merged.items as Node[]) : [merged]) {
        const found = this.get(one, key);
        if (found) return found;
      }
    }
    return undefined;
  }

  map(node: Value, key: string): YAMLMap | undefined {
    const found = this.get(node, key);
    return isMap(found) ? (found as YAMLMap) : undefined;
  }

  /** Entries of a list, aliases followed. */
  items(node: Value): Node[] {
    const list = this.resolve(node);
    return isSeq(list) ? (list.items as Node[]).flatMap((item) => this.resolve(item) ?? []) : [];
  }

  pair(map: YAMLMap, key: string): Entry | undefined {
    return (map.items as Entry[]).find(({ key: name }) => isScalar(name) && String(name.value) === key);
  }

  has(map: YAMLMap, key: string): boolean {
    return this.pair(map, key) !== undefined || this.get(map, key) !== undefined;
  }

  /** Text of a scalar, or undefined for nothing: an absent, empty or null value. */
  text(node: Value): string | undefined {
    const scalar = this.resolve(node);
    if (!isScalar(scalar)) return undefined;
    const text = String(scalar.value ?? "");
    return scalar.type === "PLAIN" && /^(?:~|null|Null|NULL|)$/.test(text) ? undefined : text;
  }

  /** The text with all changes. */
  finish(): string {
    this.#cutFlow();
    const cuts = [...this.#cuts].sort(inOrder);
    let text = "";
    let at = 0;
    for (const { start, end, text: added } of cuts) {
      if (start < at) continue; // within what has been taken out already
      text += this.#text.slice(at, start);
      if (added !== "" && text !== "" && !text.endsWith("\n") && start === this.#text.length) text += "\n";
      text += added;
      at = end;
    }
    return text + this.#text.slice(at);
  }

  /** Puts other words in the place of a scalar; its quotes stay. */
  setScalar(node: Scalar, value: string): void {
    const [start, end] = node.range!;
    const source = this.#text.slice(start, end);
    const quote = /^["']/.exec(source)?.[0] ?? "";
    this.#cut(start, end, `${quote}${value}${quote}`);
  }

  /** Adds a key at the end of a map, with a value of lines that have no indentation. */
  addEntry(map: YAMLMap, key: string, value: readonly string[]): void {
    if (!this.#isBlock(map)) {
      const inner = map.range![1] - 1;
      this.#cut(inner, inner, `${map.items.length > 0 ? ", " : ""}${key}: ${flowOf(value)}`);
      return;
    }
    const column = this.#indent(map);
    const indent = " ".repeat(column);
    const at = this.#lineEnd(this.#endOf(map));
    this.#cut(
      at,
      at,
      entryLines(key, value)
        .map((line) => `${indent}${line}\n`)
        .join(""),
      column,
    );
  }

  /** Adds an entry at the end of a list. */
  addItem(list: YAMLSeq, lines: readonly string[]): void {
    if (!this.#isBlock(list)) {
      const inner = list.range![1] - 1;
      this.#cut(inner, inner, `${list.items.length > 0 ? ", " : ""}${flowOf(lines)}`);
      return;
    }
    const column = this.#indent(list);
    const indent = " ".repeat(column);
    const at = this.#lineEnd(this.#endOf(list));
    const [first = "", ...others] = lines;
    const item = `${indent}- ${first}\n${others.map((line) => `${indent}  ${line}\n`).join("")}`;
    // a list may stand at the column of its key, and is still deeper
    this.#cut(at, at, item, column + 0.5);
  }

  /** Takes out a key with its value, or replaces both by other lines at the same column. */
  replaceEntry(map: YAMLMap, key: string, lines: readonly string[] = []): void {
    const at = (map.items as Entry[]).findIndex(({ key: name }) => isScalar(name) && String(name.value) === key);
    if (at < 0) return;
    const pairs = map.items as Entry[];
    const pair = pairs[at]!;
    const endOf = (one: Entry) => this.#endOf(one.value) || one.key.range![1] + 1;
    if (!this.#isBlock(map)) {
      const ranges = pairs.map((one): Range => [one.key.range![0], endOf(one)]);
      if (lines.length > 0) this.#cut(ranges[at]![0], ranges[at]![1], flowOf(lines).slice(1, -1));
      else this.#removeFlow(map, ranges, at);
      return;
    }
    const indent = " ".repeat(this.#indent(map));
    const added = lines.map((line) => `${indent}${line}\n`).join("");
    this.#cutLines(pair.key.range![0], endOf(pair), added, pairs[at + 1]?.key.range?.[0]);
  }

  removeItem(list: YAMLSeq, index: number): void {
    const nodes = list.items as Node[];
    if (!this.#isBlock(list)) {
      const ranges = nodes.map((node): Range => [node.range![0], this.#endOf(node)]);
      this.#removeFlow(list, ranges, index);
      return;
    }
    const dashes = ((list as Block).srcToken?.items ?? []).flatMap(
      ({ start }) => start?.find(({ type }) => type === "seq-item-ind")?.offset ?? [],
    );
    const gone = this.#gone.get(list) ?? new Set<number>();
    this.#gone.set(list, gone.add(index));
    if (gone.size < nodes.length) {
      this.#cutLines(dashes[index]!, this.#endOf(nodes[index]), "", dashes[index + 1]);
      return;
    }
    // the cuts of single entries fall into this one: without any, the list is to stay a list
    const start = this.#text.lastIndexOf("\n", dashes[0]! - 1) + 1;
    this.#cut(start, this.#lineEnd(this.#endOf(list)), `${" ".repeat(this.#indent(list) + 2)}[]\n`);
  }

  /** Lines from the one of `start` to the one of `end`; behind a dash only what follows it. */
  #cutLines(start: number, end: number, added: string, next: number | undefined): void {
    const lineStart = this.#text.lastIndexOf("\n", start - 1) + 1;
    const alone = this.#text.slice(lineStart, start).trim() === "";
    if (alone) this.#cut(lineStart, this.#lineEnd(end), added);
    else if (added !== "") this.#cut(start, this.#lineEnd(end), added.trimStart());
    else this.#cut(start, next ?? end, "");
  }

  /** Entries in one line go with their commas, which depends on all that go: so they are cut at the end. */
  #removeFlow(node: Node, ranges: readonly Range[], at: number): void {
    const gone = this.#flow.get(node) ?? { ranges, indices: new Set<number>() };
    gone.indices.add(at);
    this.#flow.set(node, gone);
  }

  #cutFlow(): void {
    for (const { ranges, indices } of this.#flow.values()) {
      for (let at = 0; at < ranges.length; at++) {
        if (!indices.has(at)) continue;
        const first = at;
        while (indices.has(at + 1)) at++;
        const [start, end] = [ranges[first]![0], ranges[at]![1]];
        if (ranges[at + 1]) this.#cut(start, ranges[at + 1]![0], "");
        else this.#cut(ranges[first - 1]?.[1] ?? start, end, "");
      }
    }
    this.#flow.clear();
  }

  #cut(start: number, end: number, text: string, depth = 0): void {
    this.#cuts.push({ start, end, text, depth });
  }

  /**
   * A key and the value that stands somewhere else in this text, as lines without indentation. Comments and quotes come along, an anchor too
   * (the value moves; a copy is made by `copy`).
   */
  moved(key: string, node: Value): string[] {
    if (!node) return [`${key}:`];
    const anchor = !isAlias(node) && (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor ? ` &${node.anchor}` : "";
    const start = node.range![0];
    const end = this.#endOf(node);
    if (this.#isBlock(node)) {
      const column = this.#indent(node);
      const lines = trimEnd(this.#text.slice(this.#commentsAbove(start), end)).split("\n");
      return [`${key}:${anchor}`, ...lines.map((line) => `  ${dedent(line, column)}`)];
    }
    const [first = "", ...others] = trimEnd(this.#text.slice(start, end)).split("\n");
    const column = Math.min(...others.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length));
    return [`${key}:${anchor} ${first}`, ...others.map((line) => (line.trim() === "" ? "" : `  ${dedent(line, column)}`))];
  }

  /** Where the line of `at` begins, or the first of the lines of comments right above it. */
  #commentsAbove(at: number): number {
    let start = this.#text.lastIndexOf("\n", at - 1) + 1;
    for (;;) {
      const above = this.#text.lastIndexOf("\n", start - 2) + 1;
      if (start === 0 || !/^\s*#/.test(this.#text.slice(above, start))) return start;
      start = above;
    }
  }

  /** A value written once more, aliases written out, as lines without indentation; a single line for scalars. */
  copy(node: Value): string[] {
    const value = this.resolve(node);
    if ((isSeq(value) || isMap(value)) && !this.#isBlock(value)) {
      const source = this.#text.slice(value.range![0], value.range![1]);
      if (!/[\n&*#]/.test(source)) return [source];
    }
    if (isSeq(value)) {
      if (value.items.length === 0) return ["[]"];
      return (value.items as Node[]).flatMap((item) => {
        const [first = "", ...others] = this.copy(item);
        return [`- ${first}`, ...others.map((line) => `  ${line}`)];
      });
    }
    if (isMap(value)) {
      if (value.items.length === 0) return ["{}"];
      return (value.items as Entry[]).flatMap(({ key, value: child }) => {
        const name = this.copy(key)[0] ?? "";
        return entryLines(name, this.copy(child));
      });
    }
    if (!isScalar(value)) return ["null"];
    const source = this.#text.slice(value.range![0], value.range![1]);
    const oneLine = !source.includes("\n") && value.type !== "BLOCK_FOLDED" && value.type !== "BLOCK_LITERAL";
    return [oneLine ? source : quoted(String(value.value))];
  }

  #isBlock(node: Node): boolean {
    const type = (node as Block).srcToken?.type;
    return type === "block-map" || type === "block-seq";
  }

  #indent(node: Node): number {
    return (node as Block).srcToken?.indent ?? 0;
  }

  /** Where a value ends, without the comments behind it. 0 for nothing. */
  #endOf(node: Value): number {
    if (!node) return 0;
    if (this.#isBlock(node)) {
      const items = (node as YAMLMap | YAMLSeq).items;
      const last = items.at(-1) as Entry | Node | undefined;
      if (last && isMap(node)) {
        const { key, value } = last as Entry;
        return this.#endOf(value) || key.range![1] + 1;
      }
      if (last) return this.#endOf(last as Node);
    }
    return node.range![1];
  }

  /** Behind the line break of the line that holds `at`. */
  #lineEnd(at: number): number {
    if (at > 0 && this.#text[at - 1] === "\n") return at;
    const found = this.#text.indexOf("\n", at);
    return found < 0 ? this.#text.length : found + 1;
  }
}

/** Additions stand before what is cut at the same place; of two cuts the wider one counts. */
function inOrder(a: Cut, b: Cut): number {
  if (a.start !== b.start) return a.start - b.start;
  const [adds, also] = [a.start === a.end, b.start === b.end];
  if (adds !== also) return adds ? -1 : 1;
  return adds ? b.depth - a.depth : b.end - a.end;
}

/** A key with a value of lines: scalars behind it, maps indented below it, lists at its own column. */
export function entryLines(key: string, lines: readonly string[]): string[] {
  const [first = ""] = lines;
  const scalar = lines.length === 1 && !/^- |^[^\s"'[{][^:]*:(?: |$)/.test(first);
  if (scalar) return [`${key}: ${first}`];
  return [`${key}:`, ...lines.map((line) => (first.startsWith("- ") ? line : `  ${line}`))];
}

/** A text in double quotes, which YAML reads as JSON does. */
export function quoted(text: string): string {
  return `${JSON.stringify(text)}`;
}

function dedent(line: string, columns: number): string {
  const blanks = line.length - line.trimStart().length;
  return line.slice(Math.min(columns, blanks));
}

function trimEnd(text: string): string {
  return text.replace(/\s+$/, "");
}

/** Block lines as one line. Only for the small values that an upgrade adds. */
function flowOf(lines: readonly string[]): string {
  const [first = ""] = lines;
  if (lines.length === 1 && !/^- |^[\w-]+:(?: |$)/.test(first)) return first;
  const groups: string[][] = [];
  const isList = first.startsWith("- ");
  for (const line of lines) {
    if (/^\s/.test(line) || (!isList && line.startsWith("- "))) groups.at(-1)!.push(isList ? line.slice(2) : line);
    else groups.push([isList ? line.slice(2) : line]);
  }
  if (isList) return `[${groups.map(flowOf).join(", ")}]`;
  return `{${groups
    .map(([head = "", ...below]) => {
      const [, key = "", rest = ""] = /^([^:]+):\s*(.*)$/.exec(head) ?? [];
      const inner = below.map((line) => (below[0]!.startsWith("- ") ? line : line.slice(2)));
      return `${key}: ${below.length > 0 ? flowOf(inner) : rest}`;
    })
    .join(", ")}}`;
}

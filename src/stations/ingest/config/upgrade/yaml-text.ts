import { isScalar, type Node, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { TextCuts } from "./text-cuts.js";
import { copied, entryLines, flowOf, moved } from "./yaml-lines.js";
import { columnOf, dashesOf, type Entry, endOf, endOfEntry, isBlock, type Value, YamlTree } from "./yaml-tree.js";

/*
 * Changing a YAML text in some places and in no other. A serialiser would write every line anew, in its own style and without half of the
 * comments; here the tree only says where things stand, and changes are cut into the text itself.
 */

type Range = readonly [start: number, end: number];

export class YamlText extends YamlTree {
  readonly #cuts: TextCuts;
  readonly #flow = new Map<Node, { ranges: readonly Range[]; indices: Set<number> }>();
  /** Entries of block lists that go. */
  readonly #gone = new Map<YAMLSeq, Set<number>>();

  /** @throws {EmporiumError} CONFIG_SYNTAX where the document is no map */
  constructor(text: string, file: string) {
    super(text, file);
    this.#cuts = new TextCuts(text);
  }

  /** The text with all changes. */
  finish(): string {
    this.#cutFlow();
    return this.#cuts.finish();
  }

  /** A value written once more, as lines; a single one for scalars. */
  copy(node: Value): string[] {
    return copied(this, this.#cuts.text, node);
  }

  /** A key and the value that stands somewhere else in this text, as lines. */
  moved(key: string, node: Value): string[] {
    return moved(this.#cuts.text, key, node);
  }

  /** Puts other words in the place of a scalar; its quotes stay. */
  setScalar(node: Scalar, value: string): void {
    const [start, end] = node.range!;
    const source = this.#cuts.text.slice(start, end);
    const quote = /^["']/.exec(source)?.[0] ?? "";
    this.#cuts.cut(start, end, `${quote}${value}${quote}`);
  }

  /** Adds a key at the end of a map, with a value of lines that have no indentation. */
  addEntry(map: YAMLMap, key: string, value: readonly string[]): void {
    if (!isBlock(map)) {
      const inner = map.range![1] - 1;
      this.#cuts.cut(inner, inner, `${map.items.length > 0 ? ", " : ""}${key}: ${flowOf(value)}`);
      return;
    }
    const column = columnOf(map);
    const indent = " ".repeat(column);
    const at = this.#cuts.lineEnd(endOf(map));
    this.#cuts.cut(
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
    if (!isBlock(list)) {
      const inner = list.range![1] - 1;
      this.#cuts.cut(inner, inner, `${list.items.length > 0 ? ", " : ""}${flowOf(lines)}`);
      return;
    }
    const column = columnOf(list);
    const indent = " ".repeat(column);
    const at = this.#cuts.lineEnd(endOf(list));
    const [first = "", ...others] = lines;
    const item = `${indent}- ${first}\n${others.map((line) => `${indent}  ${line}\n`).join("")}`;
    // a list may stand at the column of its key, and is still deeper
    this.#cuts.cut(at, at, item, column + 0.5);
  }

  /** Takes out a key with its value, or replaces both by other lines at the same column. */
  replaceEntry(map: YAMLMap, key: string, lines: readonly string[] = []): void {
    const at = (map.items as Entry[]).findIndex(({ key: name }) => isScalar(name) && String(name.value) === key);
    if (at < 0) return;
    const pairs = map.items as Entry[];
    const pair = pairs[at]!;
    if (!isBlock(map)) {
      const ranges = pairs.map((one): Range => [one.key.range![0], endOfEntry(one)]);
      if (lines.length > 0) this.#cuts.cut(ranges[at]![0], ranges[at]![1], flowOf(lines).slice(1, -1));
      else this.#removeFlow(map, ranges, at);
      return;
    }
    const indent = " ".repeat(columnOf(map));
    const added = lines.map((line) => `${indent}${line}\n`).join("");
    this.#cuts.cutLines(pair.key.range![0], endOfEntry(pair), added, pairs[at + 1]?.key.range?.[0]);
  }

  removeItem(list: YAMLSeq, index: number): void {
    const nodes = list.items as Node[];
    if (!isBlock(list)) {
      const ranges = nodes.map((node): Range => [node.range![0], endOf(node)]);
      this.#removeFlow(list, ranges, index);
      return;
    }
    const dashes = dashesOf(list);
    const gone = this.#gone.get(list) ?? new Set<number>();
    this.#gone.set(list, gone.add(index));
    if (gone.size < nodes.length) {
      this.#cuts.cutLines(dashes[index]!, endOf(nodes[index]), "", dashes[index + 1]);
      return;
    }
    // the cuts of single entries fall into this one: without any, the list is to stay a list
    const start = this.#cuts.lineStart(dashes[0]!);
    this.#cuts.cut(start, this.#cuts.lineEnd(endOf(list)), `${" ".repeat(columnOf(list) + 2)}[]\n`);
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
        if (ranges[at + 1]) this.#cuts.cut(start, ranges[at + 1]![0], "");
        else this.#cuts.cut(ranges[first - 1]?.[1] ?? start, end, "");
      }
    }
    this.#flow.clear();
  }
}

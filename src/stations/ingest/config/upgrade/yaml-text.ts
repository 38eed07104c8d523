import type { Node, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { type Range, TextCuts } from "./text-cuts.js";
import { copied, entryLines, flowOf, itemLines, moved } from "./yaml-lines.js";
import { columnOf, dashesOf, type Entry, endOf, endOfEntry, isBlock, type Value, YamlTree } from "./yaml-tree.js";

/*
 * Changes parts of a YAML text and nothing else. A serialiser would rewrite every line in its own style and lose half of the
 * comments. Here the tree only gives positions, and the text itself is changed.
 */

export class YamlText extends YamlTree {
  readonly #cuts: TextCuts;
  /** Entries of block lists that go. */
  readonly #gone = new Map<YAMLSeq, Set<number>>();

  /** @throws {EmporiumError} CONFIG_SYNTAX where the document is no map */
  constructor(text: string, file: string) {
    super(text, file);
    this.#cuts = new TextCuts(text);
  }

  /** The text with all changes. */
  finish(): string {
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
    this.#add(map, isBlock(map) ? entryLines(key, value) : [`${key}: ${flowOf(value)}`], 0);
  }

  /** Adds an entry at the end of a list. */
  addItem(list: YAMLSeq, lines: readonly string[]): void {
    // a list may stand at the column of its key, and is still deeper
    this.#add(list, isBlock(list) ? itemLines(lines) : [flowOf(lines)], 0.5);
  }

  #add(to: YAMLMap | YAMLSeq, lines: readonly string[], deeper: number): void {
    if (!isBlock(to)) {
      const inner = to.range![1] - 1;
      this.#cuts.cut(inner, inner, `${to.items.length > 0 ? ", " : ""}${lines[0]}`);
      return;
    }
    const at = this.#cuts.lineEnd(endOf(to));
    this.#cuts.cut(at, at, indented(lines, columnOf(to)), columnOf(to) + deeper);
  }

  /** Takes out a key with its value, or replaces both by other lines at the same column. */
  replaceEntry(map: YAMLMap, key: string, lines: readonly string[] = []): void {
    const pairs = map.items as Entry[];
    const pair = this.pair(map, key);
    if (!pair) return;
    const at = pairs.indexOf(pair);
    const [start, end] = rangeOfEntry(pair);
    if (isBlock(map)) this.#cuts.cutLines(start, end, indented(lines, columnOf(map)), pairs[at + 1]?.key.range?.[0]);
    else if (lines.length > 0) this.#cuts.cut(start, end, flowOf(lines).slice(1, -1));
    else this.#cuts.cutMember(map, pairs.map(rangeOfEntry), at);
  }

  removeItem(list: YAMLSeq, index: number): void {
    const nodes = list.items as Node[];
    if (!isBlock(list)) {
      const members = nodes.map((node): Range => [node.range![0], endOf(node)]);
      this.#cuts.cutMember(list, members, index);
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
}

function rangeOfEntry(entry: Entry): Range {
  return [entry.key.range![0], endOfEntry(entry)];
}

function indented(lines: readonly string[], columns: number): string {
  return lines.map((line) => `${" ".repeat(columns)}${line}\n`).join("");
}

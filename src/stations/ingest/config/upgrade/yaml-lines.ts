import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import { columnOf, type Entry, endOf, isBlock, type Value, type YamlTree } from "./yaml-tree.js";

/* Values of a YAML text as lines that can stand elsewhere in it. */

/**
 * A key and a value from elsewhere in this text, as lines without indentation. Comments, quotes and anchors are kept (the value
 * moves; `copied` makes copies).
 */
export function moved(text: string, key: string, node: Value): string[] {
  if (!node) return [`${key}:`];
  const anchor = !isAlias(node) && (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor ? ` &${node.anchor}` : "";
  const start = node.range![0];
  const end = endOf(node);
  if (isBlock(node)) {
    const column = columnOf(node);
    const lines = trimEnd(text.slice(commentsAbove(text, start), end)).split("\n");
    return [`${key}:${anchor}`, ...lines.map((line) => `  ${dedent(line, column)}`)];
  }
  const [first = "", ...others] = trimEnd(text.slice(start, end)).split("\n");
  const column = Math.min(...others.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length));
  return [`${key}:${anchor} ${first}`, ...others.map((line) => (line.trim() === "" ? "" : `  ${dedent(line, column)}`))];
}

/** Offset of the start of the line of `at`, or of the first of the comment lines right above it. */
function commentsAbove(text: string, at: number): number {
  let start = text.lastIndexOf("\n", at - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf("\n", start - 2) + 1;
    if (start === 0 || !/^\s*#/.test(text.slice(above, start))) return start;
    start = above;
  }
}

/** A value written once more, aliases written out, as lines without indentation; a single line for scalars. */
export function copied(tree: YamlTree, text: string, node: Value): string[] {
  const value = tree.resolve(node);
  if ((isSeq(value) || isMap(value)) && !isBlock(value)) {
    const source = text.slice(value.range![0], value.range![1]);
    if (!/[\n&*#]/.test(source)) return [source];
  }
  if (isSeq(value)) {
    if (value.items.length === 0) return ["[]"];
    return (value.items as Node[]).flatMap((item) => itemLines(copied(tree, text, item)));
  }
  if (isMap(value)) {
    if (value.items.length === 0) return ["{}"];
    return (value.items as Entry[]).flatMap(({ key, value: child }) => {
      const name = copied(tree, text, key)[0] ?? "";
      return entryLines(name, copied(tree, text, child));
    });
  }
  if (!isScalar(value)) return ["null"];
  const source = text.slice(value.range![0], value.range![1]);
  const oneLine = !source.includes("\n") && value.type !== "BLOCK_FOLDED" && value.type !== "BLOCK_LITERAL";
  return [oneLine ? source : quoted(String(value.value))];
}

/** A key with a value of lines: scalars after it, maps indented below it, lists at its own column. */
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

/** An entry of a block list. */
export function itemLines([first = "", ...others]: readonly string[]): string[] {
  return [`- ${first}`, ...others.map((line) => `  ${line}`)];
}

function dedent(line: string, columns: number): string {
  const blanks = line.length - line.trimStart().length;
  return line.slice(Math.min(columns, blanks));
}

function trimEnd(text: string): string {
  return text.replace(/\s+$/, "");
}

/** Block lines as one line. Only for the small values that an upgrade adds. */
export function flowOf(lines: readonly string[]): string {
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

import { Document, isCollection, isScalar, type Node, type Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

/** A value that a person has to fill in, or to look at where it is a guess; valid as it stands. */
export class Ask {
  constructor(
    readonly value: unknown,
    readonly what: string,
    readonly please: string = PLEASE,
  ) {}
}

/** A float whose text shows that it is one: `10.0`. */
class Decimal {
  constructor(readonly value: number) {}
}

/** A value that comes again under a name. */
export class Named {
  constructor(
    readonly name: string,
    readonly value: unknown,
  ) {}
}

/** First words of the comments of placeholders, and of guesses. */
export const PLEASE = "please fill in";
export const PLEASE_CHECK = "please check";

export const ask = (value: unknown, what: string): Ask => new Ask(value, what);
/** A value that was concluded from something, and may be wrong. */
export const guess = (value: unknown, what: string): Ask => new Ask(value, what, PLEASE_CHECK);
/** Whole numbers keep their point, which in metadata they have. */
export const decimal = (value: number): Decimal => new Decimal(value);

/**
 * YAML with a comment behind each value that a person should fill in or check (above lists and maps). The comment ends with the
 * value in brackets. Short plain lists and maps stay on one line. The first use of a `Named` gets an anchor, later ones an alias.
 */
export function yamlText(value: unknown, heading: readonly string[]): string {
  // the portal's own program reads YAML 1.1, where 1_0, 1:30 and yes are no texts
  const document = new Document(undefined, { compat: "yaml-1.1" });
  const anchors = new Map<Named, Node>();
  document.contents = nodeOf(value) as never;
  document.commentBefore = heading.map((line) => ` ${line}`).join("\n");
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });

  function nodeOf(item: unknown): Node {
    if (item instanceof Ask) {
      const node = nodeOf(item.value);
      node.comment = ` ${item.please}: ${item.what} [${asWritten(item.value)}]`;
      return node;
    }
    if (item instanceof Decimal) {
      const node = new Scalar(item.value);
      if (Number.isInteger(item.value)) node.minFractionDigits = 1;
      return node;
    }
    if (item instanceof Named) {
      const known = anchors.get(item);
      if (known) return document.createAlias(known as Scalar, item.name) as unknown as Node;
      const node = nodeOf(item.value);
      (node as Scalar).anchor = item.name;
      anchors.set(item, node);
      return node;
    }
    if (Array.isArray(item)) {
      const list = new YAMLSeq<Node>();
      for (const one of item) list.items.push(nodeOf(one));
      list.flow = item.length > 0 && list.items.every(isPlain) && textLength(item) < 90;
      return list;
    }
    if (typeof item === "object" && item !== null) {
      const map = new YAMLMap<Node, Node>();
      for (const [key, one] of Object.entries(item)) {
        if (one === undefined) continue;
        map.items.push(pairOf(key, nodeOf(one)) as Pair<Node, Node>);
      }
      map.flow =
        map.items.length > 0 && map.items.every((pair) => isPlain(pair.value)) && map.items.length <= 3 && textLength(item) < 90;
      return map;
    }
    const node = new Scalar(item);
    // of YAML 1.1 too, and not known to the library: PyYAML has no value for it
    if (item === "=") node.type = "QUOTE_DOUBLE";
    return node;
  }

  /** The comment of a list or map goes above it: behind it, it would be hard to attribute. */
  function pairOf(key: string, value: Node): Pair {
    const name = new Scalar(key);
    if (isCollection(value) && value.comment) {
      name.commentBefore = value.comment;
      value.comment = null;
    }
    return document.createPair(name, value) as Pair;
  }
}

/** The value as text, for the brackets that end its comment: a value that is still the same was not changed by a person. */
function asWritten(value: unknown): string {
  if (value instanceof Decimal) return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value);
  if (Array.isArray(value)) return value.map(asWritten).join(", ");
  if (typeof value === "object" && value !== null) return Object.values(value).map(asWritten).join(", ");
  return String(value).replace(/[\r\n\u0085\u2028\u2029]/g, " ");
}

/** A line of YAML that asks a person for something. */
export interface AskedLine {
  /** Number of the line, from 1. */
  readonly line: number;
  /** The comment stands behind a value; otherwise above one. */
  readonly isTrailing: boolean;
  readonly please: string;
  readonly what: string;
  /** The value that was written there; undefined where the comment does not say. */
  readonly written: string | undefined;
}

const ASKED = new RegExp(`^(.*\\s|)# (${PLEASE}|${PLEASE_CHECK}): (.*?)(?: \\[([^[]*(?:\\[[^\\]]*\\][^[]*)*)\\])?\\s*$`);

/** The comments that `yamlText` writes, as they stand in a text. */
export function askedLines(yaml: string): AskedLine[] {
  return yaml.split(/\r?\n/).flatMap((text, at) => {
    const match = text.includes("# please ") ? ASKED.exec(text) : null;
    if (!match) return [];
    const [, before = "", please = "", what = "", written] = match;
    return [{ line: at + 1, isTrailing: before.trim() !== "", please, what, written }];
  });
}

function isPlain(node: unknown): boolean {
  return isScalar(node) && !node.comment && !node.commentBefore;
}

function textLength(value: unknown): number {
  if (value instanceof Decimal) return String(value.value).length;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textLength(one) + 2, 0);
  if (typeof value !== "object" || value === null) return String(value).length;
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + textLength(one) + 4, 0);
}

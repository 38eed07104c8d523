import { Document, isCollection, isScalar, type Node, type Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

/** A value that a person has to fill in, valid as it stands. */
export class Ask {
  constructor(
    readonly value: unknown,
    readonly what: string,
  ) {}
}

/** A float whose text shows that it is one: `10.0`. */
export class Decimal {
  constructor(readonly value: number) {}
}

/** A value that comes again under a name. */
export class Named {
  constructor(
    readonly name: string,
    readonly value: unknown,
  ) {}
}

export const PLEASE = "please fill in";

export const ask = (value: unknown, what: string): Ask => new Ask(value, what);
/** Whole numbers keep their point, which in metadata they have. */
export const decimal = (value: number): Decimal => new Decimal(value);

/**
 * YAML with a comment behind each value that is a person's to fill in, or above it where it is a list or map. Short lists and maps of plain
 * values stand on one line. The first use of a `Named` gets an anchor, later ones refer to it.
 */
export function yamlText(value: unknown, heading: readonly string[]): string {
  const document = new Document();
  const anchors = new Map<Named, Node>();
  document.contents = nodeOf(value) as never;
  document.commentBefore = heading.map((line) => ` ${line}`).join("\n");
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });

  function nodeOf(item: unknown): Node {
    if (item instanceof Ask) {
      const node = nodeOf(item.value);
      node.comment = ` ${PLEASE}: ${item.what}`;
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
    return new Scalar(item);
  }

  /** A comment of a list or map stands above it: behind it nobody would know what it means. */
  function pairOf(key: string, value: Node): Pair {
    const name = new Scalar(key);
    if (isCollection(value) && value.comment) {
      name.commentBefore = value.comment;
      value.comment = null;
    }
    return document.createPair(name, value) as Pair;
  }
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

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { EmporiumError } from "../../../../core/errors.js";

export type Value = Node | null | undefined;
export type Entry = Pair<Node, Node | null>;

/** The parser's own record of a block collection: the column of its keys or dashes, and their offsets. */
interface Block {
  srcToken?: { type?: string; indent?: number; items?: { start?: { type: string; offset: number }[] }[] };
}

/** A YAML document that says where its values stand: aliases and merged keys are followed, and scalars stay texts. */
export class YamlTree {
  readonly root: YAMLMap;
  readonly #targets: ReadonlyMap<Alias, Node>;

  /** @throws {EmporiumError} CONFIG_SYNTAX where the document is no map */
  constructor(text: string, file: string) {
    this.root = rootOf(text, file);
    this.#targets = targetsOf(this.root);
  }

  /** The node that an alias refers to; any other node is returned as it is. */
  resolve(node: Value): Node | undefined {
    return isAlias(node) ? this.#targets.get(node) : (node ?? undefined);
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
}

function rootOf(text: string, file: string): YAMLMap {
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
    throw new EmporiumError("CONFIG_SYNTAX", document.errors[0]?.message ?? "the document is not a map of sections", {
      place: { file },
    });
  }
  return document.contents as YAMLMap;
}

/** The node that each alias refers to: the last anchor of its name before it. */
function targetsOf(root: Node): Map<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const visit = (node: Value): void => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target) targets.set(node, target);
      return;
    }
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor) anchors.set(node.anchor, node);
    if (isMap(node)) for (const { value } of node.items as Entry[]) visit(value);
    else if (isSeq(node)) for (const item of node.items as Node[]) visit(item);
  };
  visit(root);
  return targets;
}

/** Whether a collection stands on lines of its own, and not in brackets. */
export function isBlock(node: Node): boolean {
  const type = (node as Block).srcToken?.type;
  return type === "block-map" || type === "block-seq";
}

/** Column of the keys or dashes of a block. */
export function columnOf(node: Node): number {
  return (node as Block).srcToken?.indent ?? 0;
}

/** Offsets of the dashes of a block list. */
export function dashesOf(list: YAMLSeq): number[] {
  return ((list as Block).srcToken?.items ?? []).flatMap(
    ({ start }) => start?.find(({ type }) => type === "seq-item-ind")?.offset ?? [],
  );
}

/** Offset of the end of a value, without the comments after it; 0 for no value. */
export function endOf(node: Value): number {
  if (!node) return 0;
  if (isBlock(node)) {
    const items = (node as YAMLMap | YAMLSeq).items;
    const last = items.at(-1) as Entry | Node | undefined;
    if (last && isMap(node)) return endOfEntry(last as Entry);
    if (last) return endOf(last as Node);
  }
  return node.range![1];
}

export function endOfEntry({ key, value }: Entry): number {
  return endOf(value) || key.range![1] + 1;
}

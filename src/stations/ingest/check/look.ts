import type { ConfigNode, MapNode, Scalar } from "../config/nodes.js";

/** Looking into a configuration that may be wrong anywhere: what is absent, or is of another kind, is undefined or empty. */

export function entryAt(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  return node?.kind === "map" ? node.entries.get(key) : undefined;
}

export function mapAt(node: ConfigNode | undefined, key: string): MapNode | undefined {
  const found = entryAt(node, key);
  return found?.kind === "map" ? found : undefined;
}

export function itemsOf(node: ConfigNode | undefined, key: string): readonly ConfigNode[] {
  const found = entryAt(node, key);
  return found?.kind === "list" ? found.items : [];
}

/** The blocks of a section. */
export function blocksOf(root: ConfigNode, section: string): MapNode[] {
  return itemsOf(root, section).flatMap((block) => (block.kind === "map" ? [block] : []));
}

/** The value of a scalar below a key. */
export function scalarAt(node: ConfigNode | undefined, key: string): Scalar | undefined {
  const found = entryAt(node, key);
  return found?.kind === "scalar" ? found.value : undefined;
}

export function textOf(node: ConfigNode): string | undefined {
  return node.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/** Whether there is something: no absent key, no null, no empty list. */
export function filled(node: ConfigNode | undefined): boolean {
  if (!node) return false;
  return node.kind === "scalar" ? node.value !== null : node.kind === "list" ? node.items.length > 0 : true;
}

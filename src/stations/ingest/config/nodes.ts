import type { Place } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { Float, toNumber } from "../../../core/number.js";

/** A value of a configuration with its place. Integers are `number` or `bigint`, floats are `Float`, dates are ISO text. */
export type Scalar = string | number | bigint | boolean | null | Float;
export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: Scalar;
  readonly place: Place;
  /** Place of an alias's value, at its anchor; `place` is where the alias is used. */
  readonly written?: Place | undefined;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
  readonly place: Place;
  readonly written?: Place | undefined;
}

export interface MapNode {
  readonly kind: "map";
  /** Entries in the order of the document; merged keys come first. */
  readonly entries: ReadonlyMap<string, ConfigNode>;
  readonly keyPlaces: ReadonlyMap<string, Place>;
  readonly place: Place;
  readonly written?: Place | undefined;
}

/** Place where a value is written and can be mended: the anchor, for an alias. Its path leads to the use. */
export function placeOfValue({ place, written }: ConfigNode): Place {
  return written ?? place;
}

/** The bare value, for metadata. */
export function toJson(node: ConfigNode): Json {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toJson);
  const object: Record<string, Json> = {};
  for (const [key, child] of node.entries) {
    // a key such as `__proto__` is a key like others
    Object.defineProperty(object, key, { value: toJson(child), enumerable: true, writable: true, configurable: true });
  }
  return object;
}

/** A value of a JSON document as one of a configuration: `place` says where, by the path in the document. */
export function nodeOfJson(value: Json, file: string, path = ""): ConfigNode {
  const place: Place = { file, ...(path === "" ? {} : { path }) };
  const below = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value)) return { kind: "list", items: value.map((item, i) => nodeOfJson(item, file, below(i))), place };
  if (typeof value !== "object" || value === null || value instanceof Float) return { kind: "scalar", value, place };
  const entries = new Map(Object.entries(value).map(([key, child]) => [key, nodeOfJson(child ?? null, file, below(key))]));
  return { kind: "map", entries, keyPlaces: new Map([...entries].map(([key, node]) => [key, node.place])), place };
}

/** Kind of a value, in the words of messages: `a map`, `the text "x"`. */
export function describe(node: ConfigNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return `a list of ${node.items.length}`;
  if (node.value === null) return "nothing";
  if (typeof node.value === "string")
    return `the text ${JSON.stringify(node.value.length > 60 ? `${node.value.slice(0, 60)}…` : node.value)}`;
  if (typeof node.value === "boolean") return `the boolean ${node.value}`;
  return `the number ${node.value}`;
}

/** A scalar as Python's `str` prints it: how names are made of literals. */
export function scalarText(value: Scalar): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

/** A scalar as text; undefined for null, lists and maps. */
export function textOfNode(node: ConfigNode | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? scalarText(node.value) : undefined;
}

/** A number of either kind; undefined for templates and all else. */
export function numberOfNode(node: ConfigNode | undefined): number | undefined {
  return node?.kind === "scalar" ? toNumber(node.value) : undefined;
}

/** Every scalar below a node, in document order. */
export function* scalarsOf(node: ConfigNode): Generator<ScalarNode> {
  if (node.kind === "scalar") yield node;
  else for (const child of node.kind === "list" ? node.items : node.entries.values()) yield* scalarsOf(child);
}

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { type ConfigNode, type MapNode, type Scalar, scalarText } from "./nodes.js";
import { type PlaceOf, parseText, tooDeep } from "./parse.js";
import { resolvePlain, resolveTagged } from "./scalars.js";

/** Values after aliases are written out. Beyond it a configuration is an attack or a mistake, whatever its size on disk. */
const EXPANDED_NODES_MAX = 2_000_000;

/**
 * Reads one YAML document with the place of every value, by the rules of PyYAML's safe loader (`scalars.ts`), for which the
 * portal's configurations are written. Merge keys (`<<`) and aliases are resolved. An alias has the place of its use; values
 * inside it have the place where they are written.
 *
 * Stricter than PyYAML in one point: a key that occurs twice in one map is an error. PyYAML silently keeps only the last.
 *
 * @param file name of the configuration in messages.
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_LIMIT
 */
export function readYaml(bytes: Uint8Array, file: string): ConfigNode {
  const { root, placeOf } = parseText(bytes, file);
  return new Builder(placeOf, aliasesOf(root, placeOf)).node(root);
}

/** Turns the parser's tree into values with places. */
class Builder {
  readonly #aliases: Aliases;
  readonly #open = new Set<Node>();
  readonly #placeOf: PlaceOf;

  constructor(placeOf: PlaceOf, aliases: Aliases) {
    this.#placeOf = placeOf;
    this.#aliases = aliases;
  }

  node(written: Node, path = "", depth = 0): ConfigNode {
    const place = this.#placeOf(written, path);
    this.#aliases.count(place);
    if (depth > LIMITS.configDepth) throw tooDeep(place);
    const node = this.#aliases.resolve(written);
    const home = node === written ? {} : { written: this.#placeOf(node, path) };
    if (isScalar(node)) return { kind: "scalar", value: scalarOf(node, this.#placeOf(node, path)), place, ...home };
    if (this.#open.has(node)) throw faultOf("an alias is inside the value that it refers to", place);
    this.#open.add(node);
    try {
      if (isSeq(node)) {
        checkTag(node, this.#placeOf(node, path), "seq");
        const items = (node.items as Node[]).map((item, i) => this.node(item, join(path, String(i)), depth + 1));
        return { kind: "list", items, place, ...home };
      }
      if (isMap(node)) {
        checkTag(node, this.#placeOf(node, path), "map");
        return { ...this.#map(node.items as Pair<Node, Node | null>[], node, place, path, depth), ...home };
      }
    } finally {
      this.#open.delete(node);
    }
    throw faultOf("a value of an unknown kind", this.#placeOf(node, path));
  }

  /** Merged keys come first and yield to the map's own; of several merged maps the first listed wins. */
  #map(pairs: Pair<Node, Node | null>[], node: Node, place: Place, path: string, depth: number): MapNode {
    const entries = new Map<string, ConfigNode>();
    const keyPlaces = new Map<string, Place>();
    for (const { key, value } of pairs) {
      if (!isMergeKey(key)) continue;
      const merged = value ? this.node(value, path, depth + 1) : undefined;
      const maps = merged?.kind === "list" ? [...merged.items].reverse() : merged ? [merged] : [];
      for (const map of maps) {
        if (map.kind !== "map") {
          throw new EmporiumError("CONFIG_SYNTAX", "<< merges something that is not a map", { place: map.place });
        }
        for (const [name, child] of map.entries) entries.set(name, child);
        for (const [name, keyPlace] of map.keyPlaces) keyPlaces.set(name, keyPlace);
      }
    }
    const own = new Set<string>();
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) continue;
      const keyNode = key ? this.#aliases.resolve(key) : undefined;
      if (keyNode && !isScalar(keyNode)) throw faultOf("a key must be a single word or text", this.#placeOf(key!, path));
      const name = keyNode ? keyText(scalarOf(keyNode, this.#placeOf(keyNode, path))) : "null";
      if (/^[\u00a0\u2000-\u200b\u3000]/.test(name)) {
        const hint = "indent with spaces: an editor or a web page inserted another kind of space";
        throw faultOf("a no-break space before this key", this.#placeOf(key ?? node, path), hint);
      }
      const childPath = join(path, name);
      const keyPlace = this.#placeOf(key ?? value ?? node, childPath);
      if (own.has(name)) {
        const { line, column } = keyPlaces.get(name)!;
        throw new EmporiumError("CONFIG_SYNTAX", `the key ${JSON.stringify(name)} occurs twice, first at ${line}:${column}`, {
          place: keyPlace,
          hint: "keep one of the two: only the last one takes effect",
        });
      }
      own.add(name);
      keyPlaces.set(name, keyPlace);
      entries.set(name, value ? this.node(value, childPath, depth + 1) : { kind: "scalar", value: null, place: keyPlace });
    }
    return { kind: "map", entries, keyPlaces, place };
  }
}

interface Aliases {
  /** The node that an alias refers to: the last anchor of its name before it. Other nodes are returned as they are. */
  resolve(node: Node): Node;
  /** Counts a value that is made. @throws {EmporiumError} CONFIG_LIMIT where aliases expand too many out */
  count(place: Place): void;
}

function aliasesOf(root: Node, placeOf: PlaceOf): Aliases {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  let written = 0;
  const visit = (node: Node, depth: number): void => {
    written++;
    if (depth > LIMITS.configDepth) throw tooDeep(placeOf(node));
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target) {
        const message = `the alias *${node.source} has no anchor &${node.source} before it`;
        throw faultOf(message, placeOf(node), "put the value in quotes if the * is meant literally, as in globs");
      }
      targets.set(node, target);
      return;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) anchors.set(node.anchor, node);
    if (isMap(node)) {
      for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
        if (key) visit(key, depth + 1);
        if (value) visit(value, depth + 1);
      }
    } else if (isSeq(node)) {
      for (const item of node.items as Node[]) visit(item, depth + 1);
    }
  };
  visit(root, 0);
  const allowed = Math.min(EXPANDED_NODES_MAX, written * LIMITS.configAliases);
  let built = 0;
  return {
    resolve: (node) => (isAlias(node) ? targets.get(node)! : node),
    count(place) {
      if (++built <= allowed) return;
      const message = `aliases expand ${counted(written, "value")} to more than ${allowed}`;
      throw new EmporiumError("CONFIG_LIMIT", message, { place, hint: "use fewer aliases" });
    },
  };
}

function faultOf(message: string, place: Place, hint?: string): EmporiumError {
  return new EmporiumError("CONFIG_SYNTAX", message, { place, hint });
}

function scalarOf(node: Node & { value: unknown }, place: Place): Scalar {
  const text = String(node.value ?? "");
  const { tag, type } = node as { tag?: string; type?: string };
  try {
    if (tag === undefined) return type === "PLAIN" || type === undefined ? resolvePlain(text) : text;
    const value = resolveTagged(tag, text);
    if (value !== undefined) return value;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw faultOf(error.message, place, "put it in quotes if it is meant as text");
  }
  throw faultOf(`the tag ${tag} is not known here`, place, "leave the tag out");
}

function checkTag(node: Node, place: Place, kind: "map" | "seq"): void {
  const { tag } = node as { tag?: string };
  if (tag === undefined || tag === "!" || tag === `tag:yaml.org,2002:${kind}`) return;
  throw faultOf(`the tag ${tag} is not known here`, place, "leave the tag out");
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

/** Keys that are no text become what Python's JSON makes of them. */
function keyText(value: Scalar): string {
  return value === null || typeof value === "boolean" ? String(value) : scalarText(value);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

import { type Alias, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, type Pair, parseAllDocuments } from "yaml";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { type ConfigNode, type MapNode, type Scalar, scalarText } from "./nodes.js";
import { resolvePlain, resolveTagged } from "./scalars.js";
import { syntaxAdvice } from "./syntax-advice.js";

/** Values after aliases are written out. Beyond it a configuration is an attack or a mistake, whatever its size on disk. */
const EXPANDED_NODES_MAX = 2_000_000;

/**
 * Reads one YAML document with the place of every value, by the rules of PyYAML's safe loader (`scalars.ts`), which is what the portal's
 * configurations are written for. Merge keys (`<<`) and aliases are resolved; an alias has the place where it is used, what is inside it the
 * place where it is written.
 *
 * Stricter than PyYAML in one thing: a key that stands twice in one map is an error, since all but the last would be lost unseen.
 *
 * @param file how messages name the configuration.
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_LIMIT
 */
export function readYaml(bytes: Uint8Array, file: string): ConfigNode {
  if (bytes.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${formatBytes(bytes.length)} of configuration, ${formatBytes(LIMITS.configBytes)} allowed`,
      {
        place: { file },
      },
    );
  }
  const text = decoded(bytes, file);
  if (text.length > COUNTED_LENGTH) countKeys(text, file);
  const lines = new LineCounter();
  const placeAt = (offset: number, path = ""): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), ...(path === "" ? {} : { path }) };
  };
  const root = parseOne(text, lines, placeAt, file);
  return new Builder(placeAt, aliasesOf(root, placeAt)).build(root);
}

/** @throws {EmporiumError} CONFIG_SYNTAX with the place of the first byte that is no UTF-8, or no text */
function decoded(bytes: Uint8Array, file: string): string {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const text = new TextDecoder("utf-8").decode(bytes);
  const isWell = () => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const zero = text.indexOf("\0");
  if (!isWide && zero < 0 && isWell()) return text;
  const at = isWide ? 0 : zero >= 0 ? zero : text.indexOf("\ufffd");
  const before = text.slice(0, Math.max(0, at)).split("\n");
  const message = isWide
    ? "the file is UTF-16, wanted UTF-8"
    : zero >= 0
      ? "a zero byte stands here: the file is no UTF-8 text"
      : "the file is not valid UTF-8 text";
  throw new EmporiumError("CONFIG_SYNTAX", message, {
    place: { file, line: before.length, column: before.at(-1)!.length + 1 },
    hint: "save it as UTF-8",
  });
}

/** Characters that cannot hold too many keys: `a:` and a line end are three. */
const COUNTED_LENGTH = 3 * LIMITS.configKeys;

/** Counted while the text is cut into words: a tree of a million keys would take minutes and most of a gigabyte. @throws {EmporiumError} CONFIG_LIMIT */
function countKeys(text: string, file: string): void {
  let keys = 0;
  let line = 1;
  for (const word of new Lexer().lex(text)) {
    if (word === "\n" || word === "\r\n") line++;
    else if ((word === ":" || word === "-" || word === ",") && ++keys > LIMITS.configKeys) {
      throw new EmporiumError("CONFIG_LIMIT", `more than ${LIMITS.configKeys} keys and entries of lists`, {
        place: { file, line },
        hint: "put values from a program into a table: run_data_map_file gives values by run",
      });
    }
  }
}

type PlaceAt = (offset: number, path?: string) => Place;

function parseOne(text: string, lines: LineCounter, placeAt: PlaceAt, file: string): Node {
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, {
      version: "1.1",
      schema: "failsafe",
      resolveKnownTags: false,
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: "silent",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw tooDeep({ file });
  }
  for (const { errors } of documents) {
    const [first] = errors;
    // the parser's way to say that its stack did not suffice
    if (first?.code === "RESOURCE_EXHAUSTION") throw tooDeep(placeAt(first.pos[0]));
    if (first) {
      const message = first.message.split("\n", 1)[0]!;
      const place = placeAt(first.pos[0]);
      throw new EmporiumError("CONFIG_SYNTAX", message, {
        place,
        hint: syntaxAdvice(message, text.split(/\r?\n/), place.line ?? 1),
      });
    }
  }
  const [document, second] = documents;
  if (second) {
    throw new EmporiumError("CONFIG_SYNTAX", "a second document begins here, one is wanted", {
      place: placeAt(second.range?.[0] ?? 0),
      hint: "put each document into a file of its own",
    });
  }
  const root = document?.contents;
  if (!root) throw new EmporiumError("CONFIG_SYNTAX", "the file is empty", { place: { file, line: 1, column: 1 } });
  return root as Node;
}

/** Turns the parser's tree into values with places. */
class Builder {
  readonly #aliases: Aliases;
  readonly #open = new Set<Node>();
  readonly #placeAt: PlaceAt;
  #built = 0;

  constructor(placeAt: PlaceAt, aliases: Aliases) {
    this.#placeAt = placeAt;
    this.#aliases = aliases;
  }

  build(root: Node): ConfigNode {
    return this.#node(root, "", 0);
  }

  #place(node: Node, path: string): Place {
    return placeOf(node, path, this.#placeAt);
  }

  #count(place: Place): void {
    const { written } = this.#aliases;
    const allowed = Math.min(EXPANDED_NODES_MAX, written * LIMITS.configAliases);
    if (++this.#built <= allowed) return;
    const message = `aliases write ${written} values out to more than ${allowed}`;
    throw new EmporiumError("CONFIG_LIMIT", message, { place, hint: "name fewer values by alias" });
  }

  #node(written: Node, path: string, depth: number): ConfigNode {
    const place = this.#place(written, path);
    this.#count(place);
    if (depth > LIMITS.configDepth) throw tooDeep(place);
    const node = this.#resolve(written);
    const home = node === written ? {} : { written: this.#place(node, path) };
    if (isScalar(node)) return { kind: "scalar", value: scalarOf(node, this.#place(node, path)), place, ...home };
    if (this.#open.has(node)) throw faultOf("an alias stands inside the value that it means", place);
    this.#open.add(node);
    try {
      if (isSeq(node)) {
        checkTag(node, this.#place(node, path), "seq");
        const items = (node.items as Node[]).map((item, i) => this.#node(item, join(path, String(i)), depth + 1));
        return { kind: "list", items, place, ...home };
      }
      if (isMap(node)) {
        checkTag(node, this.#place(node, path), "map");
        return { ...this.#map(node.items as Pair<Node, Node | null>[], node, place, path, depth), ...home };
      }
    } finally {
      this.#open.delete(node);
    }
    throw faultOf("a value of an unknown kind", this.#place(node, path));
  }

  /** Merged keys come first and yield to the map's own; of several merged maps the first listed wins. */
  #map(pairs: Pair<Node, Node | null>[], node: Node, place: Place, path: string, depth: number): MapNode {
    const entries = new Map<string, ConfigNode>();
    const keyPlaces = new Map<string, Place>();
    const add = (key: string, value: ConfigNode, keyPlace: Place) => {
      entries.set(key, value);
      keyPlaces.set(key, keyPlace);
    };
    for (const { key, value } of pairs) {
      if (!isMergeKey(key)) continue;
      const merged = value ? this.#node(value, path, depth + 1) : undefined;
      const maps = merged?.kind === "list" ? [...merged.items].reverse() : merged ? [merged] : [];
      for (const map of maps) {
        if (map.kind !== "map") {
          throw new EmporiumError("CONFIG_SYNTAX", "<< merges something that is not a map", { place: map.place });
        }
        for (const [name, child] of map.entries) add(name, child, map.keyPlaces.get(name)!);
      }
    }
    const own = new Set<string>();
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) continue;
      const keyNode = key ? this.#resolve(key) : undefined;
      if (keyNode && !isScalar(keyNode)) throw faultOf("a key must be a single word or text", this.#place(key!, path));
      const name = keyNode ? keyText(scalarOf(keyNode, this.#place(keyNode, path))) : "null";
      if (/^[\u00a0\u2000-\u200b\u3000]/.test(name)) {
        const hint = "indent with spaces: an editor or a web page put another kind of blank there";
        throw faultOf("a no-break space stands before this key", this.#place(key ?? node, path), hint);
      }
      const childPath = join(path, name);
      const keyPlace = this.#place(key ?? value ?? node, childPath);
      if (own.has(name)) {
        const { line, column } = keyPlaces.get(name)!;
        throw new EmporiumError("CONFIG_SYNTAX", `the key ${JSON.stringify(name)} stands twice, first at ${line}:${column}`, {
          place: keyPlace,
          hint: "keep one of the two: only the last one takes effect",
        });
      }
      own.add(name);
      const child: ConfigNode = value
        ? this.#node(value, childPath, depth + 1)
        : { kind: "scalar", value: null, place: keyPlace };
      add(name, child, keyPlace);
    }
    return { kind: "map", entries, keyPlaces, place };
  }

  #resolve(node: Node): Node {
    return isAlias(node) ? this.#aliases.targets.get(node)! : node;
  }
}

/** What each alias means: the last anchor of its name before it. */
interface Aliases {
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Values as they are written, each once. */
  readonly written: number;
}

function aliasesOf(root: Node, placeAt: PlaceAt): Aliases {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  let written = 0;
  const visit = (node: Node, depth: number): void => {
    written++;
    if (depth > LIMITS.configDepth) throw tooDeep(placeOf(node, "", placeAt));
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (!target) {
        const message = `the alias *${node.source} has no anchor &${node.source} before it`;
        throw faultOf(message, placeOf(node, "", placeAt), "put the value in quotes if the * is meant as it stands, as in globs");
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
  return { targets, written };
}

function placeOf(node: Node, path: string, placeAt: PlaceAt): Place {
  return placeAt(node.range?.[0] ?? 0, path);
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

function tooDeep(place: Place): EmporiumError {
  return new EmporiumError("CONFIG_LIMIT", `values are nested deeper than ${LIMITS.configDepth} levels`, { place });
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

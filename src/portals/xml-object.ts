import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { Json, JsonObject } from "../core/json.js";
import { replyFault } from "./faults.js";
import { objectFrom } from "./fields.js";

/** Elements within elements: EMPIAR's entries have eight. */
const DEPTH_MAX = 128;

/**
 * An XML document as an object: an element's name is its key, repeated elements make a list, an attribute is `@name`, text beside
 * attributes or elements is `#text`, an empty element is null, and all else is trimmed text. This is the form of Python's
 * `xmltodict`, which the reference program keeps.
 *
 * @throws {EmporiumError} PORTAL_REPLY, with the line where it is known. Document types are refused, and with them every entity
 *   that a document could define for itself.
 */
export function xmlObject(text: string, url: string): JsonObject {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw replyFault(url, "an XML document with a document type, which is not read");
  const nodes = parse(text, url);
  const result = XMLValidator.validate(text);
  if (result !== true) throw replyFault(url, `no XML: ${result.err.msg.slice(0, 120)} in line ${result.err.line}`);
  const roots = nodes.filter((node) => nameOf(node) !== undefined);
  if (roots.length !== 1) throw replyFault(url, `${roots.length} elements at the top of an XML document; expected one`);
  return objectFrom([[nameOf(roots[0]!)!, contentOf(roots[0]!)]]);
}

/** A node as the parser gives it: one key with the children, `:@` with the attributes; or `#text`, or `#cdata`. */
type Node = Record<string, unknown>;

function parse(text: string, url: string): Node[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    cdataPropName: "#cdata",
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: DEPTH_MAX,
  });
  try {
    return parser.parse(text.replace(/^\ufeff/, "")) as Node[];
  } catch (error) {
    throw replyFault(url, `no XML: ${(error instanceof Error ? error.message : String(error)).slice(0, 120)}`, error);
  }
}

function nameOf(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ":@" && key !== "#text" && key !== "#cdata");
}

function contentOf(node: Node): Json {
  const children = node[nameOf(node)!] as Node[];
  const entries: [string, Json][] = Object.entries((node[":@"] ?? {}) as Record<string, unknown>).map(([key, value]) => [
    `@${key}`,
    withoutReferences(String(value)),
  ]);
  const elements = new Map<string, Json[]>();
  for (const child of children) {
    const name = nameOf(child);
    if (name === undefined) continue;
    const same = elements.get(name);
    if (same) same.push(contentOf(child));
    else elements.set(name, [contentOf(child)]);
  }
  for (const [name, values] of elements) entries.push([name, values.length === 1 ? values[0]! : values]);
  const text = children.map(textOf).join("").trim();
  if (entries.length === 0) return text === "" ? null : text;
  if (text !== "") entries.push(["#text", text]);
  return objectFrom(entries);
}

function textOf(node: Node): string {
  if ("#text" in node) return withoutReferences(String(node["#text"]));
  if (!("#cdata" in node)) return "";
  return (node["#cdata"] as Node[]).map((part) => String(part["#text"] ?? "")).join("");
}

const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five entities that XML itself defines, and characters by their number. */
function withoutReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hexadecimal, word) => {
    if (word !== undefined) return PREDEFINED[word as string] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hexadecimal as string, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

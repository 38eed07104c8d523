import { XMLParser, XMLValidator } from "fast-xml-parser";
import { EmporiumError } from "../../core/errors.js";
import { textLines } from "../text-lines.js";

/** An element of an XML file. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly below it, without blanks at both ends. */
  readonly text: string;
}

/** Limit of nesting. Known tilt series have at most four levels. */
const DEPTH_MAX = 256;

/**
 * The root element of a small XML file. Refuses document types, and with them entities that the file defines.
 *
 * @throws {EmporiumError} FORMAT_FIELD, with the line if known, for invalid XML; FORMAT_LIMIT past `LIMITS.headerBytes` or 256
 *   levels.
 */
export function parseXml(content: Uint8Array | string, name: string): XmlElement {
  const text = textLines(content, name)
    .map((line) => line.text)
    .join("\n");
  const type = /<!(?:DOCTYPE|ENTITY)/i.exec(text);
  if (type) {
    throw xmlError(name, lineOf(text, type.index), "a document type, which is not read", "take it out: it can define anything");
  }
  const parsed = parse(text, name);
  const result = XMLValidator.validate(text);
  if (result !== true) throw xmlError(name, result.err.line, result.err.msg.slice(0, 120));
  const [root, ...more] = parsed.map(elementOf).filter((element) => element !== undefined);
  if (!root || more.length > 0)
    throw xmlError(name, undefined, `${root ? more.length + 1 : 0} elements at the top; expected one`);
  return root;
}

/** A node as the parser gives it: one key with the children, `:@` with the attributes; or `#text`. */
type Node = Record<string, unknown>;

function parse(text: string, name: string): Node[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: DEPTH_MAX - 1, // below the root
  });
  try {
    return parser.parse(text) as Node[];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/nested tags/i.test(message)) {
      throw new EmporiumError("FORMAT_LIMIT", `${name}: elements within elements, ${DEPTH_MAX} levels at most are read`, {
        place: { file: name },
        hint: "check that this is the right file: real ones have three or four",
        cause: error,
      });
    }
    throw xmlError(name, undefined, message.slice(0, 120));
  }
}

function elementOf(node: Node): XmlElement | undefined {
  const name = Object.keys(node).find((key) => key !== ":@" && key !== "#text");
  if (name === undefined) return undefined;
  const below = node[name] as Node[];
  const attributes = Object.entries((node[":@"] ?? {}) as Record<string, string>);
  return {
    name,
    attributes: new Map(attributes.map(([key, value]) => [key, withoutReferences(String(value))])),
    children: below.map(elementOf).filter((child) => child !== undefined),
    text: withoutReferences(
      below
        .map((child) => ("#text" in child ? String(child["#text"]) : ""))
        .join("")
        .trim(),
    ),
  };
}

const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five entities that XML itself defines, and characters by their number. */
function withoutReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hexadecimal, word) => {
    if (word !== undefined) return PREDEFINED[word as string] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hexadecimal as string, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

function xmlError(
  name: string,
  line: number | undefined,
  message: string,
  hint = "check that this is the right file",
): EmporiumError {
  const where = line === undefined ? "" : ` in line ${line}`;
  return new EmporiumError("FORMAT_FIELD", `${name}: ${message}${where}`, { place: { file: name, line }, hint });
}

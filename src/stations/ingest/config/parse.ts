import { Lexer, LineCounter, type Node, parseAllDocuments } from "yaml";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";

/** Gives the line and column of a YAML node; `path`, if given, is put in as it is. */
export type PlaceOf = (node: Node, path?: string) => Place;

/**
 * The parser's tree of one YAML document.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_LIMIT
 */
export function parseText(bytes: Uint8Array, file: string): { root: Node; placeOf: PlaceOf } {
  if (bytes.length > LIMITS.configBytes) {
    const message = `the configuration has ${formatBytes(bytes.length)}; at most ${formatBytes(LIMITS.configBytes)} are read`;
    throw new EmporiumError("CONFIG_LIMIT", message, { place: { file } });
  }
  const text = decoded(bytes, file);
  if (text.length > COUNTED_LENGTH) countKeys(text, file);
  const lines = new LineCounter();
  const placeAt = (offset: number, path = ""): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), ...(path === "" ? {} : { path }) };
  };
  const root = parseOne(text, lines, placeAt, file);
  return { root, placeOf: (node, path) => placeAt(node.range?.[0] ?? 0, path) };
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
  // of letters in two bytes each, every other byte is zero
  const isText = isWide || zero < 0 || /^(?:[^\0]\0){2}|^(?:\0[^\0]){2}/.test(text);
  const message = isWide
    ? "the file is UTF-16; expected UTF-8"
    : !isText
      ? "the file is no text: a zero byte is here; expected a configuration"
      : zero >= 0
        ? "the file is not UTF-8 text: a zero byte is here"
        : "the file is not valid UTF-8 text";
  throw new EmporiumError("CONFIG_SYNTAX", message, {
    place: { file, line: before.length, column: before.at(-1)!.length + 1 },
    hint: isText ? "save it as UTF-8" : "give the configuration, a text in YAML",
  });
}

/** Characters that cannot hold too many keys: `a:` and a line end are three. */
const COUNTED_LENGTH = 3 * LIMITS.configKeys;

/** Counts tokens: parsing a million keys would take minutes and a gigabyte. @throws {EmporiumError} CONFIG_LIMIT */
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

function parseOne(text: string, lines: LineCounter, placeAt: (offset: number) => Place, file: string): Node {
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
      throw new EmporiumError("CONFIG_SYNTAX", plainSyntax(message), {
        place,
        hint: syntaxAdvice(message, text.split(/\r?\n/), place.line ?? 1),
      });
    }
  }
  const [document, second] = documents;
  if (second) {
    throw new EmporiumError("CONFIG_SYNTAX", "a second document begins here; expected one", {
      place: placeAt(second.range?.[0] ?? 0),
      hint: "put each document into a file of its own",
    });
  }
  const root = document?.contents;
  if (!root) throw new EmporiumError("CONFIG_SYNTAX", "the file is empty", { place: { file, line: 1, column: 1 } });
  return root as Node;
}

export function tooDeep(place: Place): EmporiumError {
  return new EmporiumError("CONFIG_LIMIT", `values are nested deeper than ${LIMITS.configDepth} levels`, { place });
}

const closing = (message: string): string => /end with a (.)/.exec(message)?.[1] ?? "]";

/** The parser's words for brackets are those of the YAML specification ("Flow map in block collection …"). */
function plainSyntax(message: string): string {
  const [, kind] = /^Flow (map|sequence) in block collection must be sufficiently indented/.exec(message) ?? [];
  if (kind === undefined) return message;
  return `a ${kind === "map" ? "map in braces" : "list in brackets"} above is not closed before this place: ${closing(message)} is missing`;
}

const KEY_WITHOUT_BLANK = /^\s*(?:- +)*([\w.-]+):(?=[^\s/])/;

/**
 * A hint for a YAML error. The parser's message says what failed; the line itself usually shows what was meant.
 *
 * @param message the parser's own. @param line line of the fault, from 1.
 */
function syntaxAdvice(message: string, lines: readonly string[], line: number): string {
  const here = lines[line - 1] ?? "";
  const nearby = [here, lines[line] ?? "", lines[line - 2] ?? ""];
  if (/^ *\t/.test(here) || (/^Tabs/.test(message) && here.includes("\t"))) {
    return "indent with spaces: YAML allows no tabs there (an editor replaces them: expand -t 2 FILE)";
  }
  const glued = nearby.map((text) => KEY_WITHOUT_BLANK.exec(text)?.[1]).find((key) => key !== undefined);
  switch (true) {
    case /Missing closing/.test(message):
      return "close the quote: a value above begins with one and does not end with it";
    case /must be sufficiently indented and end with/.test(message) || /^Flow (map|sequence)/.test(message):
      return `close the bracket with ${closing(message)}, and indent the lines inside of it`;
    case /escape sequence/.test(message):
      return "put it in single quotes: in double ones a backslash begins an escape";
    case /cannot start with|Unexpected scalar at node end|Block scalar header/.test(message):
      return valueAdvice(here);
    case glued !== undefined && /Implicit|mapping|Unexpected/i.test(message):
      return `put a space after the colon: ${glued}: …`;
    case /^Implicit/.test(message):
      return "write key: value; there is a key without a colon here";
    case /Nested mappings/.test(message) && /[“”‘’]/.test(here):
      return "write straight quotes: typographic ones do not quote";
    case /Nested mappings/.test(message):
      return isDeeper(lines, line)
        ? "indent this key and the next alike, with spaces; or put the value in quotes if it contains a colon and a space"
        : "put the value in quotes: it contains a colon and a space";
    case /same column|indent/i.test(message):
      return "indent the keys of one map alike, with spaces";
    default:
      return nearby.some((text) => /^ *\t/.test(text))
        ? "indent with spaces, not with tabs"
        : "check indentation, quotes and colons here";
  }
}

function valueAdvice(here: string): string {
  const value = /(?::|-)\s+(.*)$/.exec(here)?.[1] ?? "";
  if (/^'/.test(value)) return "write a quote within single quotes twice: 'it''s'; or use double quotes";
  if (/^"/.test(value)) return 'write a quote within double quotes as \\"; or use single quotes';
  const first = value[0];
  return first === undefined || /[\w]/.test(first)
    ? "check indentation, quotes and colons here"
    : `put the value in quotes: ${first} at its beginning has a special meaning`;
}

function isDeeper(lines: readonly string[], line: number): boolean {
  const depth = (text: string | undefined) => (text === undefined || text.trim() === "" ? -1 : text.search(/\S/));
  return depth(lines[line]) > depth(lines[line - 1]);
}

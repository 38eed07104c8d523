import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { nearest } from "../../core/nearest.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";

/** The subject of a condition. */
type WhereSubject =
  /** A column of the data set, of its file, or of the frames' common facts. */
  | { readonly of: "column"; readonly column: WhereColumn }
  /** A value in the metadata of the data set, or of one of its frames. */
  | { readonly of: "metadata" | "frame"; readonly path: readonly string[] };

type WhereOperator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "exists";

export interface WhereCondition {
  readonly subject: WhereSubject;
  readonly operator: WhereOperator;
  /** Null for `exists`, and for a comparison with null. */
  readonly value: string | number | boolean | null;
}

/** Conditions that must all hold, those on frames for one frame. */
export interface Where {
  readonly text: string;
  readonly all: readonly WhereCondition[];
}

const WHERE_COLUMNS = [
  "microscope",
  "description",
  "parent",
  "nbr_frames",
  "nbr_channels",
  "nbr_slices",
  "nbr_timepoints",
  "nbr_positions",
  "im_width",
  "im_height",
  "im_colors",
  "bit_depth",
  "file_name",
  "sha256",
] as const;
export type WhereColumn = (typeof WHERE_COLUMNS)[number];

const SUBJECTS = ["channel", "project", ...WHERE_COLUMNS];

const CONDITIONS_MAX = 32;
const PATH_MAX = 16;
const TEXT_MAX = 4_096;

/** A word in quotes, or an operator of signs, or a bare word, in which dots separate the keys of a path. */
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(!=|<=|>=|=|<|>)|([^\s"=<>!]+))/y;

interface Token {
  readonly text: string;
  readonly kind: "quoted" | "sign" | "word";
  readonly at: number;
}

/**
 * Parses a filter, which needs no SQL: conditions joined by `and`.
 *
 *     nbr_slices >= 10 and metadata.Summary.PixelType = GRAY16 and frame.MicroManagerMetadata.Channel contains DAPI
 *
 * `metadata.…` is a path into the metadata of the data set, `frame.…` into those of its frames (one frame must fulfil all of
 * these); other words are columns. Operators: `= != < <= > >= contains exists`. Names and values with blanks or dots are in
 * double quotes: `metadata."a key".b = "two words"`. Bare numbers, `true`, `false` and `null` are values of these types; in
 * quotes they are text. A missing value fulfils no condition, not even `!=`; `<` and the like compare numbers with numbers and
 * texts with texts.
 *
 * @throws {EmporiumError} USAGE, showing the place
 */
export function parseWhere(text: string): Where {
  if (text.length > TEXT_MAX)
    throw fault(text, 0, `a filter of ${counted(text.length, "character")}; at most ${TEXT_MAX} are taken`);
  const tokens = tokenise(text);
  const all: WhereCondition[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const subject: string[] = [];
    const begin = tokens[at]!;
    for (; at < tokens.length && tokens[at]!.kind !== "sign" && !isOperator(tokens[at]!, subject); at++) {
      subject.push(...segments(tokens[at]!, subject));
      const next = tokens[at + 1];
      const glued = next?.at === tokens[at]!.at + lengthOf(tokens[at]!, text) && next.kind !== "sign";
      if (!glued) {
        at++;
        break;
      }
    }
    const sign = tokens[at];
    const operator = sign && operatorOf(sign);
    if (!operator) throw fault(text, sign?.at ?? text.length, "expected an operator: = != < <= > >= contains exists");
    const named = subjectOf(subject, text, begin.at);
    if (operator === "exists") all.push({ subject: named, operator, value: null });
    else {
      const value = tokens[++at];
      if (!value || value.kind === "sign") throw fault(text, value?.at ?? text.length, `expected a value after ${operator}`);
      all.push({ subject: named, operator, value: literalOf(value) });
    }
    const joint = tokens[++at];
    if (joint && !(joint.kind === "word" && joint.text.toLowerCase() === "and" && at + 1 < tokens.length)) {
      throw fault(text, joint.at, "expected and with a condition behind it, or the end");
    }
  }
  if (all.length === 0) throw fault(text, 0, "expected a condition, such as nbr_slices >= 10");
  if (all.length > CONDITIONS_MAX) throw fault(text, 0, `${all.length} conditions; at most ${CONDITIONS_MAX} are taken`);
  return { text, all };
}

/** Subject whose distinct values are listed: beside the subjects of filters, the project of an id and the channels of frames. */
export type DistinctSubject = WhereSubject | { readonly of: "project" | "channel" };

/**
 * Parses the subject of a condition alone: `microscope`, `channel`, `metadata.Summary.PixelType`, `frame."a key"`.
 *
 * @throws {EmporiumError} USAGE
 */
export function parseSubject(text: string): DistinctSubject {
  const word = text.trim();
  if (word === "project" || word === "channel") return { of: word };
  const tokens = text.length > TEXT_MAX ? [] : tokenise(text);
  const path: string[] = [];
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    const isGlued = before === undefined || token.at === before.at + lengthOf(before, text);
    if (token.kind === "sign" || !isGlued) throw subjectFault(text, token.at, "one name expected, without a condition");
    path.push(...segments(token, path));
  }
  if (path.length === 0) throw subjectFault(text, 0, "a name expected, such as microscope or metadata.protein_name");
  try {
    return subjectOf(path, text, 0);
  } catch {
    const meant = nearest(path[0]!, SUBJECTS);
    throw subjectFault(text, 0, `expected ${SUBJECTS.join(", ")}, metadata.KEY or frame.KEY${meant ? ` (${meant}?)` : ""}`);
  }
}

function subjectFault(text: string, at: number, message: string): EmporiumError {
  return new EmporiumError("USAGE", `--distinct: ${JSON.stringify(text.slice(0, 120))} at character ${at + 1}: ${message}`);
}

/** The values of a data set's columns. */
export type WhereRow = Readonly<Partial<Record<WhereColumn, string | number | null>>>;

/** Whether a data set fulfils a filter. The database's query has the same rule. */
export function fulfils(where: Where, row: WhereRow, metadata: JsonObject | null, frames: Iterable<JsonObject | null>): boolean {
  const ofFrames = where.all.filter(({ subject }) => subject.of === "frame");
  const others = where.all.filter(({ subject }) => subject.of !== "frame");
  const holds = (condition: WhereCondition, document: JsonObject | null) => {
    const { subject } = condition;
    return compare(condition, subject.of === "column" ? (row[subject.column] ?? undefined) : valueAt(document, subject.path));
  };
  if (!others.every((condition) => holds(condition, metadata))) return false;
  if (ofFrames.length === 0) return true;
  for (const frame of frames) if (ofFrames.every((condition) => holds(condition, frame))) return true;
  return false;
}

function compare({ operator, value }: WhereCondition, found: Json | undefined): boolean {
  if (found === undefined) return false;
  if (operator === "exists") return true;
  const plain = toNumber(found) ?? found;
  if (operator === "=" || operator === "!=") return (plain === value) === (operator === "=");
  if (operator === "contains") {
    if (Array.isArray(plain)) return plain.some((item: Json) => (toNumber(item) ?? item) === value);
    return typeof plain === "string" && plain.includes(String(value));
  }
  if (typeof plain !== typeof value || (typeof plain !== "number" && typeof plain !== "string")) return false;
  const order =
    typeof plain === "number" ? plain - Number(value) : Buffer.compare(Buffer.from(plain), Buffer.from(String(value)));
  return operator === "<" ? order < 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order >= 0;
}

function valueAt(document: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document;
  for (const key of path) {
    if (Array.isArray(value)) value = /^\d{1,9}$/.test(key) ? (value as readonly Json[])[Number(key)] : undefined;
    else if (typeof value === "object" && value !== null && Object.hasOwn(value, key)) value = (value as JsonObject)[key];
    else return undefined;
  }
  return value;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw fault(text, at, "expected a word, an operator or a quoted text");
    const start = at + match[0].length - match[0].trimStart().length;
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(.)/gs, "$1"), kind: "quoted", at: start });
    else tokens.push({ text: sign ?? word!, kind: sign === undefined ? "word" : "sign", at: start });
  }
  return tokens;
}

/** Length of a token in the text, with quotes and escapes. */
function lengthOf(token: Token, text: string): number {
  if (token.kind !== "quoted") return token.text.length;
  return /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(token.at))![0].length;
}

/** Keys of a path: `a.b` is two, `"a.b"` one. */
function segments(token: Token, before: readonly string[]): string[] {
  if (token.kind === "quoted") return [token.text];
  const parts = token.text.split(".");
  return parts.filter((part, i) => part !== "" || (i > 0 && i < parts.length - 1) || (before.length === 0 && i === 0));
}

function isOperator(token: Token, subject: readonly string[]): boolean {
  return subject.length > 0 && operatorOf(token) !== undefined;
}

function operatorOf({ kind, text }: Token): WhereOperator | undefined {
  if (kind === "sign") return text as WhereOperator;
  const word = text.toLowerCase();
  return kind === "word" && (word === "contains" || word === "exists") ? word : undefined;
}

function subjectOf(path: readonly string[], text: string, at: number): WhereSubject {
  const [head = "", ...rest] = path;
  if (head === "metadata" || head === "frame") {
    if (rest.length === 0) throw fault(text, at, `expected ${head}.KEY, a path into the metadata`);
    if (rest.length > PATH_MAX)
      throw fault(text, at, `a path of ${counted(rest.length, "key")}, ${PATH_MAX} at most are followed`);
    return { of: head, path: rest };
  }
  const column = WHERE_COLUMNS.find((name) => name === head);
  if (column && rest.length === 0) return { of: "column", column };
  const meant = nearest(head, [...WHERE_COLUMNS, "metadata", "frame"]);
  throw fault(
    text,
    at,
    `expected metadata.KEY, frame.KEY or a column${meant ? ` (${meant}?)` : ""}: ${WHERE_COLUMNS.join(", ")}`,
  );
}

function literalOf({ kind, text }: Token): WhereCondition["value"] {
  if (kind === "quoted") return text;
  if (/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text === "null" ? null : text;
}

function fault(text: string, at: number, wanted: string): EmporiumError {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new EmporiumError("USAGE", `--where: ${JSON.stringify(shown)} at character ${at + 1}: ${wanted}`, {
    hint: "join conditions by and; put words with blanks in double quotes",
  });
}

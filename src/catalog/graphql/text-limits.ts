import { GraphQLError } from "graphql";
import { type QueryLimits, tooMuch } from "./limits.js";

/** What is left of a request's allowance of list values once its text has been looked at. */
export interface TextSize {
  readonly tokens: number;
  readonly listValues: number;
}

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, HASH, DOT, MINUS, PLUS] = [code('"'), code("\\"), code("#"), code("."), code("-"), code("+")];
const OPENING: ReadonlySet<number> = new Set([code("("), code("["), code("{")]);
const CLOSING: ReadonlySet<number> = new Set([code(")"), code("]"), code("}")]);
const LIST = code("[");

/**
 * Counts the tokens of a query before anything is built of it, in one pass that ends where a limit does. What is no GraphQL is left for
 * the parser to complain about; here it only has to be counted.
 *
 * @throws {GraphQLError} with the code `LIMIT`.
 */
export function checkText(text: string, limits: QueryLimits): TextSize {
  const open: number[] = [];
  let tokens = 0;
  let listValues = 0;
  for (let at = 0; at < text.length; ) {
    const first = text.charCodeAt(at);
    if (isIgnored(first)) {
      at++;
      continue;
    }
    if (first === HASH) {
      at = endOfLine(text, at);
      continue;
    }
    const start = at;
    const isNumber = first === MINUS || isDigit(first);
    const isValue = first === QUOTE || isNumber || isLetter(first);
    if (first === QUOTE) at = endOfString(text, at);
    else if (isValue) at = endOfWord(text, at, isNumber);
    else at += text.startsWith("...", at) ? 3 : 1;
    if (isValue && open.at(-1) === LIST) listValues++;
    else tokens++;
    if (OPENING.has(first)) open.push(first);
    else if (CLOSING.has(first)) open.pop();
    if (at - start > limits.valueLength) throw tooLong(limits);
    if (tokens > limits.tokens) {
      throw tooMuch(`The query has more than ${limits.tokens} tokens (values of lists are not counted).`);
    }
    if (listValues > limits.listValues) throw tooMuch(`The lists of the query have more than ${limits.listValues} values.`);
    if (open.length > limits.brackets) throw tooMuch(`The query has more than ${limits.brackets} brackets within each other.`);
  }
  return { tokens, listValues };
}

/** The same of variables, which have been parsed: how many values they hold, and how deep. */
export function checkVariables(variables: unknown, { listValues: used }: TextSize, limits: QueryLimits): void {
  let values = used;
  const visit = (value: unknown, depth: number): void => {
    if (depth > limits.brackets) throw tooMuch(`The variables have more than ${limits.brackets} levels.`);
    if (++values > limits.listValues) {
      throw tooMuch(`The variables and the lists of the query have more than ${limits.listValues} values.`);
    }
    if (typeof value === "string" && value.length > limits.valueLength) throw tooLong(limits);
    if (typeof value !== "object" || value === null) return;
    for (const inner of Array.isArray(value) ? value : Object.values(value)) visit(inner, depth + 1);
  };
  if (variables === undefined || variables === null) return;
  if (typeof variables !== "object" || Array.isArray(variables)) throw new GraphQLError("Variables must be an object.");
  visit(variables, 0);
}

function tooLong({ valueLength }: QueryLimits): GraphQLError {
  return tooMuch(`The query has a value of more than ${valueLength} characters.`);
}

/** White space, commas, and the mark that some editors put before a text. */
function isIgnored(character: number): boolean {
  return character <= 0x20 || character === 0x2c || character === 0xfeff;
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}

function isLetter(character: number): boolean {
  return (character >= 0x61 && character <= 0x7a) || (character >= 0x41 && character <= 0x5a) || character === 0x5f;
}

/** A number has signs within, `1.5e-7`; a name ends before them. */
function endOfWord(text: string, start: number, isNumber: boolean): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    const isInside = isLetter(character) || isDigit(character);
    if (!isInside && !(isNumber && (character === DOT || character === MINUS || character === PLUS))) return at;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x0a && text.charCodeAt(at) !== 0x0d) at++;
  return at;
}

function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    for (let at = start + 3; ; ) {
      const end = text.indexOf('"""', at);
      if (end < 0) return text.length;
      if (text.charCodeAt(end - 1) !== BACKSLASH) return end + 3;
      at = end + 3;
    }
  }
  for (let at = start + 1; ; ) {
    const end = text.indexOf('"', at);
    if (end < 0) return text.length;
    if (!isEscaped(text, end)) return end + 1;
    at = end + 1;
  }
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

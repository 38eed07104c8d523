import { GraphQLError, Lexer, Source, type Token, TokenKind } from "graphql";
import { counted } from "../../core/units.js";
import { type QueryLimits, tooMuch } from "./limits.js";

/** Numbers of tokens and list values in the text of a request, which count towards its allowance. */
export interface TextSize {
  readonly tokens: number;
  readonly listValues: number;
}

/** Tokens that are values where they are in a list; all others are punctuation. */
const VALUES: ReadonlySet<TokenKind> = new Set([
  TokenKind.NAME,
  TokenKind.INT,
  TokenKind.FLOAT,
  TokenKind.STRING,
  TokenKind.BLOCK_STRING,
]);
const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.PAREN_L, TokenKind.BRACKET_L, TokenKind.BRACE_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.PAREN_R, TokenKind.BRACKET_R, TokenKind.BRACE_R]);

/**
 * Counts the tokens of a query before anything is built from it, in one pass that ends where a limit does. Invalid GraphQL is
 * left to the parser to report; here it is only counted.
 *
 * @throws {GraphQLError} with the code `LIMIT`.
 */
export function checkText(text: string, limits: QueryLimits): TextSize {
  const open: TokenKind[] = [];
  let tokens = 0;
  let listValues = 0;
  for (const { kind, start, end } of tokensOf(text, limits)) {
    if (VALUES.has(kind) && open.at(-1) === TokenKind.BRACKET_L) listValues++;
    else tokens++;
    if (OPENING.has(kind)) open.push(kind);
    else if (CLOSING.has(kind)) open.pop();
    if (end - start > limits.valueLength) throw tooLong(limits);
    if (tokens > limits.tokens) {
      throw tooMuch(`The query has more than ${counted(limits.tokens, "token")} (values of lists are not counted).`);
    }
    if (listValues > limits.listValues)
      throw tooMuch(`The lists of the query have more than ${counted(limits.listValues, "value")}.`);
    if (open.length > limits.brackets) throw tooMuch(`The query has more than ${limits.brackets} brackets within each other.`);
  }
  return { tokens, listValues };
}

/**
 * Yields tokens up to the end, or to invalid text: the parser gets no further either. Text without an end may be a value that is
 * too long.
 */
function* tokensOf(text: string, limits: QueryLimits): Generator<Token> {
  const lexer = new Lexer(new Source(text));
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) yield token;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (text.length - lexer.token.end > limits.valueLength) throw tooLong(limits);
  }
}

/** Checks variables, which have been parsed, for the number of their values and their depth. */
export function checkVariables(variables: unknown, { listValues: used }: TextSize, limits: QueryLimits): void {
  let values = used;
  const visit = (value: unknown, depth: number): void => {
    if (depth > limits.brackets) throw tooMuch(`The variables have more than ${counted(limits.brackets, "level")}.`);
    if (++values > limits.listValues) {
      throw tooMuch(`The variables and the lists of the query have more than ${counted(limits.listValues, "value")}.`);
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
  return tooMuch(`The query has a value of more than ${counted(valueLength, "character")}.`);
}

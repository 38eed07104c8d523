import { type Context, createContext, Script } from "node:vm";
import { EmporiumError, type Place } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { counted } from "../core/units.js";

/** Limit for patterns that consist mostly of literal names: lists of several hundred runs are usual. */
const LITERAL_LENGTH_MAX = 65_536;
/** The most character comparisons for a pattern that runs without a time limit: about 10 ms. */
const UNGUARDED_STEPS = 1e6;
/** Second time limit on a busy machine, as a multiple of the first. */
const SECOND_CHANCE = 10;

/** A regular expression of a configuration or command line, with a time limit. */
export interface Pattern {
  readonly source: string;
  /** Whether it matches anywhere in the text. */
  search(text: string): boolean;
  /** Its match at the very start of the text, groups included. */
  atStart(text: string): readonly (string | undefined)[] | undefined;
  /** The named groups of a match of the whole text. */
  whole(text: string): Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Compiles a regular expression as the portal's configurations mean it: Python's syntax where the two languages agree, no flags.
 * (The `u` flag would refuse escapes such as `\-` that real configurations hold.)
 *
 * The limit on length counts only special characters: letters, digits, `_`, `-` and blanks are free.
 *
 * @throws {EmporiumError} CONFIG_REGEX, now or when a match takes longer than `LIMITS.regexTimeMs`.
 */
export function compilePattern(source: string, place?: Place): Pattern {
  const weight = source.replace(/[\w\- ]+/g, "").length;
  if (weight > LIMITS.regexLength || source.length > LITERAL_LENGTH_MAX) throw tooLong(source, place);
  const translated = source.replaceAll("(?P<", "(?<");
  let anywhere: RegExp;
  let start: RegExp;
  let whole: RegExp;
  try {
    anywhere = new RegExp(translated);
    start = new RegExp(translated, "y");
    whole = new RegExp(`^(?:${translated})$`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^Invalid regular expression: /, "") : String(cause);
    const hint = "escape characters such as ( [ * + ? with a backslash if they are literal characters";
    throw new EmporiumError("CONFIG_REGEX", `the regular expression cannot be compiled: ${reason}`, { place, hint, cause });
  }
  const steps = worstSteps(source);
  const run = (regex: RegExp, text: string): RegExpExecArray | null => {
    regex.lastIndex = 0;
    try {
      return steps(text.length) <= UNGUARDED_STEPS ? regex.exec(text) : guarded(regex, text, source, place);
    } catch (error) {
      throw error instanceof SyntaxError ? tooLong(source, place) : error; // V8 notices at the first match what is too large for it
    }
  };
  return {
    source,
    search: (text) => run(anywhere, text) !== null,
    atStart: (text) => run(start, text) ?? undefined,
    whole: (text) => {
      const match = run(whole, text);
      return match ? { ...match.groups } : undefined;
    },
  };
}

function tooLong(source: string, place: Place | undefined): EmporiumError {
  return new EmporiumError("CONFIG_REGEX", `a regular expression of ${counted(source.length, "character")} is too long`, {
    place,
    hint: "shorten it, or spread it over several sources",
  });
}

/**
 * Worst-case steps of a backtracking engine for n characters: n to the number of unbounded repeats, times the start positions. No
 * bound for a repeated group that contains a repeat or alternatives.
 */
function worstSteps(source: string): (length: number) => number {
  const bare = source.replace(/\\./g, "x").replace(/\[\^?\]?[^\]]*\]/g, "x");
  const repeats = bare.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0;
  const branches = bare.split("|").length;
  if (/\)(?:[*+]|\{)/.test(bare) || /\\[1-9]/.test(source)) return () => Number.POSITIVE_INFINITY;
  return (length) => branches * Math.max(1, length) ** Math.max(1, repeats);
}

let context: Context | undefined;
const script = new Script("regex.exec(text)");

/** Only `vm` can stop a regular expression on this thread. If a busy machine exceeds the limit, a second, longer try follows. */
function guarded(regex: RegExp, text: string, source: string, place: Place | undefined): RegExpExecArray | null {
  context ??= createContext({ __proto__: null });
  Object.assign(context, { regex, text });
  for (const timeout of [LIMITS.regexTimeMs, LIMITS.regexTimeMs * SECOND_CHANCE]) {
    try {
      return script.runInContext(context, { timeout }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    }
  }
  const shown = source.length > 80 ? `${source.slice(0, 80)}…` : source;
  throw new EmporiumError(
    "CONFIG_REGEX",
    `the regular expression ${shown} takes too long on a text of ${counted(text.length, "character")}`,
    {
      place,
      hint: "avoid a repeat inside a repeat, such as (a+)+",
    },
  );
}

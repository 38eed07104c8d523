import { createContext, Script } from "node:vm";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";

/** A regular expression for file names. */
export interface NamePattern {
  readonly source: string;
  /** The named groups of a match of the whole name, or undefined. @throws {EmporiumError} CONFIG_REGEX after a time limit */
  match(name: string): Readonly<Record<string, string>> | undefined;
}

/** The groups that a pattern may have. */
const PATTERN_GROUPS = ["channel", "slice", "time", "position"] as const;

const context = createContext({ __proto__: null });
const script = new Script("regex.exec(text)");

/**
 * A pattern of a configuration, such as `(?<channel>.+)_t(?<time>\d+)_p(?<position>\d+)_z(?<slice>\d+)\.tif`. Matches have a time
 * limit, so untrusted configurations are safe. Python's `(?P<name>` is allowed.
 *
 * @throws {EmporiumError} CONFIG_REGEX
 */
export function compileNamePattern(source: string, place?: Place): NamePattern {
  const fail = (what: string, hint?: string) => new EmporiumError("CONFIG_REGEX", what, { place, hint });
  if (source.length > LIMITS.regexLength)
    throw fail(`a pattern of ${source.length} characters, ${LIMITS.regexLength} at most are taken`);
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${source.replaceAll("(?P<", "(?<")})$`);
  } catch (error) {
    throw fail(`the pattern cannot be compiled: ${error instanceof Error ? error.message : String(error)}`);
  }
  const groups = new Set([...regex.source.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(([, name]) => name!));
  const unknown = [...groups].find((name) => !PATTERN_GROUPS.some((known) => known === name));
  if (unknown !== undefined || !groups.has("channel")) {
    throw fail(
      unknown === undefined ? "the pattern has no group named channel" : `the pattern has a group named ${unknown}`,
      `the groups are ${PATTERN_GROUPS.map((name) => `(?<${name}>…)`).join(" ")}, channel is needed`,
    );
  }
  return {
    source,
    match(name) {
      Object.assign(context, { regex, text: name });
      try {
        const found = script.runInContext(context, { timeout: LIMITS.regexTimeMs * 10 }) as RegExpExecArray | null;
        return found?.groups as Readonly<Record<string, string>> | undefined;
      } catch (cause) {
        if ((cause as { code?: string }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw cause;
        throw fail(
          `the pattern takes too long on the name ${JSON.stringify(name.slice(0, 80))}`,
          "avoid a repeat inside a repeat, such as (a+)+",
        );
      }
    },
  };
}

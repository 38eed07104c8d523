import { createContext, Script } from "node:vm";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";

/**
 * Compiles a profile's pattern to a function that selects the names that it matches. All names of a date are tested in one call
 * with a time limit, because a pattern may run almost for ever.
 *
 * @throws {EmporiumError} CONFIG_REGEX
 */
export function tagPattern(source: string): (names: readonly string[]) => ReadonlySet<string> {
  const fail = (fault: string, cause?: unknown) =>
    new EmporiumError("CONFIG_REGEX", `neurons.tagPattern ${JSON.stringify(source)} ${fault}`, {
      place: { path: "neurons.tagPattern" },
      cause,
    });
  if (source.length > LIMITS.regexLength)
    throw fail(`has ${counted(source.length, "character")}, at most ${LIMITS.regexLength} are read`);
  try {
    new RegExp(source, "u");
  } catch (cause) {
    throw fail("is not a regular expression", cause);
  }
  const script = new Script('{ const made = new RegExp(source, "u"); names.map((name) => made.test(name)); }');
  return (names) => {
    try {
      const fits = script.runInContext(createContext({ source, names: [...names] }), {
        timeout: LIMITS.regexTimeMs * 10,
      }) as boolean[];
      return new Set(names.filter((_, at) => fits[at]));
    } catch (cause) {
      throw fail(`takes more than ${LIMITS.regexTimeMs * 10} ms`, cause);
    }
  };
}

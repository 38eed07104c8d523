import { EmporiumError, type Place } from "../../../core/errors.js";
import { kindOf, type TypeKey } from "../../../model/kinds.js";
import { baseName } from "../../../stores/keys.js";
import type { Source } from "../config/schema.js";

/**
 * The error for a section whose sources find nothing. If all refer to what the output should already have (`destination_glob`),
 * the output lacks it, and the glob may be right.
 *
 * @param applied sources of the section that apply here.
 * @param where.target URL of the tree that was searched.
 */
export function nothingFound(
  type: TypeKey,
  message: string,
  applied: readonly Source[],
  where: { target: string; place: Place; hint: string },
): EmporiumError {
  const finders = applied.flatMap(({ finder }) => finder ?? []);
  const place = finders[0]?.place ?? where.place;
  const globs = finders.flatMap((finder) => (finder.kind === "destination_glob" ? baseName(String(finder.glob.value)) : []));
  if (finders.length === 0 || globs.length < finders.length)
    return new EmporiumError("CONFIG_EMPTY", message, { place, hint: where.hint });
  const what = kindOf(type).type.replaceAll("_", " ");
  return new EmporiumError(
    "CONFIG_EMPTY",
    `${message}: ${where.target} has no ${what} ${globs.join(", ")}, which the configuration refers to`,
    {
      place,
      hint: `give the tree with this ${what} as OUTPUT, or ingest the ${what} first`,
    },
  );
}

/** `{output_path}/10052` is called 10052. */

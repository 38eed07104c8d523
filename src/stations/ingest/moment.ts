import { EmporiumError } from "../../core/errors.js";

/**
 * The fixed time of outputs from `SOURCE_DATE_EPOCH`, in seconds since 1970 (reproducible-builds.org). It makes trees comparable
 * that were made on different days.
 *
 * @throws {EmporiumError} USAGE when it is set to something else than a whole number.
 */
export function fixedMoment(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = environment.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,11}$/.test(text)) {
    throw new EmporiumError(
      "USAGE",
      `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}; expected a whole number of seconds since 1970`,
      {
        hint: "unset it, or set it to seconds",
      },
    );
  }
  return Number(text) * 1000;
}

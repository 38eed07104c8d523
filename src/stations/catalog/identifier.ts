import { EmporiumError, type Place } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** The name of a data set: `<PROJECT>-YYYY-MM-DD-HH-MM-SS-<SSSS>`. */
export interface DatasetId {
  readonly text: string;
  readonly project: string;
  /** Local time without a zone, from the name: `2005-06-09T20:00:00`. */
  readonly dateTime: string;
  readonly number: number;
}

const FORM =
  /^(?<project>[A-Z][A-Z0-9]{0,15})-(?<y>\d{4})-(?<mo>0[1-9]|1[0-2])-(?<d>0[1-9]|[12]\d|3[01])-(?<h>[01]\d|2[0-3])-(?<mi>[0-5]\d)-(?<s>[0-5]\d)-(?<n>\d{4})$/;

const HINT = "write it as PROJECT-YYYY-MM-DD-HH-MM-SS-NNNN, such as ML-2018-11-07-09-35-54-0010";

/**
 * Parses the identifier of a new data set. Its day must exist.
 *
 * @throws {EmporiumError} CONFIG_FIELD naming the wrong part
 */
export function parseDatasetId(text: string, place?: Place): DatasetId {
  const fail = (what: string) =>
    new EmporiumError("CONFIG_FIELD", `the data set's id ${JSON.stringify(text.slice(0, 80))} ${what}`, { place, hint: HINT });
  const fault = oldFault(text);
  if (fault) throw fail(fault);
  const match = FORM.exec(text);
  if (!match) throw fail("has a project that is not capital letters and digits, or parts that are not plain digits");
  const { project, y, mo, d, h, mi, s, n } = match.groups as Record<string, string>;
  if (Number(d) > daysIn(Number(y), Number(mo))) throw fail(`names the day ${y}-${mo}-${d}, which does not exist`);
  return { text, project: project!, dateTime: `${y}-${mo}-${d}T${h}:${mi}:${s}`, number: Number(n) };
}

/**
 * Checks the identifier of an existing data set. Older catalogues had looser rules for projects and days.
 *
 * @throws {EmporiumError} USAGE
 */
export function checkKnownId(text: string): string {
  const fault = oldFault(text);
  if (!fault && !/[/\\\0]/.test(text)) return text;
  throw new EmporiumError(
    "USAGE",
    `the data set's id ${JSON.stringify(text.slice(0, 80))} ${fault ?? "holds a character that no name may hold"}`,
    { hint: HINT },
  );
}

/** Errors of the older catalogue, in its order. */
function oldFault(text: string): string | undefined {
  const parts = text.split("-");
  if (parts.length !== 8) return `has ${counted(parts.length, "part")} between dashes; expected 8`;
  const [, year, ...rest] = parts as [string, string, ...string[]];
  const serial = rest.pop()!;
  if (year.length !== 4) return `has the year "${year}"; expected 4 digits`;
  const ranges = { month: [1, 12], day: [1, 31], hour: [0, 23], minute: [0, 59], second: [0, 59] } as const;
  for (const [i, [name, [least, most]]] of Object.entries(ranges).entries()) {
    const part = rest[i]!;
    if (!/^\d\d$/.test(part)) return `has the ${name} "${part}"; expected 2 digits`;
    if (Number(part) < least || Number(part) > most) return `has the ${name} ${part}; expected ${least} to ${most}`;
  }
  return /^\d{4}$/.test(serial) ? undefined : `ends with "${serial}"; expected 4 digits`;
}

/** Gregorian, also for years before it. */
function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

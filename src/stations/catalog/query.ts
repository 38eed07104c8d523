import { EmporiumError } from "../../core/errors.js";
import { printJsonLine } from "../../core/json.js";
import { type Report, withText } from "../../core/report.js";
import { counted } from "../../core/units.js";
import type { CatalogRepository, DatasetQuery, DatasetSummary, DistinctValue } from "./rows/repository.js";
import { isStorableText, STORABLE_TEXT } from "./storable-text.js";
import { parseSubject, parseWhere } from "./where.js";

export interface QueryInput {
  project?: string | undefined;
  microscope?: string | undefined;
  description?: string | undefined;
  /** `YYYY-MM-DD`: first and last day, both included. */
  startDate?: string | undefined;
  endDate?: string | undefined;
  /** See `parseWhere`. */
  where?: string | undefined;
}

export interface QueryReport extends Pick<Report, "toText"> {
  readonly datasets: readonly DatasetSummary[];
}

/**
 * Data sets that fulfil all of a query, by serial.
 *
 * ```ts
 * const { datasets } = await queryDatasets(repository, { project: "ISP", where: "nbr_slices >= 10" });
 * ```
 *
 * @throws {EmporiumError} USAGE for dates that do not exist or come in the wrong order, and for a filter that cannot be read.
 */
export async function queryDatasets(
  repository: CatalogRepository,
  input: QueryInput,
  signal?: AbortSignal,
): Promise<QueryReport> {
  const query = datasetQuery(input);
  const datasets: DatasetSummary[] = [];
  for await (const dataset of repository.query(query, signal)) datasets.push(dataset);
  // the lines of the older catalogue: a count, then number and serial
  return withText({ datasets }, () => [
    `Number of datasets matching your query: ${datasets.length}`,
    ...datasets.map(({ dataset_serial }, index) => `${index} ${dataset_serial}`),
  ]);
}

export interface DistinctReport extends Pick<Report, "toText"> {
  readonly column: string;
  /** Without null; texts by their bytes. */
  readonly values: readonly DistinctValue[];
  /** There are more values than were read. */
  readonly isCut: boolean;
}

/**
 * The distinct values of a column, of the channels, or of a path into metadata, over the data sets that fulfil a query.
 *
 * @throws {EmporiumError} USAGE
 */
export async function distinctValues(
  repository: CatalogRepository,
  column: string,
  input: QueryInput,
  signal?: AbortSignal,
): Promise<DistinctReport> {
  const found = await repository.distinct(parseSubject(column), datasetQuery(input), VALUES_MAX + 1, signal);
  const values = found.slice(0, VALUES_MAX);
  const isCut = found.length > VALUES_MAX;
  return withText({ column, values, isCut }, () => {
    const texts = values.map(({ value }) => (typeof value === "string" ? value : printJsonLine(value)));
    const width = Math.min(60, Math.max(...texts.map(({ length }) => length), 0));
    return [
      `${column}: ${isCut ? `more than ${VALUES_MAX}` : counted(values.length, "distinct value")}`,
      ...values.map(({ datasets }, at) => `${texts[at]!.padEnd(width)}  ${counted(datasets, "data set")}`),
    ];
  });
}

/** The most values that are listed: a path to what differs in each frame has millions. */
const VALUES_MAX = 10_000;

/** @throws {EmporiumError} USAGE */
export function datasetQuery({ project, microscope, description, startDate, endDate, where }: QueryInput): DatasetQuery {
  for (const text of [project, microscope, description, where]) {
    if (text === undefined || isStorableText(text)) continue;
    throw new EmporiumError("USAGE", `expected ${STORABLE_TEXT}, found ${JSON.stringify(text.slice(0, 80))}`);
  }
  const from = startDate === undefined ? undefined : checkDate(startDate, "--start-date");
  const to = endDate === undefined ? undefined : checkDate(endDate, "--end-date");
  if (from !== undefined && to !== undefined && from > to) {
    throw new EmporiumError("USAGE", `--start-date ${from} is later than --end-date ${to}`, { hint: "exchange the two dates" });
  }
  return {
    project,
    microscope,
    description,
    from: from && `${from}T00:00:00`,
    to: to && `${to}T23:59:59`,
    where: where === undefined ? undefined : parseWhere(where),
  };
}

/** @returns the date, if it exists. @throws {EmporiumError} USAGE */
export function checkDate(text: string, option: string): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  const date = year === undefined ? undefined : new Date(Date.UTC(year, month! - 1, day));
  date?.setUTCFullYear(year!); // JavaScript takes years before 100 for 1900 and later
  if (date && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day) return text;
  throw new EmporiumError("USAGE", `${option}: expected a date as 2018-11-07, found "${text}"`);
}

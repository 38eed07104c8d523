import { conditionsIn, filterOf } from "../../../../formats/points/csv-by-name.js";
import type { PointsReading } from "../claims.js";

/**
 * `filter_value` of a list of points: what a column has for the run, or a class. Of a table with names of columns all that is known of its rows.
 *
 * @param row what the column of tomograms has for the run; `{run_name}` where it is the run's name. What another column has to have follows: `TS_01 & sample=wt`
 * @param one a class
 */
export function rowFilter(
  { format, rowName, className, kept }: PointsReading,
  row: string | undefined,
  one?: string | undefined,
): string | undefined {
  if (format !== "csv_by_name") return row ?? one;
  const ofRun = row !== undefined && rowName !== undefined ? filterOf(conditionsIn(`${rowName}=${row}`) ?? []) : undefined;
  const ofClass = one !== undefined && className !== undefined ? filterOf([[className, one]]) : undefined;
  const all = [ofRun, ofClass, kept].filter((part) => part !== undefined);
  return all.length === 0 ? undefined : all.join(" & ");
}

import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";

/** Which number means which tomogram, as a text says it: a number and a name, or a path, in each line. */
export interface NumberedList {
  readonly path: string;
  /** As written, by number. */
  readonly named: ReadonlyMap<string, string>;
}

const READS_IN_FLIGHT = 8;
const TEXT_BYTES_MAX = 1024 * 1024;

/**
 * Lists of tomograms by number, `tomolist.txt`, as STOPGAP cuts particles out by them and TOMOMAN's projects have them.
 *
 * Source: read_extract_tomolist.m in https://github.com/wan-lab-vanderbilt/STOPGAP
 */
export async function numberedLists(laboratory: Laboratory): Promise<NumberedList[]> {
  const texts = laboratory.files.filter(({ path, format }) => format === "text" && /tomo_?list[^/]*\.txt$/i.test(path));
  const all = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<NumberedList | undefined> => {
    const lines = ((await laboratory.text(path, TEXT_BYTES_MAX)) ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
    const rows = lines.map((line) => /^\s*(\d+)\s+(\S.*?)\s*$/.exec(line));
    if (rows.length === 0 || rows.some((row) => row === null)) return undefined;
    return { path, named: new Map(rows.map((row) => [row![1]!, row![2]!])) };
  });
  return all.filter((one) => one !== undefined);
}

import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { quoted, starError } from "../star/errors.js";
import { findStarColumn, findStarTable, readStar, type StarTable } from "../star/read.js";
import type { StarHeader } from "../star/table.js";
import { numberOf } from "../star/values.js";
import type { Columns } from "./particles.js";

/** Pixel sizes of RELION's optics groups, in Å. */
export interface PixelSizes {
  /** Pixel size of the first group. */
  readonly first: number;
  /** Pixel sizes by `rlnOpticsGroup`. */
  readonly ofGroup: ReadonlyMap<number, number>;
}

/**
 * The tables of a particle file that describe its particles. RELION writes them first, so only the head of the file is fetched;
 * if needed ones are missing there, the rest is searched.
 *
 * @param needs whether a table of particles needs them; undefined for other tables.
 */
export async function readTablesBeside(
  source: RandomAccess,
  wanted: (table: StarHeader) => boolean,
  needs: (table: StarHeader) => boolean | undefined,
  read?: ReadOptions,
): Promise<StarTable[]> {
  let met = false;
  return readStar(
    source,
    (table) => {
      const need = needs(table);
      if (need !== undefined) return need && !met ? "skip" : "stop";
      if (!wanted(table)) return "skip";
      met = true;
      return "read";
    },
    read,
  );
}

/**
 * The pixel size of each optics group, from the first of `names` that the table has; undefined without table or column.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a size that is not above 0, or a repeated group.
 */
export function pixelSizesOf(tables: readonly StarTable[], names: readonly string[], file: string): PixelSizes | undefined {
  const optics = findStarTable(tables, "optics", file);
  const name = optics && names.find((each) => optics.columns.includes(each));
  if (!optics || !name || optics.rows.length === 0) return undefined;
  const column = findStarColumn(optics, name, file)!;
  const groupColumn = findStarColumn(optics, "rlnOpticsGroup", file);
  const ofGroup = new Map<number, number>();
  let first: number | undefined;
  for (const [row, values] of optics.rows.entries()) {
    const line = optics.lines[row]!;
    const pixel = numberIn(values[column]!);
    if (!(pixel > 0)) throw starError(file, line, `${name} is ${quoted(values[column]!)}; expected a size above 0`);
    first ??= pixel;
    if (groupColumn === undefined) continue;
    const group = numberIn(values[groupColumn]!);
    if (Number.isNaN(group)) throw starError(file, line, `rlnOpticsGroup is ${quoted(values[groupColumn]!)}; expected a number`);
    if (ofGroup.has(group)) throw starError(file, line, `the optics group ${group} appears twice`);
    ofGroup.set(group, pixel);
  }
  return { first: first!, ofGroup };
}

/** A function that gives the pixel size of a row: that of its group, or the only one. */
export function pixelOfRow(
  { first, ofGroup }: PixelSizes,
  columns: Columns,
): (read: readonly Float64Array[], row: number, line: number) => number {
  const groups = ofGroup.size > 1 ? columns.find("rlnOpticsGroup") : undefined;
  if (!groups) return () => first;
  return (read, row, line) => {
    const group = read[groups[0]]![row]!;
    const pixel = ofGroup.get(group);
    if (pixel === undefined) throw starError(columns.file, line, `the optics group ${group} is not in data_optics`);
    return pixel;
  };
}

/** True for RELION's table of optics groups. */
export const isOptics = (table: StarHeader): boolean => table.name === "optics";

/** NaN where the text is no number. */
export function numberIn(text: string): number {
  const bytes = new TextEncoder().encode(text);
  return numberOf(bytes, 0, bytes.length);
}

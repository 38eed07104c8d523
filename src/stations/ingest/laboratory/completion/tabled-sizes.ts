import { groupsOf } from "../../../../core/groups.js";
import type { Acquisition } from "../acquisition.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { baseName } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { cellsOf, listsTitled, rowFinder } from "./row-files.js";
import { expected, isNear, optionOf, type SeriesPixels, spacingOf } from "./spacings.js";

/** What a table says of the pixels or voxels of a file. */
interface TabledSize {
  readonly spacingAngstrom: number;
  readonly table: string;
}

/** `pixel_size (nm)`, `Voxel size [Å]`, `A/px`; without a unit nobody knows which it is. */
const TITLE =
  /^(?:(?:pixel|voxel|pix|px)[ _-]?(?:size|spacing)?[ _-]*(?:in )?[([]?\s*(nm|å|a|ang(?:str(?:o|ö|oe)ms?)?)(?:\/(?:px|pix|pixel|voxel))?\s*[)\]]?|(nm|å|a)\/(?:px|pix|pixel|voxel)|apix)$/i;
const [LEAST_ANGSTROM, MOST_ANGSTROM] = [0.1, 1_000];
const SAME = 0.01;
const VOLUMES: readonly Decision["role"][] = ["tilt series", "tomogram"];

const numberOf = (cell = ""): number => (cell === "" ? Number.NaN : Number(cell.replace(",", ".")));

/** Å of the cells of a column; undefined for a column of anything else. */
function angstromsOf(title: string): ((cell?: string) => number) | undefined {
  const [all, unit = "", per = ""] = TITLE.exec(title) ?? [];
  return all === undefined ? undefined : (cell) => numberOf(cell) * (/^nm$/i.test(unit + per) ? 10 : 1);
}

/**
 * Sizes of pixels and voxels that tables have in rows with the name of the file. A table is believed that says of more files what their headers say than
 * otherwise: one with the pixels of the camera beside the names of tomograms tells nothing of their voxels.
 */
export async function readTabledSizes(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
): Promise<ReadonlyMap<string, TabledSize>> {
  const volumes = [...files.values()].filter(({ role }) => VOLUMES.includes(role));
  const byName = groupsOf(volumes, ({ path }) => baseName(path));
  const among = rowFinder(laboratory);
  const found = new Map<string, TabledSize>();
  // two rows or tables say different things of one file: then it is as if none did
  const contradicted = new Set<string>();
  for (const table of await listsTitled(laboratory, (titles) => titles.some(angstromsOf))) {
    const [titles = [], ...rows] = await cellsOf(laboratory, table);
    const [column, ...others] = titles.flatMap((title, at) => {
      const read = angstromsOf(title);
      return read ? [{ at, read }] : [];
    });
    if (!column || others.length > 0) continue;
    const told = rows.flatMap((cells): (readonly [string, number])[] => {
      const value = Number(column.read(cells[column.at]).toFixed(4));
      const [path, ...more] = among(
        cells.flatMap((cell) => byName.get(cell)?.map((file) => file.path) ?? []),
        cells,
      );
      return path !== undefined && more.length === 0 && value >= LEAST_ANGSTROM && value <= MOST_ANGSTROM ? [[path, value]] : [];
    });
    const compared = told.flatMap(([path, value]) => {
      const header = spacingOf({ ...files.get(path)!, details: {} }, laboratory);
      return header === undefined ? [] : [isNear(header, value, SAME)];
    });
    const agreeing = compared.filter((is) => is).length;
    if (agreeing <= compared.length - agreeing) continue;
    for (const [path, spacingAngstrom] of told) {
      const before = found.get(path);
      if (before && !isNear(before.spacingAngstrom, spacingAngstrom, SAME)) contradicted.add(path);
      else if (!before) found.set(path, { spacingAngstrom, table });
    }
  }
  for (const path of contradicted) found.delete(path);
  return found;
}

/** Takes the sizes of tables where headers have none. */
export function fillTabledSizes(
  files: Map<string, Decision>,
  laboratory: Laboratory,
  tabled: ReadonlyMap<string, TabledSize>,
): void {
  for (const [path, { spacingAngstrom, table }] of tabled) {
    const file = files.get(path)!;
    if (file.strength === "person" || spacingOf(file, laboratory) !== undefined) continue;
    const spacingFrom = `the header has none; ${table} has this`;
    files.set(path, { ...file, details: { ...file.details, spacingAngstrom, spacingFrom } });
  }
}

/** Headers that a table contradicts, where the tilt series speaks for the table. */
export function tabledSizeQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  { series, tabled }: { readonly series: readonly SeriesPixels[]; readonly tabled: ReadonlyMap<string, TabledSize> },
): Question[] {
  return [...tabled].flatMap(([path, { spacingAngstrom: told, table }]): Question[] => {
    const file = files.get(path);
    const header = file && spacingOf(file, laboratory);
    if (file?.role !== "tomogram" || header === undefined) return [];
    if (file.strength === "person" || file.details.spacingAngstrom !== undefined || isNear(header, told, SAME)) return [];
    const could = expected(file, laboratory, series).map(({ spacing }) => spacing);
    const isExpected = (value: number) => could.some((one) => isNear(one, value, 0.02));
    if (!isExpected(told) || isExpected(header)) return [];
    return [
      {
        id: stableId("tabled-size", path),
        text: `What is the voxel size of ${path}?`,
        why: `${table} says ${told} Å, which fits the tilt series; the header says ${header} Å.`,
        files: [path],
        options: [optionOf(told, [file]), optionOf(header, [file])],
        guess: `${told}`,
      },
    ];
  });
}

const MIN = /^(?:tilt[ _]?(?:angle[ _]?)?min(?:imum)?|min(?:imum)?[ _]?(?:tilt|angle)(?:[ _]?angle)?)(?:\s*[([].*)?$/i;
const MAX = /^(?:tilt[ _]?(?:angle[ _]?)?max(?:imum)?|max(?:imum)?[ _]?(?:tilt|angle)(?:[ _]?angle)?)(?:\s*[([].*)?$/i;
const STEP = /^tilt[ _]?(?:angle[ _]?)?(?:step|increment)(?:\s*[([].*)?$/i;
const TILT_MAX = 90;

/** Ranges of tilts that tables have in rows with the names of stacks: only with a step by which there are as many as the stack has images. */
export async function tabledRanges(
  series: readonly Decision[],
  laboratory: Laboratory,
): Promise<ReadonlyMap<string, Acquisition>> {
  const byName = groupsOf(series, ({ path }) => baseName(path));
  const among = rowFinder(laboratory);
  const found = new Map<string, Acquisition>();
  const hasRange = (titles: readonly string[]) => [MIN, MAX, STEP].every((form) => titles.some((title) => form.test(title)));
  for (const table of series.length === 0 ? [] : await listsTitled(laboratory, hasRange)) {
    const [titles = [], ...rows] = await cellsOf(laboratory, table);
    const [min, max, by] = [MIN, MAX, STEP].map((form) => titles.findIndex((title) => form.test(title))) as [
      number,
      number,
      number,
    ];
    if (min < 0 || max < 0 || by < 0) continue;
    for (const cells of rows) {
      const [least, most, step] = [min, max, by].map((at) => numberOf(cells[at])) as [number, number, number];
      const called = cells.flatMap((cell) => byName.get(cell) ?? []);
      const [path, ...others] = among(
        called.map((file) => file.path),
        cells,
      );
      const run = called.find((file) => file.path === path)?.run;
      if (path === undefined || others.length > 0 || run === undefined || found.has(run)) continue;
      const images = laboratory.get(path)?.volume?.shape[0];
      const isRange =
        Math.abs(least) <= TILT_MAX && Math.abs(most) <= TILT_MAX && Math.round((most - least) / step) + 1 === images;
      if (isRange && step > 0) found.set(run, { range: { min: least, max: most }, step, tiltsFrom: table });
    }
  }
  return found;
}

import { feiPixelAngstrom } from "../../../../formats/mrc/fei-pixel.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
import type { Decision } from "../decide.js";
import { folderOf } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import { isFamily, isNear, type SeriesPixels, spacingOf } from "./spacings.js";

/** Sizes of pixels that the header of a tilt series has not, and what FEI's programs write behind it has. */
export async function readPixels(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  for (const [path, file] of files) {
    if (file.role !== "tilt series" || laboratory.get(path)?.format !== "mrc" || spacingOf(file, laboratory) !== undefined)
      continue;
    const read = await orReason(async () => {
      const source = await laboratory.open(path);
      return feiPixelAngstrom(source, await readMrcHeader(source));
    });
    // a stack that cannot be read is told elsewhere
    if (!("value" in read) || read.value === undefined) continue;
    const spacingFrom = "the header has none; its extended header, as FEI's programs write it, has this";
    files.set(path, { ...file, details: { ...file.details, spacingAngstrom: read.value, spacingFrom } });
  }
}

/**
 * Sizes of pixels that neither the header of a tilt series has nor an acquisition file of its run: that of the series beside it whose images are as large,
 * which is told. Where others are known and these say nothing, the series is left to a person: a wrong size is worse than none.
 *
 * @returns sizes that were found so
 */
export function fillPixels(
  files: Map<string, Decision>,
  undecided: Map<string, string>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): SeriesPixels[] {
  const all = [...files.values()].filter(({ role }) => role === "tilt series");
  const known = all.filter((file) => spacingOf(file, laboratory) !== undefined);
  const told = new Set(series.filter(({ by }) => by === "acquisition").map(({ run }) => run));
  const found: SeriesPixels[] = [];
  for (const file of all) {
    const { path, run, strength } = file;
    const [, rows = 0, columns = 0] = laboratory.get(path)?.volume?.shape ?? [];
    if (known.includes(file) || run === undefined || told.has(run) || known.length === 0 || rows === 0) continue;
    const beside = known.flatMap((other) => {
      const shape = laboratory.get(other.path)?.volume?.shape;
      const isAlike = shape?.[1] === rows && shape[2] === columns;
      const isBeside = folderOf(other.path) === folderOf(path) || other.run === run || isFamily(other, file);
      return isAlike && isBeside ? (spacingOf(other, laboratory) ?? []) : [];
    });
    const [pixelAngstrom] = beside;
    if (pixelAngstrom !== undefined && beside.every((one) => isNear(one, pixelAngstrom, 0.01))) {
      const spacingFrom = "the header has none; tilt series beside it with images of this size have this";
      files.set(path, { ...file, details: { ...file.details, spacingAngstrom: pixelAngstrom, spacingFrom } });
      found.push({ run, pixelAngstrom, rows, columns, by: "tilt series" });
    } else if (strength !== "person") {
      files.delete(path);
      undecided.set(path, "a tilt series whose header has no pixel size, and nothing else tells it");
    }
  }
  return found;
}

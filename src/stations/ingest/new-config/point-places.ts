import { isEmporiumError } from "../../../core/errors.js";
import { POINT_READERS } from "../../../formats/points/readers.js";
import { openObject, type Store } from "../../../stores/store.js";
import { type Fit, pointFit } from "../point-fit.js";
import type { Item } from "./inventory.js";
import type { PointFile } from "./point-files.js";

/** Runs whose points are looked at, and the largest file. */
const RUNS_READ = 3;
const BYTES_MAX = 16 * 1024 * 1024;
/** Points of one file. */
const POINTS_MAX = 100_000;

/**
 * How the coordinates of a kind of files fill the tomograms of their runs: undefined where nothing tells it, or where they fit as they are.
 * Files that hold many tomograms are passed over: which rows are meant only a person knows.
 *
 * @param tomogramOf the tomogram that the points of a run are to lie in.
 */
export async function placesOf(
  store: Store,
  { format, shape, delimiter, rowName }: PointFile,
  items: ReadonlyMap<string, Item>,
  tomogramOf: (run: string) => Item | undefined,
  signal: AbortSignal,
): Promise<Fit | undefined> {
  const reader = POINT_READERS[format];
  if (!reader || rowName !== undefined || shape === "InstanceSegmentation") return undefined;
  const kind = shape === "OrientedPoint" ? "orientedPoint" : "point";
  const fits: Fit[] = [];
  for (const [run, { path, size }] of [...items].slice(0, RUNS_READ)) {
    const volume = tomogramOf(run);
    if (!volume?.shape || size > BYTES_MAX) continue;
    const [z, y, x] = volume.shape;
    const reverse = kind === "point" ? "columns" : "order";
    const places = pointFit({ size: [x, y, z], spacingAngstrom: volume.voxelSizeAngstrom, binning: 1, reverse });
    const options = { kind, binning: 1, columns: "xyz", order: "xyz", delimiter: delimiter ?? "," } as const;
    try {
      for await (const { positions, count } of reader.read(await openObject(store, path, { signal }), options, { signal })) {
        places.add(positions, count);
        if (places.count > POINTS_MAX) break;
      }
    } catch (error) {
      if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
      throw error;
    }
    const fit = places.fit();
    if (fit) fits.push(fit);
  }
  const [first] = fits;
  if (!first || fits.some(({ unit, reversed }) => unit !== first.unit || reversed !== first.reversed)) return undefined;
  // points of one run may fill less of the volume than those of another
  return fits.reduce((most, fit) => (fit.binning > most.binning ? fit : most));
}

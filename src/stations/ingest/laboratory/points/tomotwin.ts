import type { PointsReading } from "../claims.js";
import type { Decision } from "../decide.js";
import { baseName, folderOf, within } from "../recognisers/common/paths.js";
import { runFinder } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Folders with what TomoTwin has located, and those around them: picks lie beside it, or in `coords` beside its `out/locate`. */
const located = new WeakMap<Laboratory, ReadonlySet<string>>();
const AROUND = 2;

function locatedIn(laboratory: Laboratory): ReadonlySet<string> {
  const known = located.get(laboratory);
  if (known) return known;
  const folders = new Set<string>();
  for (const { path } of laboratory.files) {
    if (!/\.tloc$/i.test(path)) continue;
    for (let folder = folderOf(path), up = 0; up <= AROUND && folder !== ""; folder = folderOf(folder), up++) folders.add(folder);
  }
  located.set(laboratory, folders);
  return folders;
}

/**
 * TomoTwin's picks, beside what it has located.
 *
 * Source: `tomotwin_pick.py` in the tutorials of https://tomotwin-cryoet.readthedocs.io, which reads a `.tloc` and writes `.coords`
 */
export function isOfTomoTwin(path: string, laboratory: Laboratory): boolean {
  const folder = folderOf(path);
  if (!/\.coords$/i.test(path)) return false;
  if (laboratory.inFolder(folder).some((other) => /\.tloc$/i.test(other.path))) return true;
  return /^coords$/i.test(baseName(folder)) && locatedIn(laboratory).has(folderOf(folder));
}

const LOOKED_FOR = /^(?:ref(?:erence)?s?|medoid)(?:[_.-]\w+)*\.coords$/i;

/** What is looked for, and not what was found: `references.coords` is clicked to cut references out, `medoid_0.coords` is the middle of a cluster. */
export const isLookedFor = (path: string): boolean => LOOKED_FOR.test(baseName(path));

/** As scale_coordinates is told to write it for an extraction in other voxels: `ribosome_a5.9.coords`. */
const SCALED = /_a\d+(?:\.\d+)?\.coords$/i;

/**
 * Picks are voxels of the tomogram that was embedded, whatever their range; of which one the folder `tomo` tells. Of coordinates that were scaled for an extraction
 * their range has to tell, where those that were scaled are gone.
 *
 * @returns a text: why they are not published
 */
export function tomotwinReading({ path, run }: Decision, reading: PointsReading, laboratory: Laboratory): PointsReading | string {
  const original = path.replace(SCALED, ".coords");
  if (original !== path) return laboratory.get(original) ? `the picks of ${original}, scaled for other voxels` : reading;
  const inSpacingAngstrom = reading.inSpacingAngstrom ?? embedded(path, run, laboratory);
  return { ...reading, unit: "voxels", ...(inSpacingAngstrom !== undefined && { inSpacingAngstrom }) };
}

/** Voxel size of the tomogram of a run in the folder `tomo` of the project, which may be a link or a copy. */
function embedded(path: string, run: string | undefined, laboratory: Laboratory): number | undefined {
  if (run === undefined) return undefined;
  const find = runFinder([run]);
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) {
    const own = laboratory.inFolder(within(folder, "tomo")).filter((file) => file.volume && find(baseName(file.path)) === run);
    if (own.length === 1) return own[0]!.volume!.spacingsAngstrom[0];
  }
  return undefined;
}

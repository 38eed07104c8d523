import { counted } from "../../core/units.js";
import { alignmentError } from "../alignment/rows.js";
import { parseWarpXml, type WarpGrid } from "../alignment/warp.js";
import type { CtfEntry } from "./entry.js";

const ANGSTROM_PER_MICROMETRE = 10_000;

/**
 * CTF fits of a Warp tilt series, from grids of one node a tilt. Defocus and its difference are in µm, phase shift in units of π;
 * the resolution is of the whole series. Unused tilts, and those without a node, have no entry.
 *
 * @param onUnfitted hears of used tilts without a node, which are left out, and of how many used ones there are.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_LIMIT.
 * Source: `TiltSeries.GetTiltDefocus` and its like of Warp, and its export to STAR (`PhaseShift * 180`).
 */
export function parseWarpCtf(
  content: Uint8Array | string,
  name: string,
  onUnfitted?: (unfitted: number, rows: number) => void,
): CtfEntry[] {
  const { tilts, grids, ctf } = parseWarpXml(content, name);
  const defocus = valuesOf(grids.get("GridCTF"), tilts.length, name);
  if (!defocus) throw alignmentError(name, undefined, "no <GridCTF>, the CTF of the tilt series is not fitted");
  const [delta, angle, phase] = ["GridCTFDefocusDelta", "GridCTFDefocusAngle", "GridCTFPhase"].map((tag) =>
    valuesOf(grids.get(tag), tilts.length, name),
  );
  const used = tilts.filter(({ use }) => use).length;
  const entries = tilts.flatMap(({ use, tiltAngleDegrees, moviePath }, i) => {
    const mean = defocus(i);
    if (!use || mean === undefined) return [];
    const half = (delta?.(i) ?? ctf.get("DefocusDelta") ?? 0) / 2;
    const entry: CtfEntry = {
      section: i + 1,
      defocus1Angstrom: (mean + half) * ANGSTROM_PER_MICROMETRE,
      defocus2Angstrom: (mean - half) * ANGSTROM_PER_MICROMETRE,
      azimuthDegrees: angle?.(i) ?? ctf.get("DefocusAngle") ?? 0,
      phaseShiftRadians: (phase?.(i) ?? ctf.get("PhaseShift") ?? 0) * Math.PI,
      crossCorrelation: 0,
      maxResolutionAngstrom: null,
      line: 0,
      tiltAngleDegrees,
      imageName: moviePath?.split(/[\\/]/).at(-1),
    };
    return [entry];
  });
  if (entries.length < used) onUnfitted?.(used - entries.length, used);
  return entries;
}

/** The value of each tilt: nodes say by Z which is theirs; a single node is that of all. */
function valuesOf(grid: WarpGrid | undefined, tilts: number, name: string): ((tilt: number) => number | undefined) | undefined {
  if (!grid || grid.nodes.length === 0) return undefined;
  const [width, height, depth] = grid.shape;
  if (width * height > 1 || (depth > 1 && depth !== tilts)) {
    const message = `a grid of ${width}×${height}×${depth} nodes for the CTF of ${counted(tilts, "tilt")}; expected 1×1×${tilts}`;
    throw alignmentError(name, undefined, message);
  }
  const byTilt = new Map(grid.nodes.map(({ at: [, , z], value }) => [z, value]));
  return depth === 1 ? () => byTilt.get(0) : (tilt) => byTilt.get(tilt);
}

import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { findStarColumn, readStar, type StarTable } from "../star/read.js";
import { ofTomogramNamed } from "../star/tomogram-name.js";
import { fromMatrix, type RelionTilt } from "./relion-matrix.js";
import { cosSinDegrees } from "./rotation.js";
import { alignmentError } from "./rows.js";
import type { SectionAlignment } from "./sections.js";
import { columnReader } from "./star-columns.js";

/** The alignment of one tomogram. */
export interface RelionTiltSeries {
  name: string;
  tomoName?: string | undefined;
  /** 4: matrices of projections; 5: angles and shifts. */
  version: 4 | 5;
  pixelSizeAngstrom?: number | undefined;
  /** Size of the unbinned tomogram, in voxels. */
  volumePixels?: [x: number, y: number, z: number] | undefined;
  /** Handedness of the defocus, `rlnTomoHand`: its sign says which side of the volume is nearer. */
  hand?: number | undefined;
  tilts: RelionTilt[];
}

export interface RelionOptions extends ReadOptions {
  /** Name of the wanted tomogram, where the files have several. */
  tomoName?: string | undefined;
  /** Size of one tilt image: matrices of RELION 4 hold its centre. */
  imagePixels?: readonly [x: number, y: number] | undefined;
  /** Pixel size for files that give none. */
  pixelSizeAngstrom?: number | undefined;
}

const MATRIX = ["rlnTomoProjX", "rlnTomoProjY", "rlnTomoProjZ", "rlnTomoProjW"];
const ANGLES = ["rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];

/**
 * The alignment of one tomogram of RELION: the table of its images, from a file of its own (RELION 5) or beside the tables of
 * others (RELION 4, Warp's exports), and, where one is there, the row of `data_global` that says its pixel size.
 *
 * Images have angles and shifts. Where there are only the matrices of RELION 4, angles and shifts are made of them as RELION 5
 * does.
 *
 * @param sources files of one alignment, in any order.
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, FORMAT_LIMIT.
 * Source: `TomogramSet::loadTomogram` and `Tomogram::getProjectionAnglesFromMatrix` of RELION 5; compared with cryoet-alignment
 * 0.2.0.
 */
export async function readRelionTiltSeries(
  sources: readonly RandomAccess[],
  options: RelionOptions = {},
): Promise<RelionTiltSeries> {
  const found: { table: StarTable; file: string }[] = [];
  for (const source of sources) {
    for (const table of await readStar(source, undefined, options)) found.push({ table, file: source.name });
  }
  const chosen = tableOfTomogram(found, options.tomoName, sources.map(({ name }) => name).join(", "));
  const { table, file } = chosen;
  const global = globalRow(found, options.tomoName ?? table.name);
  const pixelSizeAngstrom =
    global?.("rlnTomoTiltSeriesPixelSize") ?? global?.("rlnMicrographOriginalPixelSize") ?? options.pixelSizeAngstrom;
  const [x, y, z] = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"].map((column) => global?.(column));
  const volumePixels: [number, number, number] | undefined =
    x !== undefined && y !== undefined && z !== undefined ? [x, y, z] : undefined;
  const read = columnReader(table, file);
  const hasAngles = ANGLES.every((column) => read.has(column));
  const tilts = table.rows.map((_, row): RelionTilt => {
    const geometry = hasAngles
      ? {
          xTiltDegrees: read.number("rlnTomoXTilt", row) ?? 0,
          yTiltDegrees: read.wanted("rlnTomoYTilt", row),
          zRotDegrees: read.wanted("rlnTomoZRot", row),
          shiftAngstrom: [read.wanted("rlnTomoXShiftAngst", row), read.wanted("rlnTomoYShiftAngst", row)] as [number, number],
        }
      : fromMatrix(
          MATRIX.map((column) => read.vector(column, row)),
          { volumePixels, imagePixels: options.imagePixels, pixelSizeAngstrom, file, line: table.lines[row]! },
        );
    return {
      ...geometry,
      nominalTiltDegrees: read.number("rlnTomoNominalStageTiltAngle", row),
      preExposure: read.number("rlnMicrographPreExposure", row),
      imageNames: ["rlnMicrographMovieName", "rlnMicrographName"].flatMap((column) => read.text(column, row) ?? []),
      line: table.lines[row]!,
    };
  });
  if (!hasAngles) refuseShiftless(table, read, tilts, file);
  return {
    name: file,
    tomoName: table.name === "" ? undefined : table.name,
    version: hasAngles ? 5 : 4,
    pixelSizeAngstrom,
    volumePixels,
    hand: global?.("rlnTomoHand"),
    tilts,
  };
}

/**
 * Sections of a RELION alignment: angles as they are, shifts by the pixel. That is the inverse of RELION's own import of `.xf`
 * and `.tlt`; see README.md.
 *
 * @param zIndices indices of the images in the whole tilt series; by default their rows in the table.
 * @param pixelAngstrom pixel size of the unbinned tilt series.
 */
export function relionSections(
  tilts: readonly RelionTilt[],
  pixelAngstrom: number,
  zIndices: readonly number[] = tilts.map((_, row) => row),
): SectionAlignment[] {
  return tilts
    .map(({ xTiltDegrees, yTiltDegrees, zRotDegrees, shiftAngstrom: [x, y] }, row): SectionAlignment => {
      const [cos, sin] = cosSinDegrees(zRotDegrees);
      return {
        zIndex: zIndices[row]!,
        tiltAngleDegrees: yTiltDegrees,
        volumeXRotationDegrees: xTiltDegrees,
        inPlaneRotation: [
          [cos, -sin],
          [sin, cos],
        ],
        xOffset: x / pixelAngstrom,
        yOffset: y / pixelAngstrom,
      };
    })
    .sort((a, b) => a.zIndex - b.zIndex);
}

/**
 * Refuses matrices that rotate without translation: WarpTools writes them for its 2D particles, and shifts from them would be
 * thousands of Å off. RELION's matrices map the volume's corner, so a zero translation is practically impossible.
 */
function refuseShiftless(
  table: StarTable,
  read: ReturnType<typeof columnReader>,
  tilts: readonly RelionTilt[],
  file: string,
): void {
  const moved = table.rows.some((_, row) => MATRIX.slice(0, 2).some((column) => read.vector(column, row)[3] !== 0));
  if (moved || tilts.every(({ shiftAngstrom }) => shiftAngstrom.every((shift) => Math.abs(shift) < 1))) return;
  const message = `the matrices of data_${table.name} have no translation, those of an alignment have one`;
  const hint = "WarpTools writes its alignment into the .xml of the tilt series: give that, with format: WARP";
  throw alignmentError(file, table.line, message, hint);
}

/** The one table of images that is meant: the only one, or the one called after the tomogram. */
function tableOfTomogram(
  found: readonly { table: StarTable; file: string }[],
  tomoName: string | undefined,
  files: string,
): { table: StarTable; file: string } {
  const aligned = found.filter(({ table: { columns } }) =>
    [ANGLES, MATRIX].some((all) => all.every((one) => columns.includes(one))),
  );
  const named = ofTomogramNamed(aligned, ({ table }) => table.name, tomoName);
  const candidates = named.length > 0 ? named : aligned;
  const [first, second] = candidates;
  if (first && !second) return first;
  if (!first) {
    const message = `no table with ${ANGLES.join(", ")} (or rlnTomoProjX to W), an alignment of RELION has one`;
    throw alignmentError(files, undefined, message, "take the file of the tilt series, behind the job that aligned it");
  }
  const names = candidates.slice(0, 3).map(({ table }) => `data_${table.name}`);
  throw alignmentError(
    first.file,
    second!.table.line,
    `${counted(candidates.length, "table")} of images (${names.join(", ")}${candidates.length > 3 ? ", …" : ""}); expected one of data_${tomoName ?? ""}`,
    "give the run the tomogram's name, or take the file of the one tilt series",
  );
}

/** Numbers of the tomogram's row among all tomograms. */
function globalRow(
  found: readonly { table: StarTable; file: string }[],
  tomoName: string,
): ((column: string) => number | undefined) | undefined {
  for (const { table, file } of found) {
    const names = findStarColumn(table, "rlnTomoName", file);
    if (names === undefined || !table.columns.includes("rlnTomoTiltSeriesPixelSize")) continue;
    const [named] = ofTomogramNamed([...table.rows.entries()], ([, values]) => values[names], tomoName);
    const row = table.rows.length === 1 ? 0 : named?.[0];
    if (row === undefined) continue;
    const read = columnReader(table, file);
    return (column) => read.number(column, row);
  }
  return undefined;
}

import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { voxelSpacingName } from "../../../model/voxel-spacing.js";
import { drawnOn } from "../models/drawn-on.js";
import type { ModelSummary } from "../models/summary.js";
import type { PortalTomogram } from "./tree-tomograms.js";

/** The portal's volume that a model annotates. */
export interface Chosen {
  /** Voxel spacing in Å in the portal's form: `13.480`. */
  readonly spacing: string;
  /** Number of the alignment's folder; the portal's first if it is unknown. */
  readonly alignment: string;
  /** Sentences on choices that are not certain. */
  readonly notes: readonly string[];
}

const FIRST_ALIGNMENT = "100";

export interface ChooseOptions {
  /** Tomograms of the portal's run; undefined without the portal's tree. */
  readonly tomograms: readonly PortalTomogram[] | undefined;
  /** Voxel spacing in Å that the user gave. */
  readonly voxelSpacing: number | undefined;
  /** Number of voxels of the volume that was drawn on that make one of the tomogram, along an axis. */
  readonly binning: number;
}

/**
 * The voxel spacing of a model's annotation: that of the portal's tomogram that has the model's size, as `drawnOn` compares them;
 * without the portal's tree the user's value, else the model's own pixel size times the binning.
 *
 * @throws {EmporiumError} AMBIGUOUS if no tomogram fits, or several of different spacings; FORMAT_FIELD for a model on a
 *   rotated volume, or without a pixel size
 */
export function chooseSpacing(model: ModelSummary, name: string, options: ChooseOptions): Chosen {
  const { tomograms, voxelSpacing, binning } = options;
  if (tomograms === undefined) {
    const own = ownPixel(model);
    const angstrom = voxelSpacing ?? (own === undefined ? undefined : own * binning);
    if (angstrom !== undefined && angstrom > 0 && Number.isFinite(angstrom))
      return {
        spacing: voxelSpacingName(angstrom),
        alignment: FIRST_ALIGNMENT,
        notes: voxelSpacing === undefined ? unequalNote(model, name) : otherNote(voxelSpacing, own && own * binning, name),
      };
    throw new EmporiumError("FORMAT_FIELD", `${name} has no pixel size, so the voxel spacing must be given`, {
      hint: "--tree names the portal's tree, --voxel-spacing the spacing of all",
    });
  }
  const wanted = tomograms.filter(({ spacing }) => voxelSpacing === undefined || spacing === voxelSpacingName(voxelSpacing));
  const candidates = wanted.map(({ path, shape, voxelAngstrom }) => {
    const finer = shape.map((length, axis) => unbinned(length, model.max[2 - axis]!, binning)) as [number, number, number];
    const voxel = voxelAngstrom / binning;
    return { path, shape: finer, voxelAngstrom: [voxel, voxel, voxel] as const };
  });
  const { path, candidates: fits, reason } = drawnOn(model, candidates);
  const best = fits.filter(({ score, size_match }) => size_match && score === fits[0]!.score);
  const meant = wanted.filter((tomogram) =>
    path === undefined ? best.some((fit) => fit.path === tomogram.path) : tomogram.path === path,
  );
  const spacings = new Set(meant.map(({ spacing }) => spacing));
  if (meant.length === 0 || spacings.size > 1) {
    throw new EmporiumError(
      "AMBIGUOUS",
      `${name}: on which of ${counted(wanted.length, "tomogram")} it was drawn is not certain: ${reason}`,
      {
        hint: "--voxel-spacing chooses among spacings, --binning says that a finer volume was drawn on",
      },
    );
  }
  const shape = candidates.find((candidate) => candidate.path === meant[0]!.path)!.shape;
  if (shape[0] !== model.max[2] || shape[1] !== model.max[1]) {
    throw new EmporiumError("FORMAT_FIELD", `${name} was saved on a view with y and z exchanged (${reason})`, {
      hint: "open it on the volume as it is, not flipped, in 3dmod and save it: then its coordinates are the volume's",
    });
  }
  const alignments = [...new Set(meant.flatMap(({ alignment }) => alignment ?? []))].sort((a, b) => Number(a) - Number(b));
  const mismatch = fits.find((fit) => fit.path === meant[0]!.path)?.pixel_match === false;
  return {
    spacing: meant[0]!.spacing,
    alignment: alignments[0] ?? FIRST_ALIGNMENT,
    notes: [...(mismatch ? [`${name}: ${reason}`] : []), ...alignmentNote(alignments, name)],
  };
}

/** Å. A scale of 1 is that of an image without a pixel size, as for `ingest new`. */
function ownPixel({ scale_A: scale, pixsize_nm: nm }: ModelSummary): number | undefined {
  if (scale !== null && scale[0] !== 1) return scale[0];
  return nm === null || nm === 0.1 ? undefined : 10 * nm;
}

/** The note on a model whose pixel is not equally long along all axes: the spacing is one number, the length along x. */
function unequalNote({ scale_A: scale }: ModelSummary, name: string): string[] {
  if (scale === null || scale.every((size) => Math.abs(size / scale[0] - 1) <= UNEQUAL)) return [];
  const all = scale.map((size) => Number(size.toPrecision(5))).join(" × ");
  return [`${name}: the pixel is ${all} Å (x, y, z), and the voxel spacing is that along x: --voxel-spacing gives another one`];
}

const UNEQUAL = 0.01;

function otherNote(given: number, own: number | undefined, name: string): string[] {
  if (own === undefined || Math.abs(given / own - 1) <= UNEQUAL) return [];
  return [
    `${name}: taken as voxels of ${voxelSpacingName(given)} Å, as --voxel-spacing says; by the model they are of ${voxelSpacingName(own)} Å`,
  ];
}

function alignmentNote(alignments: readonly string[], name: string): string[] {
  if (alignments.length === 1) return [];
  if (alignments.length === 0) return [`${name}: the tomogram's metadata name no alignment: ${FIRST_ALIGNMENT} is taken`];
  return [`${name}: tomograms of alignments ${alignments.join(", ")} fit as well as each other: ${alignments[0]} is taken`];
}

/** The length of the finer volume. `binning` of its voxels make one; programs drop the rest. */
function unbinned(length: number, wanted: number, binning: number): number {
  const finer = length * binning;
  return binning !== 1 && Math.abs(finer - wanted) < Math.max(binning, 1) ? wanted : finer;
}

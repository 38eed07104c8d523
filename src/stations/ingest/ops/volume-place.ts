import type { OpenVolume } from "../../../arrays/stream/source/volume.js";
import type { Triple } from "../../../core/box.js";
import { originOf, startOf } from "../../../formats/mrc/meaning.js";
import { type MrcPlace, OTHER_LABELS } from "../../../formats/mrc/write.js";
import type { VolumeParams } from "./volume-params.js";

/** Relative precision of a voxel size in a header: a float32 cell, divided by a number of voxels. */
const HEADER_PRECISION = 2 ** -22;

/**
 * The voxel size in the source's header, by axis. A missing one is replaced by that of y or x. One number if all agree except for rounding
 * in the header. The reference uses y for all.
 */
export function voxelSizesOf(
  { voxelSizeAngstrom: [z, y, x] }: Pick<OpenVolume, "voxelSizeAngstrom">,
  { compat }: Pick<VolumeParams, "compat">,
): number | Triple | undefined {
  const known = y ?? x ?? z;
  if (compat || known === undefined) return compat ? y : undefined;
  const sizes: Triple = [z ?? known, y ?? known, x ?? known];
  return sizes.every((size) => Math.abs(size - known) <= HEADER_PRECISION * known) ? known : sizes;
}

/** Position and labels of a source that go into the outputs; in a deposition nothing is kept, as the portal wants it. */
export interface KeptPlace {
  readonly mrc?: MrcPlace;
  readonly labels?: readonly string[];
  readonly originAngstrom?: Triple;
}

export function placeKept(volume: OpenVolume, { keepPlace }: Pick<VolumeParams, "keepPlace">): KeptPlace {
  if (!keepPlace) return {};
  const { originAngstrom } = volume;
  const header = volume.mrc?.header;
  const moved = originAngstrom.some((at) => at !== 0);
  return {
    mrc: header
      ? { originAngstrom: originOf(header), start: startOf(header), cellAnglesDegrees: anglesOf(volume) ?? RIGHT }
      : { originAngstrom, start: [0, 0, 0], cellAnglesDegrees: RIGHT },
    ...(header && { labels: header.labels.filter((label) => label !== "") }),
    ...(moved && { originAngstrom }),
  };
}

const RIGHT = [90, 90, 90] as const;

/** Angles of the cell that are none of 90°; 0 is what programs write that know no cell. */
function anglesOf({ mrc }: OpenVolume): MrcPlace["cellAnglesDegrees"] | undefined {
  const angles = mrc?.header.cellAnglesDegrees;
  return angles?.every((angle) => angle > 0 && angle < 180) && angles.some((angle) => angle !== 90) ? angles : undefined;
}

/**
 * Warnings, a line each, of what the outputs do not keep of the source, and of values that they state and the source does not.
 */
export function placeWarnings(volume: OpenVolume, params: VolumeParams, voxel: number | Triple | undefined): string[] {
  if (params.spacingAngstrom !== null) return [];
  const { name } = volume.raw;
  return [
    ...sizeWarnings(volume, params, voxel),
    ...(params.keepPlace ? lostWarnings(volume, params) : refusedWarnings(volume, params)),
  ].map((text) => `${name}: ${text}`);
}

function sizeWarnings(
  { voxelSizeAngstrom: sizes }: OpenVolume,
  { compat, mrc, zarr }: VolumeParams,
  voxel: number | Triple | undefined,
): string[] {
  if (voxel === undefined) {
    const written = [...(mrc === null ? [] : ["as unknown in the MRC"]), ...(zarr === null ? [] : ["as 1 Å in the Zarr"])];
    return [`the header gives no voxel size; written ${written.join(" and ")}`];
  }
  const written = typeof voxel === "number" ? [voxel, voxel, voxel] : voxel;
  const guessed = axesWhere(sizes, (size) => size === undefined);
  const changed = compat
    ? axesWhere(sizes, (size, axis) => size !== undefined && Math.abs(size - written[axis]!) > HEADER_PRECISION * size)
    : "";
  return [
    ...(guessed
      ? [`the header gives no voxel size along ${guessed}; ${short(written["zyx".indexOf(guessed[0]!)]!)} Å is written`]
      : []),
    ...(changed
      ? [`voxels of ${sizesText(sizes)} (z, y, x) are written as cubes of ${short(written[1]!)} Å, as the reference does`]
      : []),
  ];
}

function lostWarnings(volume: OpenVolume, { mrc, zarr }: VolumeParams): string[] {
  const { header } = volume.mrc ?? {};
  if (!header) return [];
  const angles = anglesOf(volume);
  const labels = header.labels.filter((label) => label !== "").length - OTHER_LABELS;
  const isCarried = mrc !== null && header.exttyp !== "";
  const unnamed = header.exttyp === "" ? "of no named kind" : header.exttyp;
  return [
    ...(angles && zarr !== null
      ? [`cell angles of ${angles.join(", ")}° are not kept in the Zarr, whose axes are orthogonal`]
      : []),
    ...(header.nsymbt > 0 && !isCarried ? [`the extended header (${unnamed}, ${header.nsymbt} bytes) is not kept`] : []),
    ...(labels > 0 && mrc !== null
      ? [`the last label of ${labels + OTHER_LABELS} is not kept: one tells of the conversion`]
      : []),
  ];
}

/** Warns of position and cell angles that the reference's outputs (`compat`) do not keep. */
function refusedWarnings(volume: OpenVolume, { compat }: VolumeParams): string[] {
  const header = volume.mrc?.header;
  const angles = anglesOf(volume);
  const lost = [
    ...(volume.originAngstrom.some((at) => at !== 0) ? [`origin ${volume.originAngstrom.map(short).join(", ")} Å`] : []),
    ...(header?.nstart.some((start) => start !== 0) ? [`nstart ${startOf(header).join(", ")}`] : []),
    ...(angles ? [`cell angles ${angles.join(", ")}°`] : []),
  ];
  return compat && lost.length > 0 ? [`not kept (z, y, x), as the reference does: ${lost.join("; ")}`] : [];
}

const axesWhere = (sizes: readonly (number | undefined)[], holds: (size: number | undefined, axis: number) => boolean): string =>
  [..."zyx"].filter((_, axis) => holds(sizes[axis], axis)).join(", ");

const short = (value: number): string => String(Number(value.toPrecision(6)));
const sizesText = (sizes: readonly (number | undefined)[]): string =>
  `${sizes.map((size) => (size === undefined ? "unknown" : short(size))).join(" × ")} Å`;

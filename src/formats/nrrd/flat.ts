import type { Triple } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { endOf, type FlatOptions, type FlatVolume, plainLayout, requireWhole, type VoxelSize } from "../flat.js";
import { nanometresPer } from "../peek/facts.js";
import { type NrrdHeader, parseNrrdHeader, readNrrdHeader } from "./header.js";

/**
 * The voxels of an NRRD file, its first axis as x.
 *
 * @throws {EmporiumError} as `parseNrrdHeader`; FORMAT_UNSUPPORTED for several numbers a voxel and more than three axes; FORMAT_TRUNCATED
 */
export async function nrrdVolume(file: RandomAccess, options: FlatOptions = {}): Promise<FlatVolume> {
  return volumeOf(await readNrrdHeader(file, options), file.name, options.meetsEnd ? undefined : await file.size());
}

/** The same by the first bytes of a file that is compressed as a whole: its length is not known. */
export function nrrdVolumeOfHead(head: Uint8Array, name: string): FlatVolume {
  return volumeOf(parseNrrdHeader(head, name), name, undefined);
}

function volumeOf(header: NrrdHeader, name: string, sizeBytes: number | undefined): FlatVolume {
  const { dtype, littleEndian, encoding, dataOffset, byteSkip } = header;
  const axes = spatialAxes(header, name);
  const [x, y, z] = axes;
  const shape: Triple = [z, y, x].map((axis) => (axis === undefined ? 1 : header.sizes[axis]!)) as Triple;
  const { voxelSizeAngstrom, originAngstrom, warnings } = placed(header, axes, name);
  const plain = (offset: number) => plainLayout(name, { dtype, shape, dataOffset: offset, littleEndian });
  const facts = { voxelSizeAngstrom, originAngstrom, warnings };
  if (encoding !== "raw") return { ...facts, layout: plain(byteSkip), payload: { offset: dataOffset, compression: encoding } };
  if (byteSkip < 0 && sizeBytes === undefined) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: its voxels are its last bytes (byte skip -1), and its length is not known`,
      {
        place: { file: name, byte: 0 },
        hint: "decompress the file",
      },
    );
  }
  const layout = plain(
    byteSkip < 0 && sizeBytes !== undefined
      ? Math.max(dataOffset, sizeBytes - endOf(plain(0)))
      : dataOffset + Math.max(0, byteSkip),
  );
  requireWhole(layout, sizeBytes);
  return { ...facts, layout };
}

/** Kinds of axes along which voxels lie side by side; all others count numbers of one voxel, or times. */
const SPATIAL = new Set(["domain", "space", "???", "none", ""]);

/** The axes that are x, y and z. @throws {EmporiumError} FORMAT_UNSUPPORTED */
function spatialAxes({ sizes, fields }: NrrdHeader, name: string): (number | undefined)[] {
  const kinds = fields.get("kinds")?.toLowerCase().split(/\s+/) ?? [];
  const directions = directionsOf(fields.get("spacedirections"));
  const isSpatial = (axis: number) =>
    (directions === undefined || directions[axis] !== undefined) && SPATIAL.has(kinds[axis] ?? "");
  const spatial = sizes.flatMap((_, axis) => (isSpatial(axis) ? [axis] : []));
  const others = sizes.flatMap((size, axis) => (isSpatial(axis) || size === 1 ? [] : [`${kinds[axis] ?? "axis"} of ${size}`]));
  const wide = spatial.length > 3 ? spatial.filter((axis) => sizes[axis] !== 1) : spatial;
  if (others.length === 0 && wide.length <= 3) return wide;
  const found =
    others.length > 0 ? `beside its axes in space it has ${others.join(", ")}` : `it has ${counted(wide.length, "axis", "axes")}`;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${found}: volumes of one number a voxel are read`, {
    place: { file: name, byte: 0 },
    hint: "save one of them by itself: unu slice -a AXIS -p POSITION -i VOLUME.nrrd -o ONE.nrrd",
  });
}

/** Direction vector of each axis; undefined for `none`. */
function directionsOf(text: string | undefined): (readonly number[] | undefined)[] | undefined {
  return text?.match(/\([^)]*\)|none/gi)?.map((one) => (one.startsWith("(") ? vectorOf(one) : undefined));
}

const vectorOf = (text: string): number[] => text.replaceAll(/[()]/g, "").split(",").map(Number);

/** Texts in double quotes, one an axis; empty ones are there. */
const quoted = (text: string | undefined): string[] => text?.match(/"[^"]*"/g)?.map((one) => one.slice(1, -1)) ?? [];

/** Voxel size and origin, as far as the header gives lengths with a unit: without one a number is no length. */
function placed(header: NrrdHeader, axes: readonly (number | undefined)[], name: string) {
  const { fields, sizes } = header;
  const warnings: string[] = [];
  const directions = directionsOf(fields.get("spacedirections"));
  const spaceUnits = quoted(fields.get("spaceunits"));
  const units = quoted(fields.get("units"));
  const spacings = fields.get("spacings")?.split(/\s+/).map(Number);
  const lengths = axes.map((axis) => {
    if (axis === undefined) return { length: undefined, unit: undefined };
    const along = directions?.[axis];
    if (!along) return { length: spacings?.[axis], unit: units[axis] };
    const unit = spaceUnits[along.findIndex((part) => part !== 0)] ?? spaceUnits[0];
    return { length: Math.hypot(...along), unit };
  });
  const sizeOf = ({ length, unit }: (typeof lengths)[number]) => {
    const nanometres = nanometresPer(unit);
    return nanometres === undefined || !length || !Number.isFinite(length) ? undefined : Math.abs(length) * nanometres * 10;
  };
  const voxelSize = [0, 1, 2].map((i) => (lengths[i] ? sizeOf(lengths[i]) : undefined));
  const unknown = lengths.find(
    ({ length, unit }) => length !== undefined && Number.isFinite(length) && nanometresPer(unit) === undefined,
  );
  if (unknown && sizes.some((size) => size > 1)) {
    const unit = unknown.unit ? `unit "${unknown.unit}" is not known` : "no unit is given";
    warnings.push(`${name}: spacing ${unknown.length}, and ${unit}: the voxel size is not known`);
  }
  const isUpright = !directions || axes.every((axis, i) => axis === undefined || isAlong(directions[axis], i));
  if (!isUpright)
    warnings.push(
      `${name}: its axes are turned or mirrored in space: voxels are read as they are stored, and the origin is left out`,
    );
  const origin = fields.get("spaceorigin");
  const at = origin && isUpright ? vectorOf(origin) : fields.get("axismins")?.split(/\s+/).map(Number);
  const first = [0, 1, 2].map((i) => {
    const axis = axes[i];
    const nanometres = nanometresPer(lengths[i]?.unit);
    const value = axis === undefined || !isUpright ? undefined : at?.[origin ? i : axis];
    return value !== undefined && Number.isFinite(value) && nanometres !== undefined ? value * nanometres * 10 : 0;
  });
  return {
    voxelSizeAngstrom: [...voxelSize].reverse() as unknown as VoxelSize,
    originAngstrom: first.reverse() as Triple,
    warnings,
  };
}

const isAlong = (direction: readonly number[] | undefined, axis: number): boolean =>
  direction === undefined || direction.every((part, i) => (i === axis ? part > 0 : part === 0));

import type { Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { MRC_HEADER_BYTES, type MrcHeader } from "./header.js";
import { modeOfDtype } from "./modes.js";

/** Statistics of all voxels as written. `rms` is the deviation from the mean, √mean((v − mean)²). */
export interface MrcStatistics {
  min: number;
  max: number;
  mean: number;
  rms: number;
}

/** Triples are `[z, y, x]`. */
export interface MrcPlace {
  readonly originAngstrom: Triple;
  /** First voxel in the grid of the cell. */
  readonly start: Triple;
  readonly cellAnglesDegrees: readonly [alpha: number, beta: number, gamma: number];
}

/** Labels that a header holds beside the one that says who wrote it. */
export const OTHER_LABELS = 9;

const NO_PLACE: MrcPlace = { originAngstrom: [0, 0, 0], start: [0, 0, 0], cellAnglesDegrees: [90, 90, 90] };

export interface MrcHeaderFields {
  /** A tilt series is an image stack: space group 0, one section a cell. Masks are tomograms in int8 or uint16. */
  kind: "tomogram" | "tiltseries";
  /** Shape `[z, y, x]` as written. */
  shape: Triple;
  dtype: DType;
  /** One for all axes, or `[z, y, x]`. 0 is what MRC writes for "unknown". */
  voxelSizeAngstrom: number | readonly [z: number, y: number, x: number];
  statistics: MrcStatistics;
  /** Date of the label, milliseconds since 1970: the moment the plan was made, so that a repeated run gives the same bytes. */
  dateMs: number;
  /** Header of an MRC source: its unread bytes are kept, and the kind of its extended header if `extendedHeader` is given. */
  source?: Pick<MrcHeader, "extra1" | "extra2" | "exttyp"> | undefined;
  /** Extended header of the source: copied when it is not empty and the source names its kind. */
  extendedHeader?: Uint8Array | undefined;
  /** At most 40 characters of ASCII. */
  label?: string | undefined;
  /** Position and cell of the volume. Default: origin 0, 0, 0 and a cell with right angles, as the portal wants it. */
  place?: MrcPlace | undefined;
  /** Labels behind this program's own: nine at most are written, printable ASCII, 80 characters each. */
  labels?: readonly string[] | undefined;
}

const DEFAULT_LABEL = "Converted by emporium.";

/**
 * The 1024 bytes of an MRC2014 header, little-endian, and the extended header if one is kept. The length does not depend on the
 * statistics, so voxels may be written first.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for an element type without an MRC mode; FORMAT_FIELD for an impossible shape or
 *   label.
 * Source: `write_mrc` of the portal's converter, field by field; checked with mrcfile in `test/golden/mrc`.
 */
export function mrcHeaderBytes(fields: MrcHeaderFields): Uint8Array {
  const { kind, shape, dtype, statistics, source } = fields;
  const mode = modeOfDtype(dtype);
  if (mode === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `MRC has no mode for ${dtype}`, {
      hint: "write int8, int16, uint16 or float32",
    });
  }
  const [nz, ny, nx] = shape;
  if (!shape.every((length) => Number.isInteger(length) && length > 0 && length < 2 ** 31)) {
    const message = `an MRC of ${nx}×${ny}×${nz} (x, y, z) cannot be written, each must be 1 to 2^31 − 1`;
    throw new EmporiumError("FORMAT_FIELD", message);
  }
  const extended = carriedOver(fields);
  const bytes = new Uint8Array(MRC_HEADER_BYTES + extended.length);
  const view = new DataView(bytes.buffer);
  const ints = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, value, true);
  };
  const floats = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
  };
  const text = (at: number, value: string) => bytes.set(ascii(value), at);

  const [mz, my, mx] = [kind === "tiltseries" ? 1 : nz, ny, nx];
  const size = fields.voxelSizeAngstrom;
  const [dz, dy, dx] = typeof size === "number" ? [size, size, size] : size;
  ints(0, nx, ny, nz, mode);
  const { originAngstrom, start, cellAnglesDegrees } = fields.place ?? NO_PLACE;
  ints(16, ...start.toReversed());
  ints(28, mx, my, mz);
  // The portal's converter rounds the spacing to float32 before it multiplies, which may change the last bit.
  floats(40, Math.fround(dx) * mx, Math.fround(dy) * my, Math.fround(dz) * mz);
  floats(52, ...cellAnglesDegrees);
  ints(64, 1, 2, 3);
  floats(76, statistics.min, statistics.max, statistics.mean);
  ints(88, kind === "tiltseries" ? 0 : 1, extended.length);
  if (source) {
    bytes.set(source.extra1.subarray(0, 8), 96);
    bytes.set(source.extra2.subarray(0, 84), 112);
  }
  text(104, extended.length > 0 ? source!.exttyp.padEnd(4).slice(0, 4) : "MRCO");
  ints(108, 20141);
  floats(196, ...originAngstrom.toReversed());
  text(208, "MAP ");
  bytes.set([0x44, 0x44, 0, 0], 212);
  floats(216, statistics.rms);
  const labels = (fields.labels ?? []).slice(0, OTHER_LABELS);
  ints(220, 1 + labels.length);
  text(224, labelText(fields.label ?? DEFAULT_LABEL, fields.dateMs));
  for (const [i, label] of labels.entries())
    text(
      304 + 80 * i,
      label
        .replace(/[^ -~]/g, " ")
        .slice(0, 80)
        .padEnd(80),
    );
  bytes.set(extended, MRC_HEADER_BYTES);
  return bytes;
}

/** An extended header without a name says nothing to any reader, so it is not carried over. */
function carriedOver({ source, extendedHeader }: MrcHeaderFields): Uint8Array {
  return source && source.exttyp.trim() !== "" && extendedHeader ? extendedHeader : new Uint8Array(0);
}

/** 40 columns of text and 39 of date (UTC); the last of the 80 bytes stays NUL. */
export function labelText(label: string, dateMs: number): string {
  if (!/^[ -~]{0,40}$/.test(label)) {
    throw new EmporiumError("FORMAT_FIELD", `label ${JSON.stringify(label)} must be at most 40 printable ASCII characters`);
  }
  const date = new Date(dateMs).toISOString().slice(0, 19).replace("T", " ");
  return label.padEnd(40) + date.padStart(39);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

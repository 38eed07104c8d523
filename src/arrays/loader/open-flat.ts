import type { Triple } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { type FlatVolume, storedShape } from "../../formats/flat.js";
import type { Stat } from "../../stores/store.js";
import type { ChunkedLevel } from "./chunked.js";

/**
 * The voxels of a file that stores them plainly, its axes turned to z, y, x. A chunk is one stored section; a box reads the rows that it touches.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED where the voxels are compressed as a whole: there are no places to jump to.
 */
export function openFlat(file: RandomAccess & { stat: Stat }, key: string, volume: FlatVolume): ChunkedLevel[] {
  const { layout, voxelSizeAngstrom, payload } = volume;
  if (payload)
    throw notInBoxes(file.name, `voxels compressed with ${payload.compression}`, "save the volume without compression");
  const { name, shape, order, dtype, itemBytes, isPacked, dataOffset, sectionBytes } = layout;
  const [, rows, columns] = storedShape(layout);
  const stored: Triple = [1, rows, columns];
  const section = order.indexOf(0);
  const strides: Triple = [0, columns, 1];
  const level: ChunkedLevel = {
    name,
    shape,
    chunk: order.map((axis) => stored[axis]!) as Triple,
    dtype,
    itemBytes,
    voxelSizeNm: voxelSizeAngstrom.map((size) => (size === undefined ? undefined : size / 10)) as unknown as Triple,
    offsetNm: [0, 0, 0],
    notes: [...volume.warnings.map((warning) => withoutName(warning, name)), ...placeNotes(volume)],
    fill: new Uint8Array(itemBytes),
    codec: "raw",
    coding: {
      kind: "steps",
      steps: [],
      plainBytes: rows * columns * itemBytes,
      itemBytes,
      swapBytes: layout.swapBytes,
      flipSign: layout.flipSign,
      offset: 0,
      strides: order.map((axis) => strides[axis]!) as Triple,
    },
    find: (cell) => ({
      key,
      range: { offset: dataOffset + cell[section]! * sectionBytes, length: sectionBytes },
      etag: file.stat.etag,
    }),
  };
  return [isPacked ? { ...level, coding: undefined, load: nibbles(file, volume) } : level];
}

const withoutName = (warning: string, name: string) =>
  warning.startsWith(`${name}: `) ? warning.slice(name.length + 2) : warning;

/** Programs mean different things by an origin, and masks seldom have that of their tomogram: a file of plain voxels begins at 0. */
function placeNotes({ originAngstrom }: FlatVolume): string[] {
  if (originAngstrom.every((at) => at === 0)) return [];
  const place = originAngstrom.map((at) => Number((at / 10).toPrecision(7))).join(", ");
  return [`its header places the first voxel at ${place} nm (z, y, x); blocks read it as if it began at 0`];
}

/** The refusal of boxes where bytes come from front to back alone. */
export function notInBoxes(name: string, what: string, hint: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what} cannot be read in boxes`, {
    place: { file: name, byte: 0 },
    hint: `${hint}, or convert it with: emporium ingest convert FILE OUT --zarr`,
  });
}

/** Voxels of 4 bits take a byte each. */
function nibbles(file: RandomAccess, { layout }: FlatVolume): NonNullable<ChunkedLevel["load"]> {
  const { order, dataOffset, sectionBytes, rowBytes } = layout;
  const [, rows, columns] = storedShape(layout);
  const isTurned = order.indexOf(1) > order.indexOf(2);
  return async (cell, signal) => {
    const offset = dataOffset + cell[order.indexOf(0)]! * sectionBytes;
    const bytes = await file.read({ offset, length: sectionBytes }, { signal });
    const plain = new Uint8Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const pair = bytes[row * rowBytes + (column >> 1)]!;
        plain[isTurned ? column * rows + row : row * columns + column] = column % 2 === 0 ? pair & 15 : pair >> 4;
      }
    }
    return { plain, storedBytes: bytes.length };
  };
}

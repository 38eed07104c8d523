import type { Triple } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { ITEM_BYTES, reversedBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { compressionOf } from "../../formats/mrc/detect.js";
import { type MrcHeader, readMrcHeader } from "../../formats/mrc/header.js";
import { axisOrder, byteReading, requireRealVolume } from "../../formats/mrc/meaning.js";
import { decodePlane } from "../../formats/mrc/read.js";
import type { Stat } from "../../stores/store.js";
import type { ChunkedLevel } from "./chunked.js";

/**
 * The voxels of an MRC file, its axes turned to z, y, x. A chunk is one stored section; a box reads the rows that it touches.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for compressed files, which have no places to jump to, and for Fourier transforms.
 */
export async function openMrc(file: RandomAccess & { stat: Stat }, key: string, head: Uint8Array): Promise<ChunkedLevel[]> {
  const compression = compressionOf(head);
  if (compression) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${file.name}: a file compressed with ${compression} cannot be read in boxes`, {
      place: { file: file.name, byte: 0 },
      hint: "decompress it, or convert it with: emporium ingest convert FILE OUT --zarr",
    });
  }
  const header = await readMrcHeader(file);
  requireRealVolume(header, file.name);
  const { order, shape } = axisOrder(header);
  const reading = byteReading(header);
  const dtype = reading === undefined ? header.dtype : reading === "uint8" ? "uint8" : "int8";
  const packed = header.dtype === "uint4";
  const itemBytes = packed ? 1 : ITEM_BYTES[dtype];
  const [, rows, columns] = header.shape;
  const stored: Triple = [1, rows, columns];
  const plainBytes = rows * columns * itemBytes;
  const section = order.indexOf(0);
  const strides: Triple = [0, columns, 1];
  const level: ChunkedLevel = {
    name: file.name,
    shape,
    chunk: order.map((axis) => stored[axis]!) as Triple,
    dtype: packed ? "uint8" : dtype,
    itemBytes,
    voxelSizeNm: header.voxelSizeAngstrom.map((size) => (size === undefined ? undefined : size / 10)) as unknown as Triple,
    offsetNm: [0, 0, 0],
    fill: new Uint8Array(itemBytes),
    codec: "raw",
    coding: {
      kind: "steps",
      steps: [],
      plainBytes,
      itemBytes,
      swapBytes: reversedBytes(header.littleEndian, itemBytes),
      flipSign: reading === "uint8-128",
      offset: 0,
      strides: order.map((axis) => strides[axis]!) as Triple,
    },
    find: (cell) => ({
      key,
      range: { offset: header.dataOffset + cell[section]! * header.sectionBytes, length: header.sectionBytes },
      etag: file.stat.etag,
    }),
  };
  return [packed ? { ...level, coding: undefined, load: nibbles(file, header, order) } : level];
}

/** Voxels of 4 bits take a byte each. */
function nibbles(file: RandomAccess, header: MrcHeader, order: Triple): NonNullable<ChunkedLevel["load"]> {
  const [, rows, columns] = header.shape;
  return async (cell, signal) => {
    const offset = header.dataOffset + cell[order.indexOf(0)]! * header.sectionBytes;
    const bytes = await file.read({ offset, length: header.sectionBytes }, { signal });
    const plane = decodePlane(bytes, header);
    const values = new Uint8Array(plane.buffer, plane.byteOffset, rows * columns);
    if (order.indexOf(1) < order.indexOf(2)) return { plain: values, storedBytes: bytes.length };
    const turned = new Uint8Array(values.length);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
    return { plain: turned, storedBytes: bytes.length };
  };
}

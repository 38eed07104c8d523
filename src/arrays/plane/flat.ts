import { type Box, ceilDiv, type Triple, volumeOf } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { byteOrderOf, type DType, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { FlatLayout } from "../../formats/flat.js";
import { type BoxReadOptions, type PlaneSource, type VoxelPlace, virtualLevels } from "./plane.js";

export interface FlatReadOptions {
  /** Largest gap between two wanted rows that is read with them. Default 256 KiB, for sources where a read is a request. */
  readonly gapBytes?: number | undefined;
  /** Reads side by side. Default 8. */
  readonly atOnce?: number | undefined;
}

const GAP_BYTES = 256 * 1024;
const AT_ONCE = 8;
/** Bytes of one read, unless a single row has more. */
const READ_BYTES = 4 * 2 ** 20;

export function flatPlanes(file: RandomAccess, layout: FlatLayout, options: FlatReadOptions = {}): PlaneSource {
  return {
    name: layout.name,
    dtype: layout.dtype,
    levels: virtualLevels(layout.shape),
    readBox: (_stored, box, step, { signal } = {}) => readFlatBox(file, layout, box, step, { ...options, signal }),
    locate: async (_stored, voxel) => locateFlat(layout, voxel),
  };
}

/** The place of a voxel in the file or, where the file is compressed, in its decompressed bytes. */
export function locateFlat(
  { dtype, order, dataOffset, sectionBytes, rowBytes, ...layout }: FlatLayout,
  voxel: Triple,
): VoxelPlace {
  const [section, row, column] = [0, 1, 2].map((axis) => voxel[order.indexOf(axis)]!) as Triple;
  const { itemBytes, isPacked, flipSign } = layout;
  const offset = dataOffset + section * sectionBytes + row * rowBytes + Math.floor(isPacked ? column / 2 : column * itemBytes);
  const common = { offset, length: itemBytes, codecs: [], decodedByte: 0 };
  if (isPacked) return { ...common, dtype: "uint4", bits: { shift: 4 * (column % 2), count: 4 } };
  if (flipSign) return { ...common, dtype: "uint8", minus: 128 };
  return { ...common, dtype, ...(itemBytes > 1 && { byteOrder: byteOrderOf(layout.swapBytes) }) };
}

/** Consecutive stored rows, or parts of rows, that one read brings. */
interface Run {
  readonly offset: number;
  length: number;
  /** Index of the first row among the wanted rows, all sections together; `count` rows follow from it. */
  readonly first: number;
  count: number;
}

/** Every `step`-th voxel of a box, as `PlaneSource.readBox` gives them. */
async function readFlatBox(
  file: RandomAccess,
  layout: FlatLayout,
  { start, stop }: Box,
  step: Triple,
  { gapBytes = GAP_BYTES, atOnce = AT_ONCE, signal }: FlatReadOptions & BoxReadOptions,
): Promise<Uint8Array> {
  const counts = start.map((from, i) => Math.max(0, ceilDiv(stop[i]! - from, step[i]!))) as Triple;
  const voxels = new Uint8Array(volumeOf(counts) * layout.itemBytes);
  if (voxels.length === 0) return voxels;
  const strides: Triple = [counts[1] * counts[2], counts[2], 1];
  // along sections, rows and columns, as they are stored
  const stored = [0, 1, 2].map((axis) => {
    const i = layout.order.indexOf(axis);
    return { from: start[i]!, step: step[i]!, count: counts[i]!, stride: strides[i]! };
  });
  const [sections, rows, columns] = stored as [Along, Along, Along];
  const wanted: Wanted = { sections, rows, columns };
  const bytesOf = (column: number) => (layout.isPacked ? column / 2 : column * layout.itemBytes);
  const begin = Math.floor(bytesOf(columns.from));
  const length = Math.ceil(bytesOf(columns.from + (columns.count - 1) * columns.step + 1)) - begin;
  const at = (line: number) => {
    const s = Math.floor(line / rows.count);
    const r = line - s * rows.count;
    return (
      layout.dataOffset +
      (sections.from + s * sections.step) * layout.sectionBytes +
      (rows.from + r * rows.step) * layout.rowBytes +
      begin
    );
  };
  let batch: Run[] = [];
  const readBatch = async () => {
    const runs = batch;
    batch = [];
    await Promise.all(
      runs.map(async (run) => {
        const bytes = await file.read({ offset: run.offset, length: run.length }, { signal });
        if (bytes.length < run.length) throw cutShort(file, run.offset + bytes.length);
        for (let line = run.first; line < run.first + run.count; line++) {
          const from = at(line) - run.offset;
          place(layout, wanted, line, bytes.subarray(from, from + length), voxels);
        }
      }),
    );
  };
  let run: Run | undefined;
  for (let line = 0; line < sections.count * rows.count; line++) {
    const offset = at(line);
    const end = offset + length;
    if (run && offset - (run.offset + run.length) <= gapBytes && offset >= run.offset && end - run.offset <= READ_BYTES) {
      run.length = Math.max(run.length, end - run.offset);
      run.count++;
      continue;
    }
    if (batch.length >= atOnce) {
      signal?.throwIfAborted();
      await readBatch();
    }
    run = { offset, length, first: line, count: 1 };
    batch.push(run);
  }
  signal?.throwIfAborted();
  await readBatch();
  swapBytes(voxels, layout.swapBytes);
  if (layout.flipSign) for (let i = 0; i < voxels.length; i++) voxels[i]! ^= 0x80;
  return voxels;
}

/** Wanted positions along one stored axis, and the distance between them in the result. */
interface Along {
  readonly from: number;
  readonly step: number;
  readonly count: number;
  readonly stride: number;
}

interface Wanted {
  readonly sections: Along;
  readonly rows: Along;
  readonly columns: Along;
}

/** Views of types of eight bytes. An integer must not pass through float64: a pattern that is a NaN may not survive. */
const VIEWS: Partial<Record<DType, typeof Float64Array | typeof BigUint64Array>> = {
  float64: Float64Array,
  int64: BigUint64Array,
  uint64: BigUint64Array,
};

/** Puts a stored row where it belongs. */
function place(layout: FlatLayout, { sections, rows, columns }: Wanted, line: number, row: Uint8Array, voxels: Uint8Array): void {
  const s = Math.floor(line / rows.count);
  const out = s * sections.stride + (line - s * rows.count) * rows.stride;
  const { itemBytes } = layout;
  const { from, step, count, stride } = columns;
  if (layout.isPacked) {
    for (let i = 0, at = from % 2; i < count; i++, at += step) {
      const pair = row[at >> 1]!;
      voxels[out + i * stride] = at % 2 === 0 ? pair & 15 : pair >> 4;
    }
  } else if (step === 1 && stride === 1) {
    voxels.set(row, out * itemBytes);
  } else if (row.byteOffset % itemBytes === 0) {
    const View = VIEWS[layout.dtype] ?? (itemBytes === 1 ? Uint8Array : itemBytes === 2 ? Uint16Array : Uint32Array);
    const source = new View(row.buffer as ArrayBuffer, row.byteOffset, row.length / itemBytes);
    const target = new View(voxels.buffer as ArrayBuffer, 0, voxels.length / itemBytes);
    for (let i = 0; i < count; i++) target[out + i * stride] = source[i * step]!;
  } else {
    for (let i = 0; i < count; i++)
      for (let b = 0; b < itemBytes; b++) voxels[(out + i * stride) * itemBytes + b] = row[i * step * itemBytes + b]!;
  }
}

function cutShort(file: RandomAccess, byte: number): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${file.name}: it ends at byte ${byte}, its header promises more`, {
    place: { file: file.name, byte },
    hint: "copy the file again: it was cut short",
  });
}

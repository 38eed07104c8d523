import { createWriteStream } from "node:fs";
import { open, stat as statFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { boxShape, type Triple } from "../../../core/box.js";
import { type RandomAccess, slice } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { endOf, type FlatLayout, type FlatVolume, isLittleEndian, storedShape } from "../../../formats/flat.js";
import { readMrcExtendedHeader } from "../../../formats/mrc/read.js";
import { copyElements, stridesOf } from "../../../formats/zarr/read.js";
import { oneBody } from "../../../stores/one-body.js";
import { isVersioned, openObject, type Store } from "../../../stores/store.js";
import { type RawVolume, voxelOf } from "../plan/job.js";
import { decompressed, decompressTo, headBehind, pieces } from "./compressed.js";
import { type OpenFlatFileOptions, openFlatFile } from "./flat-file.js";
import { laidOut, laidOutBefore, writeBox } from "./laid-out.js";
import type { OpenVolume, OpenVolumeOptions, ScanOptions, VolumeFacts, VolumeSource, VoxelRun } from "./volume.js";

/** Files that store their voxels plainly, compressed or not. */
export const flatSource: VolumeSource = {
  async describe(store, key, options) {
    const { object, volume } = await openFlat(store, key, options);
    return { ...factsOf(volume, new Uint8Array(0)), stat: object.stat };
  },
  open: openFile,
  runs: flatRuns,
};

/** Most bytes that are turned over in memory at once while a volume is laid out anew. */
const BATCH_BYTES = 32 * 2 ** 20;

type SourceObject = Awaited<ReturnType<typeof openObject>>;

async function openFlat(
  store: Store,
  key: string,
  { compat, ...options }: Pick<OpenVolumeOptions, "compat"> & Omit<OpenFlatFileOptions, "compat">,
) {
  const opened = await openObject(store, key, { signal: options.signal });
  return openFlatFile(opened, { ...options, compat: compat ? "reference" : undefined });
}

async function openFile(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  const { signal } = options;
  const {
    object,
    format,
    volume: found,
    compressed,
  } = await openFlat(store, key, {
    ...options,
    // what an earlier attempt has decompressed is not decompressed again
    headBehind: async (file, kind, wanted) => {
      const path = await laidOutBefore(options, "plain");
      return path ? fileSource(path, file.name).read({ offset: 0, length: wanted }) : headBehind(file, kind, wanted, signal);
    },
  });
  let source: RandomAccess = object;
  let path = store.local?.path(key);
  let volume = found;
  let goesOn = false;
  if (compressed) {
    const promised = endOf(found.layout);
    path = await laidOut(options, "plain", async (to) => {
      // one byte more tells whether there is more, of which nothing is wanted
      const limits = { bytesMax: promised + 1, signal };
      await frontToBack(store, key, object, signal, (all) =>
        decompressTo(slice(all, compressed.offset, Number.POSITIVE_INFINITY), compressed.compression, to, limits),
      );
    });
    const plain = fileSource(path, object.name);
    const size = await plain.size();
    goesOn = size > promised;
    if (found.payload && size < promised) throw cutShort(object.name, size);
    source = { ...plain, size: async () => Math.min(promised, size) };
    // of a file that is compressed as a whole the header, too: now its length is known
    if (!found.payload) volume = await format.flat!(source, { signal, compat: options.compat ? "reference" : undefined });
  } else if (path === undefined && (options.asFile || !isVersioned(object.stat))) {
    path = await laidOut(options, "copy", (to) =>
      frontToBack(store, key, object, signal, (all) => pipeline(Readable.from(pieces(all, signal)), createWriteStream(to))),
    );
    source = fileSource(path, object.name);
  }
  const { layout } = volume;
  const facts = factsOf(volume, volume.mrc ? await readMrcExtendedHeader(source, volume.mrc) : new Uint8Array(0));
  if (goesOn) facts.warnings.push(`${object.name}: bytes after the last section are left alone`);
  const raw: RawVolume = {
    ...rawOf(layout),
    data:
      path === undefined
        ? { offset: layout.dataOffset, read: (offset, length) => object.read({ offset, length }, { signal }) }
        : { path, offset: layout.dataOffset },
  };
  if (layout.order.join() === "0,1,2") return { ...facts, raw };
  if (layout.isPacked) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${object.name}: 4-bit voxels with turned axes are not read`, {
      place: { file: object.name, byte: 64 },
      hint: "convert the file to mode 1 or 2 first",
    });
  }
  const turned = await laidOut(options, "turned", (to) => turn(source, layout, to, signal));
  return { ...facts, raw: { ...raw, shape: layout.shape, data: { path: turned, offset: 0 } } };
}

/** Voxels as they are stored. */
function rawOf(layout: FlatLayout): Omit<RawVolume, "data"> {
  const dtype = layout.isPacked ? "uint4" : layout.dtype;
  return {
    name: layout.name,
    shape: storedShape(layout),
    dtype,
    littleEndian: isLittleEndian(layout),
    flipSign: layout.flipSign,
  };
}

function factsOf({ layout, voxelSizeAngstrom, originAngstrom, mrc, warnings }: FlatVolume, extended: Uint8Array): VolumeFacts {
  return {
    dtype: rawOf(layout).dtype,
    shape: layout.shape,
    voxelSizeAngstrom: [...voxelSizeAngstrom],
    originAngstrom,
    ...(mrc && { mrc: { header: mrc, extended } }),
    warnings: [...warnings],
  };
}

/** Hands a file on to who reads it once, in order; where its server names no version, through one request. */
async function frontToBack(
  store: Store,
  key: string,
  object: SourceObject,
  signal: AbortSignal | undefined,
  work: (all: RandomAccess) => Promise<void>,
): Promise<void> {
  const { name, stat, size } = object;
  if (isVersioned(stat)) return work(object);
  const body = await oneBody(store, key, { name, size: stat.size, signal });
  try {
    await work({ name, size, read: body.reader });
  } finally {
    await body.close();
  }
}

/** Opens the file for each read. */
export function fileSource(path: string, name: string): RandomAccess {
  return {
    name,
    size: async () => (await statFile(path)).size,
    read: async ({ offset, length }) => {
      const file = await open(path, "r");
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, offset);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

/** Stores sections, rows and columns as z, y, x: transposes a batch of sections in memory and writes it to its place. */
async function turn(source: RandomAccess, layout: FlatLayout, path: string, signal: AbortSignal | undefined): Promise<void> {
  const { itemBytes, sectionBytes, dataOffset, order, shape } = layout;
  const stored = storedShape(layout);
  const batch = Math.max(1, Math.floor(BATCH_BYTES / sectionBytes));
  const storedStrides = stridesOf(stored, "C");
  const file = await open(path, "w");
  try {
    for (let s = 0; s < stored[0]; s += batch) {
      signal?.throwIfAborted();
      const sections = Math.min(batch, stored[0] - s);
      const bytes = await source.read({ offset: dataOffset + s * sectionBytes, length: sections * sectionBytes }, { signal });
      // the stored sections are one output axis: the box they fill is thin along it
      const start: Triple = [0, 0, 0];
      const stop: Triple = [...shape];
      const axis = order.indexOf(0);
      start[axis] = s;
      stop[axis] = s + sections;
      const size = boxShape({ start, stop });
      const turned = new Uint8Array(bytes.length);
      copyElements(
        { bytes, strides: order.map((from) => storedStrides[from]!), offset: 0 },
        { bytes: turned, strides: stridesOf(size, "C"), offset: 0 },
        size,
        itemBytes,
      );
      writeBox(file.fd, turned, shape, start, size, itemBytes);
    }
  } finally {
    await file.close();
  }
}

/** Whole rows of the file as it is stored; a volume's axes do not matter to what is asked. */
async function* flatRuns(store: Store, key: string, { compat, signal }: ScanOptions): AsyncGenerator<VoxelRun> {
  const { object, volume, compressed } = await openFlat(store, key, { compat, signal, meetsEnd: true });
  const { layout } = volume;
  const { name, dataOffset } = layout;
  const voxel = voxelOf({ ...rawOf(layout), data: { path: "", offset: 0 } });
  const [nz, ny, nx] = storedShape(layout);
  const rowBytes = Math.ceil(nx * voxel.itemBytes);
  // rows of an odd number of packed voxels end with half a byte that is none
  const rowsAtOnce = Number.isInteger(nx * voxel.itemBytes) ? Number.POSITIVE_INFINITY : 1;
  const swap = layout.swapBytes > 1;
  const stream = compressed
    ? decompressed(slice(object, compressed.offset, Number.POSITIVE_INFINITY), compressed.compression, signal)
    : pieces(object, signal, dataOffset);
  let skip = compressed ? dataOffset : 0;
  let row = 0;
  let held = new Uint8Array(0);
  for await (const piece of stream) {
    const begin = Math.min(skip, piece.length);
    skip -= begin;
    const fresh = piece.subarray(begin);
    const bytes = held.length === 0 ? fresh : joined(held, fresh);
    const whole = Math.min(Math.floor(bytes.length / rowBytes), nz * ny - row);
    for (let r = 0; r < whole; r += rowsAtOnce) {
      const first = row + r;
      const rows = Math.min(rowsAtOnce, whole - r);
      const placeOf = (index: number): [number, number, number] => {
        const line = first + Math.floor(index / nx);
        return [Math.floor(line / ny), line % ny, index % nx];
      };
      yield { name, bytes: bytes.subarray(r * rowBytes), count: rows * nx, voxel, swap, placeOf };
    }
    row += whole;
    held = bytes.slice(whole * rowBytes);
    if (row === nz * ny) return;
  }
  throw cutShort(name, dataOffset + row * rowBytes + held.length);
}

function cutShort(name: string, byte: number): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${name} ends at byte ${byte}, its header promises more`, {
    place: { file: name, byte },
    hint: "copy the file again: it was cut short, or is still being written",
  });
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

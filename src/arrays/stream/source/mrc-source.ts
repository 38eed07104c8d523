import { createWriteStream } from "node:fs";
import { open, stat as statFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { boxShape, type Triple } from "../../../core/box.js";
import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { compressionOf } from "../../../formats/mrc/detect.js";
import { MRC_HEADER_BYTES, type MrcHeader, parseMrcHeader, readMrcHeader } from "../../../formats/mrc/header.js";
import { axisOrder, byteReading, requireRealVolume } from "../../../formats/mrc/meaning.js";
import { readMrcExtendedHeader } from "../../../formats/mrc/read.js";
import { copyElements, stridesOf } from "../../../formats/zarr/read.js";
import { oneBody } from "../../../stores/one-body.js";
import { isVersioned, openObject, type Store } from "../../../stores/store.js";
import { type RawVolume, voxelOf } from "../plan/job.js";
import { decompressed, decompressTo, headBehind, pieces } from "./compressed.js";
import { laidOut, writeBox } from "./laid-out.js";
import type { OpenVolume, OpenVolumeOptions, ScanOptions, VolumeFacts, VolumeSource, VoxelRun } from "./volume.js";

/** MRC files, compressed or not: whatever is no folder. */
export const mrcSource: VolumeSource = {
  accepts: () => true,
  async describe(store, key, { signal, compat }) {
    const { object, head } = await openHead(store, key, signal);
    const compression = compressionOf(head);
    const header = compression
      ? parseMrcHeader(await headBehind(object, compression, MRC_HEADER_BYTES), { name: object.name })
      : await readMrcHeader(object, { signal });
    return { ...mrcFacts(header, object.name, compat, new Uint8Array(0)), stat: object.stat };
  },
  open: openMrc,
  runs: mrcRuns,
};

/** Most bytes that are turned over in memory at once while a volume is laid out anew. */
const BATCH_BYTES = 32 * 2 ** 20;

async function openMrc(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  const { object, head } = await openHead(store, key, options.signal);
  const compression = compressionOf(head);
  let source: RandomAccess = object;
  let path = store.local?.path(key);
  if (compression) {
    path = await laidOut(options, "plain", (to) =>
      frontToBack(store, key, object, options.signal, (all) => decompressTo(all, compression, to, options.signal)),
    );
    source = fileSource(path, object.name);
  } else if (path === undefined && (options.asFile || !isVersioned(object.stat))) {
    path = await laidOut(options, "copy", (to) =>
      frontToBack(store, key, object, options.signal, (all) =>
        pipeline(Readable.from(pieces(all, options.signal)), createWriteStream(to)),
      ),
    );
    source = fileSource(path, object.name);
  }
  const header = await readMrcHeader(source, { signal: options.signal });
  const facts = mrcFacts(header, object.name, options.compat, await readMrcExtendedHeader(source, header));
  const raw: RawVolume = {
    name: object.name,
    shape: header.shape,
    ...mrcVoxel(header, options.compat),
    data:
      path === undefined
        ? { offset: header.dataOffset, read: (offset, length) => object.read({ offset, length }, { signal: options.signal }) }
        : { path, offset: header.dataOffset },
  };
  const order = axisOrder(header);
  if (options.compat || order.asStored) return { ...facts, raw };
  if (header.dtype === "uint4") {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${object.name}: 4-bit voxels with axes in the order ${header.mapc},${header.mapr},${header.maps} are not read`,
      {
        place: { file: object.name, byte: 64 },
        hint: "convert the file to mode 1 or 2 first",
      },
    );
  }
  const turned = await laidOut(options, "turned", (to) => turn(source, header, order.order, to, options.signal));
  return { ...facts, raw: { ...raw, shape: order.shape, data: { path: turned, offset: 0 } } };
}

/** The first bytes, by one request; later reads of them come from memory. */
async function openHead(store: Store, key: string, signal: AbortSignal | undefined) {
  const object = await openObject(store, key, { signal });
  const head = await object.read({ offset: 0, length: MRC_HEADER_BYTES });
  const read: RandomAccess["read"] = async (range, options) =>
    range.offset + range.length <= head.length
      ? head.subarray(range.offset, range.offset + range.length)
      : object.read(range, options);
  return { object: { ...object, read }, head };
}

/** How the voxels of an MRC are read: byte order, and of mode 0 the sign. */
function mrcVoxel(header: MrcHeader, compat: boolean): Pick<RawVolume, "dtype" | "littleEndian" | "flipSign"> {
  const { dtype, littleEndian } = header;
  const reading = byteReading(header, compat ? "reference" : undefined);
  if (reading === undefined) return { dtype, littleEndian };
  return { dtype: reading === "uint8" ? "uint8" : "int8", littleEndian, flipSign: reading === "uint8-128" };
}

function mrcFacts(header: MrcHeader, name: string, compat: boolean, extended: Uint8Array): VolumeFacts {
  requireRealVolume(header, name);
  const order = axisOrder(header);
  const warnings = header.warnings.map((warning) => `${name}: ${warning}`);
  if (!order.asStored) {
    const axes = `${header.mapc},${header.mapr},${header.maps}`;
    warnings.push(`${name}: axes are stored in the order ${axes}; ${compat ? "left as stored" : "turned to x, y, z"}`);
  }
  return {
    dtype: mrcVoxel(header, compat).dtype,
    shape: compat ? header.shape : order.shape,
    voxelSizeAngstrom: header.voxelSizeAngstrom,
    mrc: { header, extended },
    warnings,
  };
}

/** Hands a file on to who reads it once, in order; where its server names no version, through one request. */
async function frontToBack(
  store: Store,
  key: string,
  object: Awaited<ReturnType<typeof openHead>>["object"],
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
async function turn(
  source: RandomAccess,
  header: MrcHeader,
  order: Triple,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const itemBytes = header.sectionBytes / (header.shape[1] * header.shape[2]);
  const shape = order.map((axis) => header.shape[axis]!) as Triple;
  const batch = Math.max(1, Math.floor(BATCH_BYTES / header.sectionBytes));
  const storedStrides = stridesOf(header.shape, "C");
  const file = await open(path, "w");
  try {
    for (let s = 0; s < header.shape[0]; s += batch) {
      signal?.throwIfAborted();
      const sections = Math.min(batch, header.shape[0] - s);
      const bytes = await source.read(
        { offset: header.dataOffset + s * header.sectionBytes, length: sections * header.sectionBytes },
        { signal },
      );
      // the stored sections are one output axis: the box they fill is thin along it
      const start: Triple = [0, 0, 0];
      const stop: Triple = [...shape];
      const axis = order.indexOf(0);
      start[axis] = s;
      stop[axis] = s + sections;
      const size = boxShape({ start, stop });
      const turned = new Uint8Array(bytes.length);
      copyElements(
        { bytes, strides: order.map((stored) => storedStrides[stored]!), offset: 0 },
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
async function* mrcRuns(store: Store, key: string, { compat, signal }: ScanOptions): AsyncGenerator<VoxelRun> {
  const { object, head } = await openHead(store, key, signal);
  const { name } = object;
  const compression = compressionOf(head);
  const header = parseMrcHeader(compression ? await headBehind(object, compression, head.length) : head, { name });
  requireRealVolume(header, name);
  const stored = mrcVoxel(header, compat);
  const voxel = voxelOf({ name, shape: header.shape, ...stored, data: { path: "", offset: 0 } });
  const [nz, ny, nx] = header.shape;
  const rowBytes = Math.ceil(nx * voxel.itemBytes);
  // rows of an odd number of packed voxels end with half a byte that is none
  const rowsAtOnce = Number.isInteger(nx * voxel.itemBytes) ? Number.POSITIVE_INFINITY : 1;
  const swap = !stored.littleEndian && voxel.itemBytes > 1;
  const stream = compression ? decompressed(object, compression, signal) : pieces(object, signal, header.dataOffset);
  let skip = compression ? header.dataOffset : 0;
  let row = 0;
  let held = new Uint8Array(0);
  for await (const piece of stream) {
    const from = Math.min(skip, piece.length);
    skip -= from;
    const fresh = piece.subarray(from);
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
  const byte = header.dataOffset + row * rowBytes + held.length;
  throw new EmporiumError("FORMAT_TRUNCATED", `${name} ends at byte ${byte}, its header promises more`, {
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

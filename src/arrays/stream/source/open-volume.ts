import { createWriteStream, writeSync } from "node:fs";
import { mkdir, open, rename, stat as statFile } from "node:fs/promises";
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
import { isVersioned, openObject, type Stat, type Store } from "../../../stores/store.js";
import type { RawVolume } from "../plan/job.js";
import { decompressTo, headBehind, pieces } from "./compressed.js";
import { describeZarr, isZarrKey, zarrBoxes, zarrVoxel } from "./zarr-volume.js";

export interface OpenVolumeOptions {
  signal?: AbortSignal | undefined;
  /** A folder of this machine for sources that cannot be read in place: compressed files, permuted axes, Zarr. Made when first needed. */
  scratch(): Promise<string>;
  /** The reference's reading: axis order ignored, unsigned bytes known by their maximum alone. */
  compat: boolean;
  /** What is read over a network is laid out as well: it will not be read from front to back. */
  asFile?: boolean | undefined;
}

export interface VolumeFacts {
  /** Voxels `[z, y, x]`, axes in that order whatever the file's own. */
  shape: Triple;
  /** `[z, y, x]`; undefined where the file does not say. */
  voxelSizeAngstrom: [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Of an MRC source: what a converted file carries over. */
  mrc?: { header: MrcHeader; extended: Uint8Array } | undefined;
  warnings: string[];
  /** Of the object, where the volume is one. */
  stat?: Stat | undefined;
}

export interface OpenVolume extends VolumeFacts {
  raw: RawVolume;
}

/** Most bytes that are turned over in memory at once while a volume is laid out anew. */
const BATCH_BYTES = 32 * 2 ** 20;

/**
 * The facts of a volume by its header alone: MRC by a range of its first bytes, OME-Zarr by its metadata documents. Compressed MRC files are
 * decompressed as far as their header reaches.
 *
 * @throws {EmporiumError} STORE_ABSENT and what the formats throw; the same faults that `openVolume` would meet in the header.
 */
export async function describeVolume(
  store: Store,
  key: string,
  options: { signal?: AbortSignal | undefined; compat: boolean },
): Promise<VolumeFacts> {
  if (isZarrKey(key)) {
    const { shape, voxelSizeAngstrom, warnings, name } = await describeZarr(store, key, options.signal);
    return { shape, voxelSizeAngstrom, warnings: warnings.map((warning) => `${name}: ${warning}`) };
  }
  const { object, head } = await openHead(store, key, options.signal);
  const compression = compressionOf(head);
  const header = compression
    ? parseMrcHeader(await headBehind(object, compression, MRC_HEADER_BYTES), { name: object.name })
    : await readMrcHeader(object, { signal: options.signal });
  return { ...mrcFacts(header, object.name, options.compat, new Uint8Array(0)), stat: object.stat };
}

/**
 * Opens a volume for reading once. Plain MRC files are read where they are, by path or by ranges; what cannot be (gzip, bzip2, permuted axes,
 * OME-Zarr) is first laid out in the scratch folder, in bounded memory, and found there again after an interruption.
 */
export async function openVolume(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  if (isZarrKey(key)) return openZarrVolume(store, key, options);
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

/** One request gives the first bytes; whoever looks at them again is answered from memory. */
export async function openHead(store: Store, key: string, signal: AbortSignal | undefined) {
  const object = await openObject(store, key, { signal });
  const head = await object.read({ offset: 0, length: MRC_HEADER_BYTES });
  const read: RandomAccess["read"] = async (range, options) =>
    range.offset + range.length <= head.length
      ? head.subarray(range.offset, range.offset + range.length)
      : object.read(range, options);
  return { object: { ...object, read }, head };
}

/** How the voxels of an MRC are read: byte order, and of mode 0 the sign. */
export function mrcVoxel(header: MrcHeader, compat: boolean): Pick<RawVolume, "dtype" | "littleEndian" | "flipSign"> {
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

/** Makes a file of the scratch folder once: a second call, also after a kill, finds it. */
async function laidOut(options: OpenVolumeOptions, name: string, make: (path: string) => Promise<void>): Promise<string> {
  const folder = await options.scratch();
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${name}.raw`;
  if (await statFile(path).catch(() => undefined)) return path;
  await make(`${path}.part`);
  await rename(`${path}.part`, path);
  return path;
}

function fileSource(path: string, name: string): RandomAccess {
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

/** Lays stored sections, rows and columns out as z, y, x: a batch of sections at a time is turned in memory and written where it belongs. */
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

/** Writes a box of a C-order volume, in as few pieces as it has. Rows are short and many: waiting for each by a promise would cost more than it. */
function writeBox(fd: number, bytes: Uint8Array, shape: Triple, start: Triple, size: Triple, itemBytes: number): void {
  const wholeRows = size[2] === shape[2];
  const wholePlanes = wholeRows && size[1] === shape[1];
  const run = (wholePlanes ? size[0] * size[1] * size[2] : wholeRows ? size[1] * size[2] : size[2]) * itemBytes;
  for (let at = 0; at < bytes.length; at += run) {
    const row = at / (size[2] * itemBytes);
    const z = start[0] + Math.floor(row / size[1]);
    const y = start[1] + (row % size[1]);
    const position = ((z * shape[1] + y) * shape[2] + start[2]) * itemBytes;
    for (let done = 0; done < run; ) done += writeSync(fd, bytes, at + done, run - done, position + done);
  }
}

async function openZarrVolume(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  const volume = await describeZarr(store, key, options.signal);
  const { dtype, itemBytes } = zarrVoxel(volume);
  const path = await laidOut(options, "zarr", async (to) => {
    const file = await open(to, "w");
    try {
      for await (const { bytes, start, size } of zarrBoxes(store, volume, options.signal))
        writeBox(file.fd, bytes, volume.shape, start, size, itemBytes);
    } finally {
      await file.close();
    }
  });
  const { name, shape, voxelSizeAngstrom } = volume;
  const warnings = volume.warnings.map((warning) => `${volume.name}: ${warning}`);
  return { shape, voxelSizeAngstrom, warnings, raw: { name, shape, dtype, littleEndian: true, data: { path, offset: 0 } } };
}

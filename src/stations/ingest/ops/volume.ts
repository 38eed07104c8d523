import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat as statFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { percentilesFromHistogram } from "../../../arrays/kernels/histogram.js";
import { flush } from "../../../arrays/stream/flusher.js";
import { openVolume } from "../../../arrays/stream/open-volume.js";
import {
  type UnitReceipt,
  type WriteVolumeResult,
  type WrittenObject,
  writeVolume,
} from "../../../arrays/stream/write-volume.js";
import { crcText } from "../../../core/crc32.js";
import { publishObject, uploadFile } from "../../../engine/atomic.js";
import { folderReceipt } from "../../../engine/receipts.js";
import type { ObjectReceipt, Operation, Plain, PlainObject, Task, TaskContext } from "../../../engine/task.js";
import { mrcHeaderBytes } from "../../../formats/mrc/write.js";
import { parseZarrDType } from "../../../formats/zarr/dtype.js";
import { printZarray, printZattrs, printZgroup } from "../../../formats/zarr/metadata.js";
import { omeZarrAttributes } from "../../../formats/zarr/ome.js";
import { writeMetadata } from "./metadata.js";

export const VOLUME_OPERATION = "ingest/volume";

/** What a volume task is told. Keys are the target's, but for `source`. */
export interface VolumeParams {
  kind: "tomogram" | "tiltseries";
  source: string;
  mrc: string | null;
  /** Ends with `/`. */
  zarr: string | null;
  /** The entity's metadata file, written last, and its text without the time. Null for a volume without an entity. */
  metadataKey: string | null;
  metadata: string | null;
  /** Å. Null: the source's own. */
  spacingAngstrom: number | null;
  scaleZ: boolean;
  /** The reference's values: odd edges averaged with zeros, axis order ignored. */
  compat: boolean;
  /** Hash every object once more when it is whole. */
  checksum?: "sha256" | null;
  force?: boolean;
}

/** Files that make a Zarr visible: removed first and written last where a store has no rename. */
const LEVEL_COUNT = 3;
/** Chunks that are sent side by side, each in several parts at once. */
const UPLOADS_AT_ONCE = 2;

/**
 * Converts a volume: float32 MRC, OME-Zarr 0.4, statistics, then the entity's metadata as the marker of completeness. On local stores parts
 * are made beside their final names and renamed; on others chunks go to a scratch folder and are sent as soon as they are whole.
 */
export const volumeOperation: Operation = async (task, context) => {
  const params = task.params as unknown as VolumeParams;
  const { source, signal, createdMs } = context;
  const scratch = await context.scratch();
  await mkdir(scratch, { recursive: true });
  const volume = await openVolume(source, params.source, { signal, compat: params.compat, scratch: async () => scratch });
  const warnings = [...volume.warnings];
  const places = await makePlaces(task, params, context, scratch);
  const finished = await finishedUnits(context, places, params);
  if (finished.length === 0) await places.startAnew();

  const voxel = params.spacingAngstrom ?? volume.voxelSizeAngstrom[1];
  if (voxel === undefined)
    warnings.push(`${volume.raw.name}: the header gives no voxel size; written as unknown in the MRC and as 1 Å in the Zarr`);
  const header = {
    kind: params.scaleZ ? ("tomogram" as const) : ("tiltseries" as const),
    shape: volume.raw.shape,
    dtype: "float32" as const,
    voxelSizeAngstrom: voxel ?? 0,
    dateMs: createdMs,
    source: volume.mrc?.header,
    extendedHeader: volume.mrc?.extended,
  };
  const headBytes = mrcHeaderBytes({ ...header, statistics: { min: 0, max: 0, mean: 0, rms: 0 } }).length;
  const itemBytes = task.bytes > 0 ? task.bytes : 1;
  const rawBytes = rawBytesOf(volume.raw);
  const written = await writeVolume({
    source: volume.raw,
    form: params.scaleZ ? "volume" : "series",
    edge: params.compat ? "zeros" : "present",
    threads: context.threads,
    memoryBytes: context.memoryBytes,
    mrc:
      places.mrc === undefined
        ? undefined
        : { path: places.mrc, headBytes, head: (statistics) => mrcHeaderBytes({ ...header, statistics }) },
    zarr: places.zarr === undefined ? undefined : { folder: places.zarr },
    scratch,
    finished,
    onUnit: async (receipt) => {
      await places.settle();
      await context.note({ unit: receipt as unknown as Plain });
    },
    flush: places.flush,
    onObject: places.onObject,
    onProgress: (bytes) => context.progress(Math.min(task.bytes, (bytes / rawBytes) * itemBytes)),
    signal,
  });
  if (written.statistics.nonFinite > 0) {
    warnings.push(`${volume.raw.name}: ${written.statistics.nonFinite} voxels are not finite; statistics are of the others`);
  }

  const outputs = await places.publish(written, zarrDocuments(written, params, voxel ?? 1));
  if (params.metadataKey !== null && params.metadata !== null)
    outputs.push(await places.publishMetadata(params.metadataKey, params.metadata));
  return {
    outputs: params.checksum === "sha256" ? await addSha256(outputs, context) : outputs,
    warnings,
    facts: factsOf(written, volume.raw.dtype),
  };
};

function rawBytesOf({ shape, dtype }: { shape: readonly number[]; dtype: string }): number {
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 8);
  return (shape.reduce((a, b) => a * b, 1) * bits) / 8;
}

interface Places {
  /** Files being made. */
  readonly mrc: string | undefined;
  readonly zarr: string | undefined;
  /** They will be synced before they are adopted. */
  readonly flush: boolean;
  onObject: ((object: WrittenObject) => Promise<void>) | undefined;
  /** Clears what an attempt left that cannot be gone on with. */
  startAnew(): Promise<void>;
  /** Whatever a unit's note vouches for is safe when this returns. */
  settle(): Promise<void>;
  publish(written: WriteVolumeResult, documents: [key: string, text: string][]): Promise<ObjectReceipt[]>;
  publishMetadata(key: string, text: string): Promise<ObjectReceipt>;
}

function makePlaces(task: Task, params: VolumeParams, context: TaskContext, scratch: string): Promise<Places> {
  return context.target.local ? localPlaces(task, params, context) : remotePlaces(params, context, scratch);
}

/** Units of the attempt before, where all that they vouch for is still there. */
async function finishedUnits(context: TaskContext, places: Places, params: VolumeParams): Promise<UnitReceipt[]> {
  const noted = context.notes.flatMap((note) => (note.unit === undefined ? [] : [note.unit as unknown as UnitReceipt]));
  if (noted.length === 0 || (places.mrc !== undefined && !(await exists(places.mrc)))) return [];
  const units = new Map(noted.map((unit) => [unit.unit, unit]));
  if (params.zarr !== null) {
    const sizes = await chunkSizes(context, places, params.zarr, [...units.values()]);
    for (const unit of units.values()) if (unit.objects.some(({ key, size }) => sizes.get(key) !== size)) units.delete(unit.unit);
  }
  return [...units.values()];
}

async function chunkSizes(
  { target, signal }: TaskContext,
  places: Places,
  folder: string,
  units: UnitReceipt[],
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  if (target.local) {
    for (const { key } of units.flatMap((unit) => unit.objects)) {
      const present = await statFile(`${places.zarr}/${key}`).catch(() => undefined);
      if (present) sizes.set(key, present.size);
    }
  } else for await (const { key, size } of target.list(folder, { signal })) sizes.set(key.slice(folder.length), size);
  return sizes;
}

async function exists(path: string): Promise<boolean> {
  return (await statFile(path).catch(() => undefined)) !== undefined;
}

/** The entity's old metadata would vouch for the new volume while it is being replaced, so it goes first; its text may be kept for later. */
async function unpublish(params: VolumeParams, { target, signal, notes, note }: TaskContext): Promise<() => string | undefined> {
  const kept = notes.find((entry) => typeof entry.replaced === "string")?.replaced;
  if (typeof kept === "string") return () => kept;
  if (params.metadataKey === null) return () => undefined;
  const bytes = await target.read(params.metadataKey, undefined, { signal });
  if (!bytes) return () => undefined;
  const text = new TextDecoder().decode(bytes);
  await note({ replaced: text });
  await target.remove(params.metadataKey, { signal });
  return () => text;
}

/**
 * On a file system: parts beside the final names, renamed when whole. A kill between two renames is met by a note that is made before each: a
 * part that is gone after it has become what it should.
 */
async function localPlaces(task: Task, params: VolumeParams, context: TaskContext): Promise<Places> {
  const local = context.target.local!;
  const place = async (key: string) => {
    const part = await local.partPath(key, task.id);
    const begun = context.notes.some((note) => note.adopting === key);
    const adopted = begun && !(await exists(part)) && (await exists(local.path(key)));
    return { key, part, adopted, path: adopted ? local.path(key) : part };
  };
  const mrc = params.mrc === null ? undefined : await place(params.mrc);
  const zarr = params.zarr === null ? undefined : await place(params.zarr);
  const adopt = async (made: Awaited<ReturnType<typeof place>>) => {
    if (made.adopted) return;
    await context.note({ adopting: made.key });
    await local.adopt(made.part, made.key);
  };
  let replaced: () => string | undefined = () => undefined;
  return {
    get mrc() {
      return mrc?.path;
    },
    get zarr() {
      return zarr?.path;
    },
    flush: local.sync,
    onObject: local.sync ? ({ path }) => flush(path) : undefined,
    async startAnew() {
      for (const made of [mrc, zarr]) {
        if (!made) continue;
        Object.assign(made, { adopted: false, path: made.part });
        await rm(made.part, { recursive: true, force: true });
      }
    },
    async settle() {
      if (local.sync && mrc !== undefined) await flush(mrc.path);
    },
    async publish(written, documents) {
      const outputs: ObjectReceipt[] = [];
      if (zarr && !zarr.adopted) for (const [key, text] of documents) await writeFile(`${zarr.path}/${key}`, text);
      replaced = await unpublish(params, context);
      if (mrc) {
        await adopt(mrc);
        outputs.push({
          key: mrc.key,
          size: written.mrc!.size,
          crc32: crcText(written.mrc!.crc32),
          ...(await identity(context, mrc.key)),
        });
      }
      if (zarr) {
        await adopt(zarr);
        outputs.push(await zarrReceipt(zarr.key, written, documents, context));
      }
      return outputs;
    },
    publishMetadata: (key, text) => writeKept(key, text, replaced(), params, context),
  };
}

async function remotePlaces(params: VolumeParams, context: TaskContext, scratch: string): Promise<Places> {
  const { target, signal } = context;
  const mrc = params.mrc === null ? undefined : `${scratch}/volume.mrc`;
  const zarr = params.zarr === null ? undefined : `${scratch}/volume.zarr`;
  let replaced: () => string | undefined = () => undefined;
  // all chunks of a layer become whole at once; each upload holds some parts in memory
  const inTurn = limitTo(UPLOADS_AT_ONCE);
  return {
    mrc,
    zarr,
    flush: false,
    onObject: ({ key, path }) =>
      inTurn(async () => {
        // progress is told in planes read, not in bytes sent
        await uploadFile(context, path, `${params.zarr}${key}`, { onBytes: () => {} });
        await rm(path);
      }),
    async startAnew() {
      for (const path of [mrc, zarr]) if (path !== undefined) await rm(path, { recursive: true, force: true });
      replaced = await unpublish(params, context);
      // what makes the old Zarr one goes before its chunks
      if (params.zarr !== null) {
        for (const key of [".zattrs", ".zgroup", ...levelKeys()]) await target.remove(`${params.zarr}${key}`, { signal });
        await target.remove(params.zarr, { signal });
      }
    },
    settle: async () => {
      if (mrc !== undefined) await flush(mrc);
    },
    async publish(written, documents) {
      replaced = await unpublish(params, context);
      const outputs: ObjectReceipt[] = [];
      if (mrc !== undefined) outputs.push(await uploadFile(context, mrc, params.mrc!, { onBytes: () => {} }));
      if (zarr !== undefined) {
        const encoder = new TextEncoder();
        for (const [key, text] of documents) await publishObject(context, `${params.zarr}${key}`, encoder.encode(text));
        outputs.push(await zarrReceipt(params.zarr!, written, documents, context));
      }
      return outputs;
    },
    publishMetadata: (key, text) => writeKept(key, text, replaced(), params, context),
  };
}

/** Metadata that say the same as before keep their time: a tree that is made again is the same tree. */
async function writeKept(
  key: string,
  text: string,
  replaced: string | undefined,
  params: VolumeParams,
  context: TaskContext,
): Promise<ObjectReceipt> {
  const { target, createdMs, signal } = context;
  const keep = replaced === undefined || params.force === true ? undefined : new TextEncoder().encode(replaced);
  if (keep) await target.write(key, keep, { contentType: "application/json", signal });
  return writeMetadata(target, key, text, { createdMs, force: params.force === true, signal });
}

async function identity(
  { target, signal }: TaskContext,
  key: string,
): Promise<{ etag?: string | undefined; modifiedMs?: number | undefined }> {
  const stat = await target.stat(key, { signal });
  return { etag: stat?.etag, modifiedMs: stat?.modifiedMs };
}

function levelKeys(): string[] {
  return Array.from({ length: LEVEL_COUNT }, (_, level) => `${level}/.zarray`);
}

/** The documents of the hierarchy in the order in which they may become visible: `.zattrs`, which readers look for, last. */
function zarrDocuments(written: WriteVolumeResult, params: VolumeParams, spacing: number): [string, string][] {
  const type = parseZarrDType("<f4")!;
  const arrays = written.shapes.map((shape, level): [string, string] => [
    `${level}/.zarray`,
    printZarray({
      shape,
      chunks: written.chunk,
      type,
      compressor: { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 },
      fillValue: 0,
      order: "C",
      dimensionSeparator: "/",
    }),
  ]);
  const attributes = omeZarrAttributes({ kind: params.scaleZ ? "tomogram" : "tiltseries", voxelSizeAngstrom: spacing });
  return [...arrays, [".zgroup", printZgroup()], [".zattrs", printZattrs(attributes)]];
}

async function zarrReceipt(
  folder: string,
  written: WriteVolumeResult,
  documents: [string, string][],
  context: TaskContext,
): Promise<ObjectReceipt> {
  const encoder = new TextEncoder();
  const chunks = written.objects.map(({ key, size, crc32: crc }) => ({ key: `${folder}${key}`, size, crc32: crcText(crc) }));
  const texts = documents.map(([key, text]) => {
    const bytes = encoder.encode(text);
    return { key: `${folder}${key}`, size: bytes.length, crc32: crcText(crc32(bytes)) };
  });
  return folderReceipt(context.target, folder, [...chunks, ...texts]);
}

/** Runs at most `limit` of the given things at once, in the order in which they are given. */
function limitTo(limit: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    while (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

function factsOf({ statistics, histogram, shapes }: WriteVolumeResult, dtype: string): PlainObject {
  const [p1, p50, p99] = percentilesFromHistogram(histogram, [1, 50, 99]);
  return {
    shape: [...shapes[0]!],
    dtype,
    min: statistics.min,
    max: statistics.max,
    mean: statistics.mean,
    rms: statistics.rms,
    nonFinite: statistics.nonFinite,
    contrast: { p1: p1 ?? null, p50: p50 ?? null, p99: p99 ?? null },
  };
}

/**
 * SHA-256 of each output: of a file its bytes; of a Zarr the text that `sha256sum` would print for its objects in key order. Everything is read
 * once more for it, because headers are written last.
 */
async function addSha256(outputs: ObjectReceipt[], { target, signal }: TaskContext): Promise<ObjectReceipt[]> {
  const one = async (key: string): Promise<string> => {
    const hash = createHash("sha256");
    if (target.local)
      for await (const piece of createReadStream(target.local.path(key), { highWaterMark: 2 ** 20 }))
        hash.update(piece as Uint8Array);
    else {
      const size = (await target.stat(key, { signal }))?.size ?? 0;
      for (let offset = 0; offset < size; offset += 8 * 2 ** 20) {
        const bytes = await target.read(key, { offset, length: Math.min(8 * 2 ** 20, size - offset) }, { signal });
        if (bytes) hash.update(bytes);
      }
    }
    return hash.digest("hex");
  };
  return Promise.all(
    outputs.map(async (output) => {
      if (!output.key.endsWith("/")) return { ...output, sha256: await one(output.key) };
      const lines = createHash("sha256");
      for await (const { key } of target.list(output.key, { signal }))
        lines.update(`${await one(key)}  ${key.slice(output.key.length)}\n`);
      return { ...output, sha256: lines.digest("hex") };
    }),
  );
}

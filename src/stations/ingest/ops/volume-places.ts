import { rm, stat as statFile, writeFile } from "node:fs/promises";
import type { UnitReceipt, WriteVolumeResult, WrittenObject } from "../../../arrays/stream/plan/job.js";
import { flush } from "../../../arrays/stream/write/flusher.js";
import { fileShards } from "../../../arrays/stream/write/shard-files.js";
import type { ShardSink } from "../../../arrays/stream/write/shard-sink.js";
import { crcText } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { publishObject, uploadFile } from "../../../engine/atomic.js";
import { clearEntity } from "../../../engine/atomic-tree.js";
import type { ObjectReceipt, Task, TaskContext } from "../../../engine/task.js";
import { turns } from "../../../system/parallel.js";
import { writeMetadata } from "./metadata.js";
import { zarrReceipt } from "./volume-outputs.js";
import type { VolumeParams } from "./volume-params.js";
import { uploadShards } from "./volume-shards.js";

/** Chunks that are sent side by side, each in several parts at once. */
const UPLOADS_AT_ONCE = 2;

/** Places in which a volume's files are made, and the way they become visible. */
export interface Places {
  /** Files being made. */
  readonly mrc: string | undefined;
  readonly zarr: string | undefined;
  /** They will be synced before they are adopted. */
  readonly flush: boolean;
  onObject: ((object: WrittenObject) => Promise<void>) | undefined;
  /** Sink for the shards of OME-Zarr 0.5. */
  shards(): ShardSink;
  /** Clears the remains of an attempt that cannot be resumed. */
  startAnew(): Promise<void>;
  /** Makes the data safe that units' notes vouch for, before it returns. */
  settle(): Promise<void>;
  publish(written: WriteVolumeResult, documents: [key: string, text: string][]): Promise<ObjectReceipt[]>;
  publishMetadata(key: string, text: string): Promise<ObjectReceipt>;
}

export function makePlaces(task: Task, params: VolumeParams, context: TaskContext, scratch: string): Promise<Places> {
  return context.target.local ? localPlaces(task, params, context) : remotePlaces(params, context, scratch);
}

/** Units of the attempt before, where all that they vouch for is still there. */
export async function finishedUnits(context: TaskContext, places: Places, params: VolumeParams): Promise<UnitReceipt[]> {
  const begun = context.notes.findLastIndex((note) => note.anew === true);
  const notes = context.notes.slice(begun + 1);
  const noted = notes.flatMap((note) => (note.unit === undefined ? [] : [note.unit as unknown as UnitReceipt]));
  if (noted.length === 0 || (places.mrc !== undefined && !(await exists(places.mrc)))) return [];
  const units = new Map(noted.map((unit) => [unit.unit, unit]));
  // shards are asked when they are opened
  if (params.zarr !== null && params.omeZarr !== "0.5") {
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

/** Removes the old metadata first: they mark the volume as complete while it is replaced. Their text may be kept. */
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
 * On a file system: parts beside the final names, renamed when complete. A note before each rename handles a kill between two of
 * them: a part that is missing after its note was renamed.
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
    shards: () => fileShards(zarr!.path, { sync: local.sync, io: local.io }),
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
  const mrc = params.mrc === null ? undefined : `${scratch}/volume.mrc`;
  const zarr = params.zarr === null ? undefined : `${scratch}/volume.zarr`;
  let replaced: () => string | undefined = () => undefined;
  // all chunks of a layer become whole at once; each upload holds some parts in memory
  const turn = turns(UPLOADS_AT_ONCE);
  return {
    mrc,
    zarr,
    flush: false,
    shards: () => uploadShards(context, params.zarr!, scratch),
    async onObject({ key, path, crc32 }) {
      const leave = await turn();
      try {
        await sendMade(context, path, `${params.zarr}${key}`, crc32);
        await rm(path);
      } finally {
        leave();
      }
    },
    async startAnew() {
      for (const path of [mrc, zarr]) if (path !== undefined) await rm(path, { recursive: true, force: true });
      replaced = await unpublish(params, context);
      if (params.zarr !== null) await clearEntity(context, params.zarr, isZarrDocument);
    },
    settle: async () => {
      if (mrc !== undefined) await flush(mrc);
    },
    async publish(written, documents) {
      // a fresh start has taken the old metadata away already: their text is kept
      const before = replaced();
      const now = await unpublish(params, context);
      if (before === undefined) replaced = now;
      const outputs: ObjectReceipt[] = [];
      if (mrc !== undefined) outputs.push(await sendMade(context, mrc, params.mrc!, written.mrc!.crc32));
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

/**
 * Sends a file that was made here. Progress is reported in planes read, not in bytes sent.
 *
 * @throws {EmporiumError} SOURCE_CHANGED where the scratch disk gives other bytes than were written to it
 */
async function sendMade(context: TaskContext, path: string, key: string, crc32: number): Promise<ObjectReceipt> {
  const receipt = await uploadFile(context, path, key, { onBytes: () => {} });
  if (receipt.crc32 === crcText(crc32)) return receipt;
  await rm(path, { force: true }); // the next attempt makes it anew
  throw new EmporiumError("SOURCE_CHANGED", `${path} has CRC-32 ${receipt.crc32} where ${crcText(crc32)} was written`, {
    place: { file: path },
    hint: "check the scratch disk, which returned other bytes than were written, or choose another with --workspace",
  });
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

/** `.zattrs`, `.zgroup`, `.zarray`, `zarr.json`: what makes a Zarr one. */
function isZarrDocument(name: string): boolean {
  return /(^|\/)(\.z(attrs|group|array)|zarr\.json)$/.test(name);
}

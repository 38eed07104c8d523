import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Box } from "../../../core/box.js";
import { throwIfCancelled } from "../../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { type Log, silentLog } from "../../../core/log.js";
import { removeTree } from "../../../engine/disk.js";
import { resolveKey } from "../../../formats/precomputed/fields.js";
import type { VolumeFormat } from "../../../model/volume-formats.js";
import { changed } from "../../../stores/faults.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import { unversioned } from "../../../stores/one-version.js";
import { isVersioned, objectName, openObject, type Store } from "../../../stores/store.js";
import { cropGrid } from "./crop-array.js";
import { planN5 } from "./n5.js";
import { type CropFormat, type CropPlan, type CroppedLevel, type CropSource, type LevelRequest, PROVENANCE } from "./plan.js";
import { planPrecomputed } from "./precomputed.js";
import { type CropTraffic, sourceUnits, writeWhole } from "./source-units.js";
import { type CropCounts, writeArray } from "./write-array.js";
import { planZarrV2 } from "./zarr-v2.js";
import { planZarrV3 } from "./zarr-v3.js";

export interface CropRequest {
  store: Store;
  /** Folder of the volume, without `/` at its end; `""` is the store's root. */
  key: string;
  /** Format of the volume; `zarr` stands for either version. */
  format: VolumeFormat;
  /** Voxels `[z, y, x]` of the level `scale`, half-open; for precomputed volumes with the scale's voxel offset added. */
  box: Box;
  /**
   * A level, 0 the finest; `all`: every level, `box` in voxels of the finest. Default: all, of precomputed volumes the finest.
   */
  scale?: number | "all" | undefined;
  /** Encoding of chunks of a precomputed crop. Default `raw`, which is lossless. */
  encoding?: "raw" | "jpeg" | undefined;
  /** Quality of `jpeg`, 1 to 100. Default 90. */
  jpegQuality?: number | undefined;
  log?: Log | undefined;
  signal?: AbortSignal | undefined;
}

export interface CropOptions extends CropRequest {
  /** Absolute path of the folder that the crop becomes. */
  target: string;
  /** Chunks that are processed in parallel. Default 8. */
  concurrency?: number | undefined;
  /** The most bytes of chunks in memory. Default `LIMITS.memoryBytes`. */
  memoryBytes?: number | undefined;
  /** Sync the crop to the disk before it gets its name. Default true. */
  sync?: boolean | undefined;
  onProgress?: ((progress: { doneChunks: number; totalChunks: number; fetchedBytes: number }) => void) | undefined;
}

export interface CropResult {
  path: string;
  /** `present`: the same crop exists, and only metadata were read. */
  status: "cropped" | "present";
  format: CropFormat;
  levels: readonly CroppedLevel[];
  /** Chunks of the crop. */
  chunks: CropCounts;
  /** Sentences on metadata of the source that the crop does not keep, or has at another place. */
  warnings: readonly string[];
  /** Chunks of the source that were requested, each once. Absent ones hold the fill value. */
  read: CropTraffic;
}

const CONCURRENCY = 8;
const SOURCES = ".sources";
/** Copies of a chunk in memory for each one in progress: stored and decoded bytes, of the source's chunk and of the crop's. */
const COPIES = 4;

/**
 * Crops a region of a volume to a volume of the same format in a folder of this machine.
 *
 * Chunks that are wholly inside, and whose grid the crop keeps, are copied byte by byte. Others are decoded, composed and written
 * with the same codec. Each chunk of the source is read once; where it has none, the crop has none, and readers see the fill
 * value. The metadata keep the source's voxel sizes and positions: translations (Zarr, N5) and voxel offsets (precomputed) move
 * by the start of the crop. Coarser levels take the voxels that cover the finest level's part, rounded outward.
 *
 * The folder appears when it is complete; its `crop.json` has the request. An interrupted run leaves a hidden folder beside it,
 * with which the next run of the same request continues.
 *
 * @throws {EmporiumError} USAGE (a box that is empty or leaves the volume), FORMAT_UNKNOWN (no volume of the format),
 *   STORE_CONFLICT (the folder holds something else), and what stores and formats throw
 */
export async function cropVolume(options: CropOptions): Promise<CropResult> {
  const { target, signal, onProgress, memoryBytes = LIMITS.memoryBytes } = options;
  throwIfCancelled(signal);
  const plan = await planCrop(options);
  const chunks: CropCounts = { copied: 0, rewritten: 0, absent: 0, kept: 0 };
  const read: CropTraffic = { asked: 0, found: 0, bytes: 0 };
  const result = { path: target, format: plan.format, levels: plan.levels, warnings: plan.warnings, chunks, read };
  const provenance = provenanceOf(options, plan);
  if (await isThere(target, provenance)) return { ...result, status: "present" };

  const { local } = fileStore(dirname(target), { sync: options.sync });
  const name = basename(target);
  const part = await local.partPath(name, "crop");
  try {
    await beginOrGoOn(part, provenance);
    const totalChunks = plan.arrays.reduce((sum, array) => sum + cropGrid(array).reduce((a, b) => a * b, 1), 0);
    let doneChunks = 0;
    for (const array of plan.arrays) {
      const unitBytes = array.unit.reduce((product, length) => product * length, array.itemBytes);
      const room = Math.floor(memoryBytes / 2 / (COPIES * unitBytes));
      const limit = Math.max(1, Math.min(options.concurrency ?? CONCURRENCY, room));
      const units = sourceUnits(array, join(part, SOURCES), memoryBytes / 2, read, signal);
      const onUnit = () => onProgress?.({ doneChunks: ++doneChunks, totalChunks, fetchedBytes: read.bytes });
      await writeArray(array, units, part, { limit, signal, counts: chunks, onUnit });
    }
    for (const [key, bytes] of plan.documents) await writeWhole(join(part, key), bytes);
    await removeTree(join(part, SOURCES));
  } catch (error) {
    throw fileError(error, part, "written");
  }
  throwIfCancelled(signal);
  await local.adopt(part, name);
  return { ...result, status: "cropped" };
}

const PLANNERS: Readonly<Record<VolumeFormat, (source: CropSource, asked: LevelRequest) => Promise<CropPlan | undefined>>> = {
  zarr: async (source, asked) => (await planZarrV3(source, asked)) ?? (await planZarrV2(source, asked)),
  zarr2: planZarrV2,
  zarr3: planZarrV3,
  n5: planN5,
  precomputed: planPrecomputed,
};

/**
 * The chunks that a crop would write and read. Reads metadata only.
 *
 * @throws {EmporiumError} as `cropVolume`
 */
export async function planCrop(request: CropRequest): Promise<CropPlan> {
  const { format } = request;
  const source = sourceOf(request);
  const asked: LevelRequest = {
    box: request.box,
    scale: request.scale ?? (format === "precomputed" ? 0 : "all"),
    encoding: request.encoding ?? "raw",
    jpegQuality: request.jpegQuality ?? 90,
    log: request.log ?? silentLog,
  };
  const plan = await PLANNERS[format](source, asked);
  if (plan) return plan;
  throw new EmporiumError("FORMAT_UNKNOWN", `${source.name} holds no ${format} volume`, {
    place: { file: source.name },
    hint: "name the folder of the volume itself, not one above or below it",
  });
}

function sourceOf({ store, key, signal }: CropRequest): CropSource {
  const at = (relative: string) => resolveKey(key, relative);
  return {
    name: key === "" ? (store.local?.path("") ?? store.url) : objectName(store, key),
    local: store.local !== undefined,
    read: (relative, own) => store.read(at(relative), undefined, { signal: own ?? signal }),
    open: opener(store, at, signal),
  };
}

/** The most bytes of files without a version that are held at once. They are read whole. */
const UNVERSIONED_BYTES_MAX = 256 * 1024 * 1024;

/** Opens shards. A shard that is opened again must be of the same version. */
function opener(store: Store, at: (relative: string) => string, signal: AbortSignal | undefined): CropSource["open"] {
  const versions = new Map<string, string | undefined>();
  let unversionedBytes = 0;
  return async (relative) => {
    const key = at(relative);
    const object = await openObject(store, key, { signal }).catch((error: unknown) => {
      if (isEmporiumError(error) && error.code === "STORE_ABSENT") return undefined;
      throw error;
    });
    if (!object) return undefined;
    const { etag, size } = object.stat;
    if (versions.has(key) && versions.get(key) !== etag) throw changed(object.name);
    versions.set(key, etag);
    if (!isVersioned(object.stat)) unversionedBytes += size;
    if (unversionedBytes > UNVERSIONED_BYTES_MAX) throw unversioned(object.name);
    return object;
  };
}

/** Whether the target is this crop already. A folder gets its name when it is complete. */
async function isThere(target: string, provenance: string): Promise<boolean> {
  const names = await readdir(target).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw fileError(error, target, "read");
  });
  if (names.length === 0) return false;
  if ((await readText(join(target, PROVENANCE))) === provenance) return true;
  throw new EmporiumError("STORE_CONFLICT", `${target} holds something else than this crop`, {
    place: { file: target },
    hint: "remove the folder, or choose another one",
  });
}

function provenanceOf(
  { store, key, scale, encoding, jpegQuality }: CropRequest,
  { format, documents, levels }: CropPlan,
): string {
  const hash = createHash("sha256");
  for (const [name, bytes] of documents) hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  const document = {
    source: key === "" ? store.url : `${store.url}/${key}`,
    format,
    scale: scale ?? null,
    encoding: encoding ?? null,
    jpeg_quality: jpegQuality ?? null,
    axes: ["z", "y", "x"],
    levels: levels.map(({ path, box }) => ({ path, start: box.start, stop: box.stop })),
    metadata_sha256: hash.digest("hex"),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

async function beginOrGoOn(part: string, provenance: string): Promise<void> {
  if ((await readText(join(part, PROVENANCE))) === provenance) return;
  await removeTree(part);
  await writeWhole(join(part, PROVENANCE), new TextEncoder().encode(provenance));
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

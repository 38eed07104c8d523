import { createHash } from "node:crypto";
import { type PlaneThreads, threadedPlanes } from "../arrays/loader/plane-threads.js";
import type { ReadContext } from "../arrays/loader/read-context.js";
import type { PlaneResult } from "../arrays/loader/work/plane-job.js";
import type { PlaneForm } from "../arrays/plane/convert.js";
import { firstSample, geometryOf, type VolumeGeometry } from "../arrays/plane/facts.js";
import { locateFlat } from "../arrays/plane/flat.js";
import { openPlanes, planeFile } from "../arrays/plane/open.js";
import { type PlaneChoice, type PlaneSource, readPlane } from "../arrays/plane/plane.js";
import { openFlatFile } from "../arrays/stream/source/flat-file.js";
import { blockSource } from "../core/blocks.js";
import type { RandomAccess } from "../core/bytes.js";
import type { Clock } from "../core/clock.js";
import { quoteWord } from "../core/shell.js";
import { type Compression, compressionOf } from "../formats/compression.js";
import { endOf } from "../formats/flat.js";
import type { PeekFacts } from "../formats/peek/facts.js";
import { peekFile } from "../formats/peek/peek.js";
import { fileFormatOf } from "../formats/registry.js";
import { openObject } from "../stores/store.js";
import { mayBeFolder, type PlacedKey } from "./places.js";

/** Threads, caches and clock that the volumes of a server share. */
export interface PlaneMeans {
  /** The context for reading chunks. It is made when the first volume of chunks is opened. */
  context(): Promise<ReadContext>;
  readonly threads: PlaneThreads;
  /** Cache of blocks of remote files. */
  readonly blocks: Map<string, Uint8Array>;
  /** Limit of `blocks`, in bytes, for all files together. */
  readonly blocksBytes: number;
  readonly clock: Clock;
}

/** A volume of a place, open for planes. */
export interface OpenVolume extends PlacedKey, VolumeGeometry {
  /** Changes with everything that says what the volume is: its file, or its documents. */
  readonly etag: string;
  /** Keys of the objects that the etag is made of. */
  readonly keys: readonly string[];
  readonly source: PlaneSource;
  /** Facts of the header; undefined where it tells none. */
  readonly peeked: PeekFacts | undefined;
  /** Decisions made in reading the volume, such as which channel is shown; pages show them as warnings. */
  readonly notes?: readonly string[] | undefined;
  /** The file is compressed as a whole: sections come in its order. */
  readonly isSequential?: boolean | undefined;
  cut(choice: PlaneChoice, form: PlaneForm, signal?: AbortSignal): Promise<PlaneResult>;
  close(): Promise<void>;
}

/** Bytes of sections that are added up on this thread without a pause. */
const SECTIONS_BYTES = 4 * 2 ** 20;
/** Bytes of the cache that one read of a remote file may take. */
const REMOTE_BYTES = 16 * 2 ** 20;
/** Bytes at the beginning of a file by which formats are told apart. */
const HEAD_BYTES = 1024;

/** Hash of the size, time and ETag of objects as their store knows them now. */
export async function etagOf({ place }: PlacedKey, keys: readonly string[], signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const stats = await Promise.all(keys.map((key) => place.store.stat(key, { signal })));
  for (const [i, stat] of stats.entries()) hash.update(JSON.stringify([keys[i], stat ?? null]));
  return hash.digest("hex").slice(0, 24);
}

/**
 * Opens a file whose planes are read at the offsets of its voxels. Undefined for everything else.
 *
 * @throws {EmporiumError} what stores and formats throw
 */
export async function openFile(
  at: PlacedKey,
  means: PlaneMeans,
  signal: AbortSignal | undefined,
): Promise<OpenVolume | undefined> {
  const { place, key } = at;
  const { store } = place;
  if (key === "") return undefined;
  const isFile = await store.stat(key, { signal }).catch((error: unknown) => {
    if (!mayBeFolder(store, error)) throw error;
  });
  if (!isFile) return undefined;
  const file = await openObject(store, key);
  const { stat, name } = file;
  const id = `${place.id}/${key}\n${stat.etag ?? stat.modifiedMs}`;
  const kept = blockSource(file, store.local ? {} : { keptBytes: REMOTE_BYTES, kept: { cache: means.blocks, id } });
  if (store.local && (await isCompressed(kept, signal))) return openCompressed(at, file, means, signal);
  const known = await planeFile(kept, { signal });
  if (known === undefined) return undefined;
  const here = await openPlanes(kept, known, {
    kept: { cache: means.blocks, id: `${id}\nrows`, bytesMax: means.blocksBytes / 2 },
    needMax: means.blocksBytes,
    decodeRows: means.threads.rows,
  });
  const [peeked] = (await peekFile(kept, { signal })).images;
  const common = {
    ...at,
    keys: [key],
    etag: await etagOf(at, [key], signal),
    peeked,
    ...geometryOf(peeked!),
    close: async () => {},
  };
  peeked!.warnings.push(...firstSample(peeked!));
  if (!store.local && known !== "pages")
    peeked!.warnings.push(`sections along x take long from here: convert it with: ${conversion(at)}`);
  if (!store.local) return { ...common, source: here, cut: cutHere(here, means) };
  const local = { path: store.local.path(key), name, sizeBytes: stat.size, etag: stat.etag, known };
  return {
    ...common,
    source: {
      ...threadedPlanes(means.threads, local, { name, dtype: here.dtype, shape: here.levels[0]!.shape }),
      locate: here.locate,
    },
    cut: (choice, form, stop) => means.threads.cut(local, choice, form, stop),
  };
}

function conversion({ place, key }: PlacedKey): string {
  const whole = place.key === undefined ? `${place.name}/${key}` : key;
  const name = key.slice(key.lastIndexOf("/") + 1);
  return `emporium ingest convert ${quoteWord(whole)} ${quoteWord(name.replace(/\.\w+$/, ""))} --zarr`;
}

/** Whether the file is compressed as a whole, or all of its voxels are. */
async function isCompressed(file: RandomAccess, signal: AbortSignal | undefined): Promise<boolean> {
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, { signal });
  if (compressionOf(head)) return true;
  return (
    fileFormatOf(head, file.name)?.mayHavePayload === true && (await openFlatFile(file, { signal })).compressed !== undefined
  );
}

/** Opens a volume whose voxels are compressed as a whole: sections come as they are decompressed. */
async function openCompressed(
  at: PlacedKey,
  file: Awaited<ReturnType<typeof openObject>>,
  { threads }: PlaneMeans,
  signal: AbortSignal | undefined,
): Promise<OpenVolume> {
  const { name, stat } = file;
  const path = at.place.store.local!.path(at.key);
  const headBehind = (kind: Compression, wantedBytes: number) => threads.head({ path, name, compression: kind, wantedBytes });
  const { volume, compressed } = await openFlatFile(file, { signal, headBehind: (_, kind, wanted) => headBehind(kind, wanted) });
  const { layout: known } = volume;
  const { offset, compression } = compressed!;
  const sizeBytes = endOf(known);
  const local = { path, name, sizeBytes, etag: stat.etag, known, compression, compressedFrom: offset };
  const [peeked] = (await peekFile(file, { signal, decompressHead: (_, kind, wanted) => headBehind(kind, wanted) })).images;
  peeked!.warnings.push(`no random access: far sections take long; convert it with: ${conversion(at)}`);
  return {
    ...at,
    keys: [at.key],
    etag: await etagOf(at, [at.key], signal),
    source: {
      ...threadedPlanes(threads, local, known),
      locate: async (_stored, voxel) => ({
        ...locateFlat(known, voxel),
        ...{ offset: 0, length: stat.size, codecs: [compression], decodedByte: locateFlat(known, voxel).offset },
        says: "the file is compressed as a whole",
      }),
    },
    peeked,
    ...geometryOf(peeked!),
    isSequential: true,
    cut: (choice, form, stop) => threads.cut(local, choice, form, stop),
    close: async () => {},
  };
}

/** The `cut` of a volume whose planes this thread reads, waiting for stored bytes, and another thread renders. */
export function cutHere(source: PlaneSource, { threads, clock }: PlaneMeans): OpenVolume["cut"] {
  return async (choice, form, signal) => {
    const begun = clock.monotonic();
    let absent: PlaneResult["absent"];
    const hear = (chunks: NonNullable<typeof absent>) => {
      absent = { ...chunks, count: chunks.count + (absent?.count ?? 0) };
    };
    const plane = await readPlane(source, choice, { signal, sectionsBytes: SECTIONS_BYTES, absent: hear });
    const read = clock.monotonic();
    const formed = await threads.form(plane, form);
    return { ...formed, readMs: read - begun, decodeMs: clock.monotonic() - read, absent };
  };
}

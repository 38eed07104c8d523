import { volumeOf } from "../../core/box.js";
import { LIMITS } from "../../core/limits.js";
import type { PeekFacts } from "../../formats/peek/facts.js";
import { type ThreadPool, threadPool } from "../../system/threads.js";
import type { AxisSelection } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import type { Hdf5Job, Hdf5Place, Hdf5Result } from "./work/hdf5-job.js";

/** A dataset that is open. */
export interface OpenHdf5 {
  readonly levels: readonly ChunkedLevel[];
  close(): Promise<void>;
}

/** Memory for the library itself and its caches: it keeps up to 32 MiB of files' structure. */
const HEAP_BYTES = LIMITS.hdf5MemoryBytes;
/** Most memory with which the thread stays for later jobs: the library as it is loaded, and the structure of usual files. */
const STAYS_BYTES = 32 * 2 ** 20;
/** Largest chunk that the thread reads in the memory that it has anyway. */
const SMALL_BYTES = 4 * 2 ** 20;
/** Copies of a chunk while it is read: stored, decoded by the library (twice as it grows), and as it is handed on. */
const CHUNK_COPIES = 5;

let thread: ThreadPool<Hdf5Job, Hdf5Result> | undefined;
let opened = 0;

/**
 * Runs one job at a time, which is all that the library does. A thread that has taken much memory is ended: the library gives
 * none back.
 */
async function asked<Kind extends Hdf5Job["kind"]>(
  job: Extract<Hdf5Job, { kind: Kind }>,
  signal?: AbortSignal,
): Promise<Extract<Hdf5Result, { kind: Kind }>> {
  thread ??= threadPool({ entry: new URL("./work/hdf5-worker.js", import.meta.url), silent: true, threadsMax: 1, idleMax: 1 });
  const keep = ({ heapBytes }: Hdf5Result) => heapBytes <= STAYS_BYTES;
  return (await thread.run(job, { signal, keep, keepFailed: false })) as Extract<Hdf5Result, { kind: Kind }>;
}

/**
 * A dataset of an HDF5 file of this machine, chunked or not, read by a thread that has the library. See hdf5-file.ts for what it knows.
 *
 * @param path path of the file. @param dataset path of the dataset in it; a file with a single image or volume needs none
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT, FORMAT_UNSUPPORTED (types, filters), USAGE for a dataset that is not there
 */
export async function openHdf5(
  path: string,
  dataset: string | undefined,
  select: AxisSelection,
  name: string,
): Promise<OpenHdf5> {
  const place: Hdf5Place = { path, dataset, select, name };
  const id = ++opened;
  const { facts } = await asked({ kind: "open", id, place, heapBytes: HEAP_BYTES });
  const chunkBytes = volumeOf(facts.chunk) * facts.itemBytes;
  const heapBytes = HEAP_BYTES + (chunkBytes > SMALL_BYTES ? CHUNK_COPIES * chunkBytes : 0);
  const level: ChunkedLevel = {
    ...facts,
    name,
    offsetNm: [0, 0, 0],
    fill: new Uint8Array(facts.itemBytes),
    coding: undefined,
    find: () => undefined,
    loadBytes: CHUNK_COPIES * chunkBytes,
    spareBytes: HEAP_BYTES,
    load: (cell, signal) => asked({ kind: "read", id, place, cell, heapBytes }, signal),
  };
  // a thread that has died has closed it
  const close = () =>
    asked({ kind: "close", id, heapBytes: HEAP_BYTES }).then(
      () => undefined,
      () => undefined,
    );
  return { levels: [level], close };
}

/**
 * The facts of each dataset of an HDF5 file that is an image or a volume: numbers along two axes or more.
 *
 * @param path path of the file on this machine. @param name its name in facts and messages, before `#` and the dataset's path
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT; FORMAT_UNKNOWN where there is none
 */
export async function peekHdf5(path: string, name: string): Promise<PeekFacts[]> {
  return (await asked({ kind: "peek", path, name, heapBytes: HEAP_BYTES })).images;
}

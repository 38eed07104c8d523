import { type Box, type Triple, volumeOf } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { forEachLimited } from "../../system/parallel.js";
import type { BoxTarget } from "./box-target.js";
import type { ChunkedLevel } from "./chunked.js";
import { type ChunkPart, copyElementBox, fillElementBox, packed, partsOf } from "./copy.js";
import type { PlacedBox, WantedBox } from "./decode-pool.js";
import { aligned } from "./memory.js";
import type { OpenedLevels } from "./open.js";
import { DECODED_SHARE, PINNED_SHARE, type ReadContext } from "./read-context.js";
import { type ReadHabits, readHabits } from "./read-habits.js";
import { type LocatedPart, type PartRun, runsOf } from "./runs.js";
import { type StoredBlock, storedBlock } from "./stored.js";
import { type StoredBytes, type StoredChunks, storedChunks } from "./stored-chunks.js";
import { type BlockTraffic, noTraffic, type TrafficCounts } from "./traffic.js";
import type { DecodePart } from "./work/decode-job.js";
import { elementSpan } from "./work/element-span.js";

export interface ReaderOptions extends Pick<OpenedLevels, "store" | "levels"> {
  readonly context: ReadContext;
}

/** Reads boxes of the levels of one volume. */
export interface ChunkReader {
  read(level: ChunkedLevel, box: Box, signal?: AbortSignal, absent?: (cell: Triple) => void): Promise<Uint8Array>;
  readStored(level: ChunkedLevel, box: Box, signal?: AbortSignal): Promise<StoredBlock>;
  traffic(): BlockTraffic;
}

/** State shared by the reads of a volume: parts of the reader's context, and the volume's own. */
interface Context extends Pick<ReadContext, "memory" | "kernels" | "boxes" | "decoded" | "pool" | "clock"> {
  readonly store: ReaderOptions["store"];
  readonly stored: StoredChunks;
  readonly counts: TrafficCounts;
  readonly levels: ReadonlyMap<ChunkedLevel, LevelState>;
  /** Chunks that are being decoded as a whole. */
  readonly decoding: Map<string, Promise<void>>;
}

interface LevelState {
  readonly id: string;
  readonly chunkBytes: number;
  readonly habits: ReadHabits;
}

export function chunkReader({ store, levels, context: shared }: ReaderOptions): ChunkReader {
  const counts = noTraffic();
  const volume = shared.number();
  const { memory, kernels, boxes, decoded, pool, clock } = shared;
  const states = new Map(
    levels.map((level, at): [ChunkedLevel, LevelState] => {
      const chunkBytes = volumeOf(level.chunk) * level.itemBytes;
      const habits = readHabits((shared.memoryBytes * DECODED_SHARE) / chunkBytes);
      return [level, { id: `${volume}/${at}`, chunkBytes, habits }];
    }),
  );
  const stored = storedChunks(store, shared, counts);
  const decoding = new Map<string, Promise<void>>();
  const context: Context = { memory, kernels, boxes, decoded, pool, clock, store, stored, counts, levels: states, decoding };
  return {
    read: (level, box, signal, absent) => counted(counts, () => readBox(context, level, box, signal, absent)),
    readStored: (level, box, signal) => counted(counts, () => readStoredBox(context, level, box, signal)),
    traffic: () => ({
      ...counts,
      heldBytes: shared.heldBytes,
      heldBytesMax: shared.heldBytesMax,
      pins: decoded.pins + shared.stored.pins,
    }),
  };
}

async function counted<T>(counts: TrafficCounts, work: () => Promise<T>): Promise<T> {
  counts.reading++;
  try {
    return await work();
  } finally {
    counts.reading--;
  }
}

/** A part of a box that is not in memory. */
interface MissingPart extends ChunkPart {
  readonly id: string;
  /** The whole chunk is to be decoded, and kept. */
  readonly whole: boolean;
}

async function readBox(
  context: Context,
  level: ChunkedLevel,
  box: Box,
  signal: AbortSignal | undefined,
  absent: BoxTarget["absent"],
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  // what a local disk or this thread decodes is not faster for being asked for in advance
  const waits = context.store.local !== undefined;
  return context.boxes.fill(box, level.itemBytes, waits, (target) =>
    fillBox(context, level, box, absent ? { ...target, absent } : target, signal),
  );
}

async function fillBox(
  context: Context,
  level: ChunkedLevel,
  box: Box,
  target: BoxTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  let parts = partsOf(box, level.chunk);
  if (isPlainFile(context, level)) return readPlain(context, level, parts, target, signal);
  // a chunk that another read has decoded may be gone again before it is copied: then it is a missing one
  while (parts.length > 0) {
    const { missing, running } = takeDecoded(context, level, parts, target);
    const jobs = [readMissing(context, level, missing, target, signal), ...running.map(({ job }) => job.catch(() => {}))];
    for (const outcome of await Promise.allSettled(jobs)) if (outcome.status === "rejected") throw outcome.reason;
    parts = running.map(({ part }) => part);
    signal?.throwIfAborted();
  }
}

/** True for chunks that are stored uncompressed in local files. They are not kept: the system caches them and copies as fast. */
function isPlainFile({ store }: Context, { coding, fetch, load }: ChunkedLevel): boolean {
  return store.local !== undefined && !fetch && !load && coding?.kind === "steps" && coding.steps.length === 0;
}

function readPlain(
  context: Context,
  level: ChunkedLevel,
  parts: readonly ChunkPart[],
  target: BoxTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  context.counts.misses += parts.length;
  const wanted = parts.map(({ cell, inChunk, at, shape }) => ({ cell, inChunk, at, shape, id: "", whole: false }));
  return decodeFiles(context, level, wanted, target, signal);
}

/** Copies what is decoded already, and sorts the rest. */
function takeDecoded(context: Context, level: ChunkedLevel, parts: readonly ChunkPart[], target: BoxTarget) {
  const { counts, decoded, decoding, memory, levels } = context;
  const { id: levelId, habits, chunkBytes } = levels.get(level)!;
  const missing: MissingPart[] = [];
  const running: { part: ChunkPart; job: Promise<void> }[] = [];
  for (const part of parts) {
    const id = `${levelId}/${part.cell.join("/")}`;
    const again = habits.touch(id);
    const found = decoded.find(id);
    if (found) {
      counts.decodedHits++;
      copyChunkPart(context, found.at, level, part, target);
      continue;
    }
    const job = decoding.get(id);
    if (job) running.push({ part, job });
    else
      missing.push({
        ...part,
        id,
        whole: again && !isWhole(part, level.chunk) && chunkBytes <= memory().capacity * PINNED_SHARE,
      });
  }
  return { missing, running };
}

function isWhole({ shape }: ChunkPart, chunk: Triple): boolean {
  return shape.every((length, axis) => length === chunk[axis]);
}

/** Copies the wanted part of a whole decoded chunk, which lies at an address, into the box. */
function copyChunkPart(
  { kernels, memory }: Context,
  at: number,
  { chunk, itemBytes }: ChunkedLevel,
  part: ChunkPart,
  target: BoxTarget,
): void {
  const { start, stop } = part.inChunk;
  const { offset, strides, bytes } = target.into(part);
  if (target.address !== undefined) {
    const [planeStride, rowStride] = [strides[0] * itemBytes, strides[1] * itemBytes];
    const to = target.address + offset * itemBytes;
    const [x0, x1] = [start[2] * itemBytes, stop[2] * itemBytes];
    kernels().copyBox(
      at,
      chunk[1],
      chunk[2] * itemBytes,
      start[0],
      stop[0],
      start[1],
      stop[1],
      x0,
      x1,
      to,
      rowStride,
      planeStride,
    );
    return;
  }
  const own = packed(chunk);
  const first = start[0] * own[0] + start[1] * own[1] + start[2];
  const source = memory()
    .bytes()
    .subarray(at, at + volumeOf(chunk) * itemBytes);
  copyElementBox({ bytes: source, offset: first, strides: own }, { bytes, offset, strides }, part.shape, itemBytes);
}

/** Bytes of boxes that one job decodes. */
const JOB_BYTES = 16 * 2 ** 20;

async function readMissing(
  context: Context,
  level: ChunkedLevel,
  missing: readonly MissingPart[],
  target: BoxTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  context.counts.misses += missing.length;
  if (level.load) return loadParts(context, level, missing, target, signal);
  if (context.store.local && !level.fetch) return decodeFiles(context, level, missing, target, signal);
  const wanted = missing.map((part) => {
    const piece = pieceOf(level, part);
    const id = piece ? `${part.id}@${piece.offset}+${piece.length}` : part.id;
    return { id, cell: part.cell, piece, part };
  });
  return context.stored.each(
    level,
    wanted,
    async ({ part, piece }, stored) => {
      if (!stored) fillPart(context, level, part, target);
      else await decodeStored(context, level, part, stored, piece?.offset ?? 0, target);
    },
    signal,
  );
}

/** The bytes that a box needs of a chunk that is not compressed. Where these are most of it, all of it is read: it is kept for the boxes beside. */
function pieceOf({ coding }: ChunkedLevel, part: MissingPart) {
  if (coding?.kind !== "steps" || coding.steps.length > 0 || part.whole) return undefined;
  const { first, span } = elementSpan(coding, { from: part.inChunk.start, to: part.inChunk.stop });
  if (2 * span * coding.itemBytes > coding.plainBytes) return undefined;
  return { offset: first * coding.itemBytes, length: span * coding.itemBytes };
}

function fillPart({ counts }: Context, level: ChunkedLevel, part: ChunkPart, target: BoxTarget): void {
  counts.absent++;
  target.absent?.(part.cell);
  fillElementBox(level.fill, target.into(part), part.shape);
}

/** Chunks of local files: threads read them. */
async function decodeFiles(
  context: Context,
  level: ChunkedLevel,
  missing: readonly MissingPart[],
  target: BoxTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const local = context.store.local!;
  const found: LocatedPart<MissingPart>[] = [];
  let latest: { key: string; path: string } | undefined;
  for (const part of missing) {
    const finding = level.find(part.cell, signal);
    const place = finding instanceof Promise ? await finding : finding;
    if (!place) {
      fillPart(context, level, part, target);
      continue;
    }
    if (latest?.key !== place.key) latest = { key: place.key, path: local.path(place.key) };
    found.push({ part, source: { path: latest.path, ...place.range, etag: place.etag } });
  }
  const most = Math.min(JOB_BYTES, context.memory().capacity / 4); // a job takes half of the memory at most
  const { pool } = context;
  const bytes = found.reduce((sum, { part }) => sum + wantedBytes(level, part), 0);
  const expectedMs = pool.expectedMs(level, bytes) ?? Number.POSITIVE_INFINITY;
  // This thread takes a part itself while nobody else decodes, the last, when the others have theirs; and what is soon done while all are busy.
  const takesPart = pool.jobs === 0 || (pool.jobs >= pool.threads && expectedMs <= 2 * SHARE_MS);
  const decoders = Math.min(Math.max(1, pool.threads - pool.jobs), Math.max(1, Math.floor(expectedMs / SHARE_MS)));
  const runs = isPlainFile(context, level)
    ? runsOf(found, Math.min(Math.ceil(found.length / decoders), Math.max(1, Math.floor((most * found.length) / bytes))))
    : found;
  const groups = grouped<PartRun<MissingPart>>(runs, level, decoders, most);
  const here = takesPart && expectedMs / decoders <= HERE_MS && isSoonDecoded(context, level) ? groups.at(-1) : undefined;
  await forEachLimited(groups, 2 * pool.threads, async (group) => {
    signal?.throwIfAborted();
    await decodeGroup(context, level, group, target, group === here);
  });
}

/** The largest chunk that the calling thread decodes, by compressor: one that takes longer than those before it is noticed too late. */
const HERE_BYTES: Readonly<Record<string, number>> = {
  blosc: 4 * 2 ** 20,
  zstd: 4 * 2 ** 20,
  ...{ lz4: 2 ** 20, gzip: 2 ** 20, zlib: 2 ** 20 },
};

function isSoonDecoded(context: Context, level: ChunkedLevel): boolean {
  if (level.coding?.kind !== "steps") return false;
  const most = level.coding.steps.map((step) => (step.kind === "compressor" ? (HERE_BYTES[step.config.id] ?? 0) : 2 ** 20));
  return context.levels.get(level)!.chunkBytes <= Math.min(...most);
}

/** Bytes that are decoded for a part, without what a codec decodes beside them. */
function wantedBytes({ chunk, itemBytes }: ChunkedLevel, { whole, shape }: MissingPart): number {
  return volumeOf(whole ? chunk : shape) * itemBytes;
}

/** Milliseconds of work from which a job goes to another thread: handing it over takes a tenth of a millisecond. */
const SHARE_MS = 0.5;
/** The calling thread decodes what takes no longer: nobody notices that it stands still. A slow disk or codec shows in the jobs before. */
const HERE_MS = 2;

/** Divides parts into as many groups as there are idle threads, none much larger than a job should be. */
function grouped<T extends { part: ChunkPart }>(
  items: readonly T[],
  { itemBytes }: ChunkedLevel,
  idle: number,
  most: number,
): T[][] {
  const bytes = (items.reduce((sum, { part }) => sum + volumeOf(part.shape), 0) * itemBytes) / Math.min(idle, items.length || 1);
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    const own = volumeOf(item.part.shape) * itemBytes;
    if (groups.length === 0 || room < own / 2) {
      groups.push([]);
      room = Math.min(most, bytes);
    }
    groups.at(-1)!.push(item);
    room -= own;
  }
  return groups;
}

function decodeStored(
  context: Context,
  level: ChunkedLevel,
  part: MissingPart,
  stored: StoredBytes,
  skipped: number,
  target: BoxTarget,
): Promise<void> {
  return decodeGroup(
    context,
    level,
    [{ part, source: "at" in stored ? { ...stored, skipped } : { loose: stored.bytes, skipped } }],
    target,
  );
}

type GroupSource = DecodePart["source"] | { readonly loose: Uint8Array; readonly skipped: number };
type LocatedGroup = { readonly part: MissingPart; readonly source: GroupSource } & Pick<PartRun<MissingPart>, "repeat">;

/** One job for a thread. Chunks that are decoded whole are kept where there is room. */
async function decodeGroup(
  context: Context,
  level: ChunkedLevel,
  group: readonly LocatedGroup[],
  target: BoxTarget,
  here = false,
): Promise<void> {
  const { pool, decoding, counts } = context;
  const boxes = group.map((one) => wantedBoxOf(context, level, one, target));
  const job = pool.run(level, boxes, counts, here);
  const whole = group.filter(({ part }) => part.whole);
  for (const { part } of whole) if (!decoding.has(part.id)) decoding.set(part.id, job);
  try {
    await job;
  } finally {
    for (const { part } of whole) if (decoding.get(part.id) === job) decoding.delete(part.id);
  }
}

function wantedBoxOf(context: Context, level: ChunkedLevel, located: LocatedGroup, target: BoxTarget): WantedBox {
  const { part, source } = located;
  const inPlace = target.address !== undefined && isWrittenInPlace(level);
  const sourceBytes = "loose" in source ? aligned(source.loose.length) : 0;
  return {
    bytes: sourceBytes + (inPlace ? 0 : volumeOf(part.shape) * level.itemBytes),
    place(at) {
      const own = "loose" in source ? laidAt(context, source, at) : source;
      const kept = part.whole ? context.decoded.add(part.id, context.levels.get(level)!.chunkBytes) : undefined;
      if (kept) return keptBox(context, level, part, own, target, kept.at);
      return partBox(context, level, located, own, target, inPlace ? undefined : at + sourceBytes);
    },
  };
}

/** Copies bytes that found no place among the kept ones to an address in the shared memory. */
function laidAt({ memory }: Context, { loose, skipped }: { loose: Uint8Array; skipped: number }, at: number) {
  memory().bytes().set(loose, at);
  return { at, length: loose.length, skipped };
}

/** The whole chunk, which is kept at an address. */
function keptBox(
  context: Context,
  level: ChunkedLevel,
  part: MissingPart,
  source: DecodePart["source"],
  target: BoxTarget,
  keptAt: number,
): PlacedBox {
  const { decoded } = context;
  let good = false;
  return {
    part: { cell: part.cell, source, from: [0, 0, 0], to: level.chunk, target: keptAt },
    wantedBytes: wantedBytes(level, part),
    hear(at) {
      good = at !== undefined;
      if (good) decoded.ready(part.id);
      if (at === undefined) fillPart(context, level, part, target);
      else copyChunkPart(context, at, level, part, target);
    },
    release: () => (good ? decoded.unpin(part.id) : decoded.drop(part.id)),
  };
}

/**
 * Decoding job for the wanted box of a chunk: into memory of its own at `slotAt`, or, where that is undefined, directly into the
 * box.
 */
function partBox(
  context: Context,
  level: ChunkedLevel,
  { part, repeat }: LocatedGroup,
  source: DecodePart["source"],
  target: BoxTarget,
  slotAt: number | undefined,
): PlacedBox {
  const { itemBytes } = level;
  const bytes = volumeOf(part.shape) * itemBytes;
  const { offset, strides } = target.into(part);
  const laid = (own: Triple) => {
    const step = repeat && own[repeat.axis] * (part.shape[repeat.axis] / repeat.count) * itemBytes;
    return {
      planeStride: own[0] * itemBytes,
      rowStride: own[1] * itemBytes,
      ...(repeat && { repeat: { count: repeat.count, offset: repeat.offset, target: step! } }),
    };
  };
  const wanted = { cell: part.cell, source, from: part.inChunk.start, to: part.inChunk.stop };
  const at = slotAt ?? target.address! + offset * itemBytes;
  return {
    part: { ...wanted, ...laid(slotAt === undefined ? strides : packed(part.shape)), target: at },
    wantedBytes: bytes,
    hear(found) {
      if (found === undefined) return fillPart(context, level, part, target);
      if (slotAt === undefined) return;
      const slot = context
        .memory()
        .bytes()
        .subarray(at, at + bytes);
      copyElementBox({ bytes: slot, offset: 0, strides: packed(part.shape) }, target.into(part), part.shape, itemBytes);
    },
  };
}

/** False for codings whose voxels are changed after they were copied: these are not written directly into a box. */
function isWrittenInPlace({ coding }: ChunkedLevel): boolean {
  return coding?.kind !== "steps" || coding.steps.length > 0 || (coding.swapBytes <= 1 && !coding.flipSign);
}

/** Loads parts of formats that decode by themselves. */
async function loadParts(
  { counts, memory, clock }: Context,
  level: ChunkedLevel,
  missing: readonly MissingPart[],
  target: BoxTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const strides = packed(level.chunk);
  const { loadBytes = 2 * volumeOf(level.chunk) * level.itemBytes, spareBytes = 0 } = level;
  await forEachLimited(missing, 4, async (part) => {
    signal?.throwIfAborted();
    const claim = await memory().claim([], Math.max(loadBytes, Math.min(loadBytes + spareBytes, memory().claimMax)));
    try {
      const began = clock.monotonic();
      const { plain, storedBytes } = await level.load!(part.cell, signal);
      counts.decodeSeconds += (clock.monotonic() - began) / 1000;
      counts.requests++;
      counts.storedBytes += storedBytes;
      counts.decodedBytes += plain.length;
      const { start } = part.inChunk;
      const offset = start[0] * strides[0] + start[1] * strides[1] + start[2];
      copyElementBox({ bytes: plain, offset, strides }, target.into(part), part.shape, level.itemBytes);
    } finally {
      claim.release();
    }
  });
}

async function readStoredBox(
  context: Context,
  level: ChunkedLevel,
  box: Box,
  signal: AbortSignal | undefined,
): Promise<StoredBlock> {
  signal?.throwIfAborted();
  if (!level.coding) throw noStored(level);
  const { id: levelId } = context.levels.get(level)!;
  const parts = partsOf(box, level.chunk).map((part) => ({ ...part, id: `${levelId}/${part.cell.join("/")}` }));
  const found = new Map<string, Uint8Array>();
  await context.stored.each(
    level,
    parts,
    async (part, stored) => {
      if (!stored) return;
      const bytes =
        "at" in stored
          ? context
              .memory()
              .bytes()
              .subarray(stored.at, stored.at + stored.length)
          : stored.bytes;
      found.set(part.id, bytes.slice());
    },
    signal,
  );
  return storedBlock(
    level,
    box,
    parts,
    parts.map(({ id }) => found.get(id)),
  );
}

function noStored({ name, codec }: ChunkedLevel): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunks of ${codec} cannot be handed on as they are stored`, {
    place: { file: name },
    hint: "read it decoded, or convert it to Zarr first",
  });
}

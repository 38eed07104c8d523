import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { decodeBloscBox } from "../../../arrays/kernels/blosc.js";
import type { Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../../core/dtype.js";
import { isEmporiumError } from "../../../core/errors.js";
import { chunkKey } from "../../../formats/zarr/chunks.js";
import type { ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { fillElement, readZarrBox } from "../../../formats/zarr/read.js";
import { compareLevels, type LevelComparison, type LevelRule } from "./levels.js";

/** Where objects are read from: a folder of this machine inside a worker thread, a store elsewhere. Absent is undefined. */
export interface Reader {
  read(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;
}

/** An array of three axes at a folder key that ends with `/`. */
export interface ArrayPlace {
  folder: string;
  meta: ZarrArrayMeta;
}

/** Checksum of `[offset, offset + length)` of an object. */
export interface SumJob {
  kind: "sum";
  key: string;
  offset: number;
  length: number;
  sha256: boolean;
  /** The object is lines of JSON: each must be one. */
  lines: boolean;
}

/** One chunk: its checksum, whether it decodes, and whether the level above it was made of it. */
export interface ChunkJob {
  kind: "chunk";
  key: string;
  array: ArrayPlace;
  /** `[z, y, x]` in the grid of chunks. */
  chunk: Triple;
  sha256: boolean;
  above?: { array: ArrayPlace; factors: Triple; rule: LevelRule } | undefined;
}

export type Job = SumJob | ChunkJob;

export interface JobResult {
  /** Bytes read; undefined where there is no such object. */
  size?: number | undefined;
  crc32?: number | undefined;
  sha256?: string | undefined;
  /** Why it does not decode. */
  fault?: string | undefined;
  /** All its voxels are the fill value. */
  fill?: boolean | undefined;
  level?: LevelComparison | undefined;
  /** Of a chunk that is absent: whether the box of the level above, which was made of it, is fill. */
  aboveFill?: boolean | undefined;
}

const PIECE_BYTES = 8 * 1024 * 1024;

export function runJob(job: Job, reader: Reader): Promise<JobResult> {
  return job.kind === "sum" ? sum(job, reader) : checkChunk(job, reader);
}

async function sum({ key, offset, length, sha256, lines }: SumJob, reader: Reader): Promise<JobResult> {
  const hash = sha256 ? createHash("sha256") : undefined;
  const check = lines ? lineCheck() : undefined;
  let crc = 0;
  let done = 0;
  while (done < length || done === 0) {
    const wanted = Math.min(PIECE_BYTES, length - done);
    const bytes = await reader.read(key, { offset: offset + done, length: wanted });
    if (!bytes) return {};
    crc = crc32(bytes, crc);
    hash?.update(bytes);
    check?.add(bytes);
    done += bytes.length;
    if (bytes.length < wanted || wanted === 0) break;
  }
  return { size: done, crc32: crc, sha256: hash?.digest("hex"), fault: check?.end() };
}

/** Longest line of JSON that is looked at. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024;

/** Each line that is not blank must be a JSON document. Gives the first fault. */
function lineCheck() {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let number = 0;
  let fault: string | undefined;
  const line = (text: string) => {
    number++;
    if (fault !== undefined || text.trim() === "") return;
    try {
      JSON.parse(text);
    } catch {
      fault = `line ${number} is no JSON`;
    }
  };
  const take = (text: string) => {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    for (const one of all) line(one);
    if (rest.length > LINE_LENGTH_MAX) fault ??= `line ${number + 1} is longer than ${LINE_LENGTH_MAX} characters`;
  };
  const guarded = (step: () => void) => {
    if (fault !== undefined) return;
    try {
      step();
    } catch {
      fault = `the text is not UTF-8 near line ${number + 1}`;
    }
  };
  return {
    add: (bytes: Uint8Array) => guarded(() => take(decoder.decode(bytes, { stream: true }))),
    end(): string | undefined {
      guarded(() => {
        take(decoder.decode());
        line(rest);
      });
      return fault;
    },
  };
}

async function checkChunk({ key, array, chunk, sha256, above }: ChunkJob, reader: Reader): Promise<JobResult> {
  const stored = await reader.read(key);
  const below = boxOf(array.meta, chunk);
  const upper = above && (await openAbove(above, below, reader));
  if (!stored) return { aboveFill: upper && (await isAboveFill(upper)) };
  const result: JobResult = { size: stored.length, crc32: crc32(stored) };
  if (sha256) result.sha256 = createHash("sha256").update(stored).digest("hex");
  const element = fillElement(array.meta.fillValue, array.meta.type.dtype);
  let fill = true;
  for (const slab of slabsOf(array.meta, below)) {
    let voxels: Uint8Array;
    try {
      voxels = await decodeBox(array, chunk, slab, stored);
    } catch (error) {
      return { ...result, fault: reasonOf(error) };
    }
    fill &&= isFill(voxels, element);
    const coarse =
      upper && (await decodeBox(upper.array, upper.chunk, halved(slab, upper.factors), upper.stored).catch(() => undefined));
    if (!upper || !coarse) continue;
    const compared = compareLevels(voxels, shapeOf(slab), coarse, upper.factors, upper.rule, array.meta.type.dtype);
    result.level = joined(result.level, compared, (slab.start[0] - below.start[0]) / upper.factors[0]);
  }
  return { ...result, fill };
}

/** Voxels that are decoded at once: a whole chunk beside its frame would double what a thread holds. */
const SLAB_BYTES = 32 * 1024 * 1024;

/** A box cut along z at even planes. Only Blosc frames are decoded in parts; of others each slab would decode all. */
function* slabsOf({ type, compressor, order }: ZarrArrayMeta, box: Box3): Generator<Box3> {
  const [nz, ny, nx] = shapeOf(box);
  const isWhole = compressor?.id !== "blosc" || order !== "C";
  const planes = isWhole ? nz : Math.max(2, Math.floor(SLAB_BYTES / (ny * nx * type.itemBytes)) & ~1);
  for (let z = 0; z < nz; z += planes) {
    const from = box.start[0] + z;
    const to = Math.min(from + planes, box.stop[0]);
    yield { start: [from, box.start[1], box.start[2]], stop: [to, box.stop[1], box.stop[2]] };
  }
}

function joined(before: LevelComparison | undefined, now: LevelComparison, planes: number): LevelComparison {
  const [z = 0, y = 0, x = 0] = now.first?.at ?? [];
  const first = now.first && { ...now.first, at: [z + planes, y, x] as Triple };
  return {
    voxels: (before?.voxels ?? 0) + now.voxels,
    wrong: (before?.wrong ?? 0) + now.wrong,
    first: before?.first ?? first,
    present: (before?.present ?? 0) + now.present,
    zeros: (before?.zeros ?? 0) + now.zeros,
  };
}

interface Box3 {
  start: Triple;
  stop: Triple;
}

/** Voxels of the array that a chunk holds: at the upper edge fewer than its shape. */
function boxOf({ shape, chunks }: ZarrArrayMeta, chunk: Triple): Box3 {
  const start = chunk.map((c, axis) => c * chunks[axis]!) as Triple;
  return { start, stop: start.map((from, axis) => Math.min(from + chunks[axis]!, shape[axis]!)) as Triple };
}

function shapeOf({ start, stop }: Box3): Triple {
  return stop.map((to, axis) => to - start[axis]!) as Triple;
}

/** The voxels of the level above that were made of a box. */
function halved({ start, stop }: Box3, factors: Triple): Box3 {
  return {
    start: start.map((from, axis) => from / factors[axis]!) as Triple,
    stop: stop.map((to, axis) => Math.ceil(to / factors[axis]!)) as Triple,
  };
}

/** The chunk of the level above that was made of a box; undefined where it is not there: its own check says so. */
async function openAbove({ array, factors, rule }: NonNullable<ChunkJob["above"]>, below: Box3, reader: Reader) {
  const box = halved(below, factors);
  const chunk = box.start.map((from, axis) => Math.floor(from / array.meta.chunks[axis]!)) as Triple;
  const stored = await reader.read(array.folder + chunkKey(chunk, array.meta.dimensionSeparator));
  return stored && { array, factors, rule, box, chunk, stored };
}

async function isAboveFill(upper: NonNullable<Awaited<ReturnType<typeof openAbove>>>): Promise<boolean | undefined> {
  const { fillValue, type } = upper.array.meta;
  const coarse = await decodeBox(upper.array, upper.chunk, upper.box, upper.stored).catch(() => undefined);
  return coarse && isFill(coarse, fillElement(fillValue, type.dtype));
}

/** A box that lies in one chunk: C order, host byte order. Of a Blosc frame only the blocks that it touches are decoded. */
async function decodeBox({ meta, folder }: ArrayPlace, chunk: Triple, box: Box3, stored: Uint8Array): Promise<Uint8Array> {
  const { type, chunks, compressor, order } = meta;
  if (compressor?.id === "blosc" && order === "C") {
    const origin = chunk.map((c, axis) => c * chunks[axis]!);
    const inner = {
      start: box.start.map((from, axis) => from - origin[axis]!) as Triple,
      stop: box.stop.map((to, axis) => to - origin[axis]!) as Triple,
    };
    const plain = decodeBloscBox(stored, chunks as Triple, type.itemBytes, inner);
    if (plain) {
      if (type.littleEndian !== HOST_LITTLE_ENDIAN && type.swapBytes > 1) swapBytes(plain, type.swapBytes);
      return plain;
    }
  }
  return readZarrBox(async () => stored, meta, box, { name: folder.slice(0, -1), bytesMax: Number.MAX_SAFE_INTEGER });
}

/** Every element equals the first, and that is the fill value: two comparisons of memory. */
export function isFill(bytes: Uint8Array, element: Uint8Array): boolean {
  const size = element.length;
  if (Buffer.compare(bytes.subarray(0, size), element) !== 0) return false;
  return Buffer.compare(bytes.subarray(size), bytes.subarray(0, bytes.length - size)) === 0;
}

function reasonOf(error: unknown): string {
  if (isEmporiumError(error)) return error.message;
  return error instanceof Error ? error.message : String(error);
}

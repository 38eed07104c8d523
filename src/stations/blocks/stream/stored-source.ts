import { crc32 } from "node:zlib";
import type { Block, BlockInput } from "../../../arrays/blocks/blocks.js";
import { gridOf, levelAt } from "../../../arrays/blocks/grid.js";
import { nmOf, sequenceOf } from "../../../arrays/blocks/sequence.js";
import type { StoredBlock, StoredChunk } from "../../../arrays/loader/stored.js";
import type { LoadedLevel } from "../../../arrays/loader/volume.js";
import { type Box, boxShape, ceilDiv, intersect, type Triple, volumeOf } from "../../../core/box.js";
import { HOST_LITTLE_ENDIAN, ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import type { BatchSource, Share, StreamBatch } from "./batch.js";
import { bloscTable } from "./blosc-table.js";
import { gridFacts } from "./grid-facts.js";
import { inGroups } from "./groups.js";
import { epochOf, type OpenRequest, type OpenVolumes, shapeWithHalo } from "./request.js";

/** Chunks begin at multiples of this in the buffer, which itself begins at a page: enough for every decoder, and next to no bytes. */
const CHUNK_ALIGNMENT = 16;
const BATCH_BYTES_MIN = 8 * 2 ** 20;
const BATCH_BYTES_MAX = 256 * 2 ** 20;
/** Share of the memory for one batch. */
const BATCH_SHARE = 1 / 8;

/** The stored chunks of a block by array, and where the level begins in the block's box: a block may reach over its edges. */
interface StoredArrays {
  readonly stored: Readonly<Record<string, StoredBlock>>;
  readonly inset: Triple;
}

/**
 * Batches of chunks as they are stored, many to one buffer; a chunk that several blocks of a batch touch is sent once. The heads say how each is
 * decoded and where its voxels go.
 *
 * @throws {EmporiumError} USAGE: volumes with other voxels than the first; FORMAT_UNSUPPORTED: chunks with filters, or of other formats than Zarr
 */
export function storedSource(volumes: OpenVolumes, request: OpenRequest): Omit<BatchSource, "close"> {
  const [owner] = Object.values(volumes);
  const grid = gridOf(owner!.levels, request, owner!.name);
  const levels = levelsOf(volumes, request.level ?? 0);
  const input: BlockInput<StoredArrays> = {
    grid,
    read: (box, signal) => readStored(levels, grid.bounds, box, signal),
    // what is stored is not known before; it is seldom more than the voxels
    bytesOf: (box) => volumeOf(boxShape(box)) * Object.values(levels).reduce((sum, { dtype }) => sum + ITEM_BYTES[dtype], 0),
    nmOf: nmOf(levelAt(owner!.levels, request.level ?? 0, owner!.name)),
  };
  const shape = shapeWithHalo(grid);
  const arrays = Object.fromEntries(Object.entries(levels).map(([name, { dtype }]) => [name, { dtype, shape }]));
  const batchBytes = largestBatch(Object.values(levels), shape, request);
  const blocks = (share: Share, signal: AbortSignal) => sequenceOf(input, owner!, epochOf(request, share, signal));
  return {
    facts: { grid: gridFacts(owner!, request), arrays, batch: request.batch, batchBytes },
    counts: (share, signal) => blocks(share, signal).counts(),
    batches: (share, signal) => inGroups(blocks(share, signal), request.batch, (group) => batchOf(group, levels, batchBytes)),
  };
}

function levelsOf(volumes: OpenVolumes, index: number): Record<string, LoadedLevel> {
  const levels: Record<string, LoadedLevel> = {};
  let shape: string | undefined;
  for (const [name, volume] of Object.entries(volumes)) {
    levelAt(volume.levels, index, volume.name);
    const level = volume.levels[index]!;
    levels[name] = level;
    shape ??= level.shape.join("×");
    if (level.shape.join("×") === shape) continue;
    throw new EmporiumError("USAGE", `${name} has ${level.shape.join("×")} voxels, the first volume has ${shape}`, {
      hint: "stored chunks cannot be resampled: leave out --compressed",
    });
  }
  return levels;
}

/** Bytes of all chunks that the blocks of a batch could touch, uncompressed, within the limits of a buffer. */
function largestBatch(levels: readonly LoadedLevel[], shape: Triple, { batch, memoryBytes }: OpenRequest): number {
  const worst = levels.reduce((sum, { chunk, dtype }) => {
    const touched = shape.reduce((product, length, axis) => product * (ceilDiv(length - 1, chunk[axis]!) + 1), batch);
    return sum + touched * (volumeOf(chunk) * ITEM_BYTES[dtype] + 64);
  }, 0);
  return Math.min(Math.max(worst, BATCH_BYTES_MIN), BATCH_BYTES_MAX, Math.floor(memoryBytes * BATCH_SHARE));
}

async function readStored(
  levels: Record<string, LoadedLevel>,
  bounds: Triple,
  box: Box,
  signal: AbortSignal | undefined,
): Promise<StoredArrays> {
  const inside = intersect(box, { start: [0, 0, 0], stop: bounds }) ?? { start: box.start, stop: box.start };
  const read = Object.entries(levels).map(async ([name, level]) => [name, await level.readStored(inside, { signal })] as const);
  const inset = inside.start.map((start, axis) => start - box.start[axis]!) as Triple;
  return { stored: Object.fromEntries(await Promise.all(read)), inset };
}

async function batchOf(
  blocks: readonly Block<StoredArrays>[],
  levels: Record<string, LoadedLevel>,
  batchBytes: number,
): Promise<Pick<StreamBatch, "arrays" | "facts">> {
  const read = await Promise.all(blocks.map((block) => block.read()));
  const packing = new Packing();
  const codings: Record<string, JsonObject> = {};
  for (const [at, { stored, inset }] of read.entries()) {
    for (const [name, block] of Object.entries(stored)) {
      codings[name] ??= codingHead(name, levels[name]!, block);
      for (const chunk of block.chunks) packing.add(name, block, chunk, at, inset);
    }
  }
  if (packing.bytes > batchBytes) {
    throw new EmporiumError("MEMORY_LIMIT", `expected at most ${batchBytes}, found a batch of ${packing.bytes} stored bytes`, {
      hint: "use fewer blocks a batch, a batch that follows the chunks (--order locality), or more --memory",
    });
  }
  const arrays = { stored: { dtype: "uint8" as const, shape: [packing.bytes], pieces: packing.pieces } };
  return { arrays, facts: { codings, chunks: packing.heads } };
}

/** The chunks of one batch, one behind the other. */
class Packing {
  readonly pieces: Uint8Array[] = [];
  bytes = 0;
  readonly #chunks = new Map<string, { head: JsonObject; uses: Json[] }>();

  get heads(): JsonObject[] {
    return [...this.#chunks.values()].map(({ head, uses }) => ({ ...head, uses }));
  }

  /** @param inset of the level in the block's box */
  add(array: string, { buffer, coding }: StoredBlock, chunk: StoredChunk, block: number, inset: Triple): void {
    const key = `${array} ${chunk.cell.join()}`;
    let known = this.#chunks.get(key);
    if (!known) {
      const bytes = buffer.subarray(chunk.offset, chunk.offset + chunk.storedBytes);
      const { cell, plainBytes, storedBytes, absent } = chunk;
      const head: JsonObject = absent
        ? { array, cell, plainBytes, storedBytes: 0, offset: 0, absent }
        : { array, cell, plainBytes, storedBytes, offset: this.#place(bytes), crc32: crc32(bytes), ...tableOf(coding, bytes) };
      known = { head, uses: [] };
      this.#chunks.set(key, known);
    }
    const target = [chunk.target.start, chunk.target.stop].map((corner) => corner.map((at, axis) => at + inset[axis]!));
    known.uses.push({ block, source: [chunk.source.start, chunk.source.stop], target });
  }

  #place(bytes: Uint8Array): number {
    const offset = this.bytes;
    const padding = (CHUNK_ALIGNMENT - (bytes.length % CHUNK_ALIGNMENT)) % CHUNK_ALIGNMENT;
    this.pieces.push(bytes);
    if (padding > 0) this.pieces.push(new Uint8Array(padding));
    this.bytes += bytes.length + padding;
    return offset;
  }
}

function tableOf(coding: StoredBlock["coding"], bytes: Uint8Array): JsonObject {
  const isBlosc =
    coding.kind === "steps" && coding.steps.some((step) => step.kind === "compressor" && step.config.id === "blosc");
  return isBlosc ? { blosc: bloscTable(bytes) } : {};
}

/**
 * Says how the chunks of an array are decoded: the codecs in the order in which they encoded, and the place of the voxels
 * afterwards.
 */
function codingHead(name: string, { dtype, chunk }: LoadedLevel, { coding, fill }: StoredBlock): JsonObject {
  if (coding.kind !== "steps" || coding.flipSign)
    throw notHanded(name, `chunks of ${coding.kind === "steps" ? "MRC" : coding.kind}`);
  const codecs = coding.steps.map((step): JsonObject => {
    if (step.kind === "compressor") return step.config;
    if (step.kind === "checksum" && !step.atStart) return { id: step.sum ?? "crc32c" };
    throw notHanded(name, step.kind === "filter" ? `the filter ${step.filter.id}` : "checksums before the bytes");
  });
  const { offset, strides } = coding;
  const littleEndian = coding.swapBytes > 1 ? !HOST_LITTLE_ENDIAN : HOST_LITTLE_ENDIAN;
  return { dtype, shape: chunk, codecs, offset, strides, littleEndian, fill: [...fill] };
}

function notHanded(name: string, what: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what} cannot be handed on as stored`, {
    hint: "leave out --compressed",
  });
}

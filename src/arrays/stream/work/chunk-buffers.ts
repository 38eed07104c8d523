import { crc32 } from "node:zlib";
import { volumeOf } from "../../../core/box.js";
import { combineCrc32 } from "../../../core/crc32.js";
import { BLOSC_HEADER_BYTES, bloscHeader } from "../../kernels/blosc.js";
import { type Geometry, STATE } from "../plan/geometry.js";
import { type ChunkColumn, type Step, type Visit, visit } from "../plan/shard-walk.js";
import { takeBuffer } from "../write/chunk-pool.js";
import { type ChunkEncoder, type ChunkEncoderOptions, encodedZeros } from "./chunk-encoder.js";
import { zstdEncoder } from "./zstd-encoder.js";

/**
 * Builds the chunks of shards in the shared memory: a chunk is one piece of its shard, whose offset is known when it is whole.
 * Chunks of zeros (the bits of +0) have no bytes.
 */
export function chunkBuffers(options: ChunkEncoderOptions): ChunkEncoder {
  return options.job.geometry.shards!.codec === "zstd" ? zstdChunks(options) : bloscChunks(options);
}

/** The buffers as a worker uses them. `state`: the first word of a column's state. */
function openBuffers({ job, g, changed }: ChunkEncoderOptions) {
  const words = new Int32Array(job.memory.buffer);
  const pool = g.pool!;
  return {
    bytes: new Uint8Array(job.memory.buffer),
    words,
    plainBytes: volumeOf(g.chunk) * g.itemBytes,
    addressOf: (state: number) => pool.address(words[state + STATE.place]!),
    begin(state: number, ticket: number): void {
      words[state + STATE.place] = takeBuffer({ words, pool, changed }, ticket);
      words[state + STATE.blocks] = 0;
      words[state + STATE.crc] = 0;
    },
  };
}

/** Calls `take` for each block of the step: its index in the chunk, the address of its voxels, and its planes and rows. */
function eachBlock(
  g: Geometry,
  { unit, rows, planes }: Step,
  { level, x }: ChunkColumn,
  { plane, row }: Visit,
  slot: 0 | 1,
  take: (block: number, from: number, planes: number, rows: number) => void,
): void {
  const ring = g.rings[level]!;
  const blockPlanes = g.layout.blockPlanes[level]!;
  const blockRows = g.layout.blockRows[level]!;
  const blocksOfPlane = g.chunk[1] / blockRows;
  const levelRows = Math.ceil(rows / 2 ** level);
  const levelPlanes = g.halvesZ ? Math.ceil(planes / 2 ** level) : 1;
  const corner = ring.slots[slot] + (x - (unit.x0 >> level)) * g.itemBytes;
  for (let p = 0; p < levelPlanes; p += blockPlanes) {
    for (let r = 0; r < levelRows; r += blockRows) {
      const from = corner + p * ring.planeBytes + r * unit.rowBytes[level]!;
      const block = ((plane + p) / blockPlanes) * blocksOfPlane + (row + r) / blockRows;
      take(block, from, Math.min(blockPlanes, levelPlanes - p), Math.min(blockRows, levelRows - r));
    }
  }
}

/** Blosc frames grow block by block, as the blocks are encoded. */
function bloscChunks(options: ChunkEncoderOptions): ChunkEncoder {
  const { g, kernels, buffers, post } = options;
  const { itemBytes, chunk } = g;
  const { bytes, words, plainBytes, addressOf, begin } = openBuffers(options);
  const zeros = encodedZeros(options);
  return encode;

  function encode(step: Step, column: ChunkColumn, state: number, slot: 0 | 1, ticket: number): void {
    const at = visit(g, step, column);
    const { level } = column;
    const blocks = g.chunkBlocks(level);
    const table = state + STATE.table;
    if (at.begins) {
      begin(state, ticket);
      words[state + STATE.position] = BLOSC_HEADER_BYTES + 4 * blocks;
      words.fill(0, table, table + blocks);
    }
    const buffer = addressOf(state);
    const start = words[state + STATE.position]!;
    const blockBytes = plainBytes / blocks;
    const zero = zeros(blockBytes);
    let end = start;
    let filled = words[state + STATE.blocks]!;
    const voxels = blockBytes / itemBytes;
    const rowBytes = step.unit.rowBytes[level]!;
    const { planeBytes } = g.rings[level]!;
    const blockRows = g.layout.blockRows[level]!;
    const planeVoxels = blockRows * chunk[2];
    eachBlock(g, step, column, at, slot, (block, from, planes, rows) => {
      for (let p = 0; p * planeVoxels < voxels; p++) {
        const [w, h] = p < planes ? [column.w, rows] : [0, 0];
        const to = p * planeVoxels;
        kernels.gather(itemBytes, from + p * planeBytes, rowBytes, w, h, chunk[2], blockRows, buffers.block, voxels, to);
      }
      const size = kernels.pack(itemBytes, buffers.block, voxels, buffer + end, buffers.hash);
      words[table + block] = end;
      if (size !== zero.length || !isSame(bytes, buffer + end, zero)) filled++;
      end += size;
    });
    words[state + STATE.blocks] = filled;
    words[state + STATE.position] = end;
    words[state + STATE.crc] = crc32(bytes.subarray(buffer + start, buffer + end), words[state + STATE.crc]! >>> 0) | 0;
    if (at.ends) finish(step, column, state, at);
  }

  /** Blocks that lie outside of the volume are one and the same, stored once. Header and table go to the front. */
  function finish(step: Step, column: ChunkColumn, state: number, at: Visit): void {
    const place = words[state + STATE.place]!;
    if (words[state + STATE.blocks] === 0) {
      post({ kind: "chunk", level: column.level, chunk: at.chunk, unit: step.unit.index, buffer: place, size: 0, crc32: 0 });
      return;
    }
    const buffer = addressOf(state);
    const blocks = g.chunkBlocks(column.level);
    const offsets = words.subarray(state + STATE.table, state + STATE.table + blocks);
    let size = words[state + STATE.position]!;
    let crc = words[state + STATE.crc]! >>> 0;
    if (offsets.includes(0)) {
      const zero = zeros(plainBytes / blocks);
      bytes.set(zero, buffer + size);
      for (let block = 0; block < blocks; block++) if (offsets[block] === 0) offsets[block] = size;
      crc = crc32(zero, crc);
      size += zero.length;
    }
    const header = bloscHeader({ itemBytes, plainBytes, blockBytes: plainBytes / blocks, frameBytes: size, offsets });
    bytes.set(header, buffer);
    crc = combineCrc32(crc32(header), crc, size - header.length);
    post({ kind: "chunk", level: column.level, chunk: at.chunk, unit: step.unit.index, buffer: place, size, crc32: crc });
  }
}

function isSame(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Voxels are laid where they belong, and compressed when the chunk is whole. */
function zstdChunks(options: ChunkEncoderOptions): ChunkEncoder {
  const { g, kernels, post } = options;
  const { itemBytes, chunk } = g;
  const { bytes, words, plainBytes, addressOf, begin } = openBuffers(options);
  const zstd = zstdEncoder();
  return encode;

  function encode(step: Step, column: ChunkColumn, state: number, slot: 0 | 1, ticket: number): void | Promise<void> {
    const at = visit(g, step, column);
    const { level } = column;
    if (at.begins) begin(state, ticket);
    const buffer = addressOf(state);
    if (at.begins) bytes.fill(0, buffer, buffer + plainBytes);
    const rowBytes = step.unit.rowBytes[level]!;
    const { planeBytes } = g.rings[level]!;
    const blockBytes = plainBytes / g.chunkBlocks(level);
    const [width, across] = [column.w * itemBytes, chunk[2] * itemBytes];
    eachBlock(g, step, column, at, slot, (block, from, planes, rows) => {
      // bytes that are "shuffled" one by one are copied row by row
      const bytesOfPlane = g.layout.blockRows[level]! * across;
      for (let p = 0; p < planes; p++) {
        const to = buffer + block * blockBytes + p * bytesOfPlane;
        kernels.gather(1, from + p * planeBytes, rowBytes, width, rows, across, rows, to, across * rows, 0);
      }
    });
    if (at.ends) return finish(step, column, state, at);
  }

  async function finish(step: Step, column: ChunkColumn, state: number, at: Visit): Promise<void> {
    const place = words[state + STATE.place]!;
    const buffer = addressOf(state);
    const holds = words.subarray(buffer / 4, (buffer + plainBytes) / 4).some((word) => word !== 0);
    // encoders do not take shared memory
    const frame = holds ? await zstd(bytes.slice(buffer, buffer + plainBytes)) : new Uint8Array(0);
    bytes.set(frame, buffer);
    const told = { level: column.level, chunk: at.chunk, unit: step.unit.index, buffer: place };
    post({ kind: "chunk", ...told, size: frame.length, crc32: crc32(frame) });
  }
}

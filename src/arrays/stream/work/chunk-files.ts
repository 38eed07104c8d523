import { closeSync, constants, openSync } from "node:fs";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../../core/crc32.js";
import { isRefusal, openDirect, PAGE_BYTES, pagesBelow, writeAll } from "../../../stores/file/direct.js";
import { fewFiles } from "../../../system/open-files.js";
import { BLOSC_HEADER_BYTES, bloscHeader } from "../../kernels/blosc.js";
import { BLOCK_BYTES } from "../plan/forms.js";
import { STATE } from "../plan/geometry.js";
import { TAIL_BYTES } from "../plan/private-buffers.js";
import type { ChunkColumn, Step, Unit } from "../plan/shard-walk.js";
import { type ChunkEncoder, type ChunkEncoderOptions, encodedZeros } from "./chunk-encoder.js";

/**
 * Chunks as files, one Blosc frame each. Blocks are appended as they are encoded, so no whole chunk is held in memory; header and
 * offset table are written last. Past the page cache whole pages are appended: what is left of the last one waits in the chunk's tail.
 */
export function chunkFiles(options: ChunkEncoderOptions): ChunkEncoder {
  const { job, g, kernels, buffers, post } = options;
  const bytes = new Uint8Array(job.memory.buffer);
  const words = new Int32Array(job.memory.buffer);
  const { itemBytes } = g;
  const voxels = BLOCK_BYTES / itemBytes;
  const zeros = encodedZeros(options);
  const { folder } = job.zarr!;
  const { begin, write, writeThroughCache, append } = chunkAppender(options);
  return encode;

  function encode(step: Step, column: ChunkColumn, state: number, slot: 0 | 1): void {
    const ring = g.rings[column.level]!;
    const rowBytes = step.unit.rowBytes[column.level]!;
    const [cz, cy, cx] = g.chunk;
    const blockRows = g.layout.blockRows[column.level]!;
    const chunkBlocks = g.chunkBlocks(column.level);
    const blocksPerSlab = (g.halvesZ ? cy : cy >> column.level) / blockRows;
    const levelRows = Math.ceil(step.rows / 2 ** column.level);
    const levelPlanes = g.halvesZ ? Math.ceil(step.planes / 2 ** column.level) : 1;
    const firstZ = g.halvesZ ? step.z0 >> column.level : step.z0;
    const firstY = g.halvesZ ? column.y : Math.floor((step.y0 >> column.level) / cy) * cy;
    const valid = g.halvesZ ? column.h : levelRows;
    const begins = g.halvesZ ? firstZ % cz === 0 : (step.y0 >> column.level) % cy === 0;
    const key = `${column.level}/${Math.floor(firstZ / cz)}/${firstY / cy}/${column.x / cx}`;
    const path = `${folder}/${key}`;
    if (begins) {
      words[state + STATE.position] = BLOSC_HEADER_BYTES + 4 * chunkBlocks;
      words[state + STATE.blocks] = 0;
      words[state + STATE.crc] = 0;
      begin(state, path);
      post({ kind: "begin", path });
    }
    const encoded = buffers.encoded + words[state + STATE.held]!;
    let size = 0;
    let blocks = words[state + STATE.blocks]!;
    const start = words[state + STATE.position]!;
    for (let plane = 0; plane < levelPlanes; plane++) {
      const corner = column.row * rowBytes + (column.x - (step.unit.x0 >> column.level)) * itemBytes;
      const from = ring.slots[slot] + plane * ring.planeBytes + corner;
      for (let block = 0; block < blocksPerSlab; block++) {
        const row = block * blockRows;
        const rows = Math.max(0, Math.min(blockRows, valid - row));
        words[state + STATE.table + blocks++] = start + size;
        if (rows === 0) {
          const zero = zeros(BLOCK_BYTES);
          bytes.set(zero, encoded + size);
          size += zero.length;
          continue;
        }
        kernels.gather(itemBytes, from + row * rowBytes, rowBytes, column.w, rows, cx, blockRows, buffers.block, voxels, 0);
        size += kernels.pack(itemBytes, buffers.block, voxels, encoded + size, buffers.hash);
      }
    }
    words[state + STATE.blocks] = blocks;
    append(state, path, size);
    const ends = g.halvesZ ? step.local === step.unit.steps - 1 : step.endsPlane;
    if (blocks === chunkBlocks || ends) finishChunk(state, key, path, step.unit, chunkBlocks);
  }

  /** Blocks outside of the volume are zero and share one stored block. Header and table are written last, to the front. */
  function finishChunk(state: number, key: string, path: string, unit: Unit, chunkBlocks: number): void {
    const blocks = words[state + STATE.blocks]!;
    if (blocks < chunkBlocks) {
      const zero = zeros(BLOCK_BYTES);
      words.fill(words[state + STATE.position]!, state + STATE.table + blocks, state + STATE.table + chunkBlocks);
      bytes.set(zero, buffers.encoded + words[state + STATE.held]!);
      append(state, path, zero.length);
    }
    const size = words[state + STATE.position]!;
    const header = bloscHeader({
      itemBytes,
      plainBytes: chunkBlocks * BLOCK_BYTES,
      blockBytes: BLOCK_BYTES,
      frameBytes: size,
      offsets: words.slice(state + STATE.table, state + STATE.table + chunkBlocks),
    });
    if (words[state + STATE.isDirect] === 1) writeThroughCache(state, path);
    const held = words[state + STATE.held]!;
    write(state, path, bytes, g.tail(state), held, size - held);
    write(state, path, header, 0, header.length, 0);
    if (!fewFiles) closeSync(words[state + STATE.place]!);
    const crc = combineCrc32(crc32(header), words[state + STATE.crc]! >>> 0, size - header.length);
    post({ kind: "object", key, path, size, crc32: crc, unit: unit.index });
  }
}

/** Files that grow by what is encoded, past the page cache where that is wanted and possible. What a file has come to is in the state of its chunk. */
function chunkAppender({ job, g, buffers }: ChunkEncoderOptions) {
  const bytes = new Uint8Array(job.memory.buffer);
  const words = new Int32Array(job.memory.buffer);
  const { isDirect } = job.zarr!;

  function begin(state: number, path: string): void {
    const direct = isDirect ? openDirect(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC) : undefined;
    const fd = direct ?? openSync(path, "w");
    if (fewFiles) closeSync(fd);
    words[state + STATE.place] = fd;
    words[state + STATE.isDirect] = direct === undefined ? 0 : 1;
    // the page in which the header ends is appended as one
    words[state + STATE.held] = direct === undefined ? 0 : words[state + STATE.position]! % PAGE_BYTES;
  }

  /** A file that is open since its chunk began, by whichever thread; where files are few, it is opened for each write. */
  function write(state: number, path: string, from: Uint8Array, start: number, size: number, at: number): void {
    const fd = fewFiles ? openSync(path, "r+") : words[state + STATE.place]!;
    try {
      writeAll(fd, from, start, size, at);
    } catch (error) {
      if (words[state + STATE.isDirect] === 0 || !isRefusal(error)) throw error;
      writeThroughCache(state, path);
      writeAll(words[state + STATE.place]!, from, start, size, at);
    } finally {
      if (fewFiles) closeSync(fd);
    }
  }

  /** Writes through the page cache from now on; `held` bytes are not written yet. */
  function writeThroughCache(state: number, path: string): void {
    closeSync(words[state + STATE.place]!);
    words[state + STATE.place] = openSync(path, "r+");
    words[state + STATE.isDirect] = 0;
  }

  /** Appends `size` encoded bytes, which stand in the buffer behind the held ones, and writes as many as are due. */
  function append(state: number, path: string, size: number): void {
    const tail = g.tail(state);
    const held = words[state + STATE.held]!;
    const at = words[state + STATE.position]!;
    const encoded = buffers.encoded + held;
    words[state + STATE.crc] = crc32(bytes.subarray(encoded, encoded + size), words[state + STATE.crc]! >>> 0) | 0;
    words[state + STATE.position] = at + size;
    bytes.copyWithin(buffers.encoded, tail, tail + held);
    const whole = words[state + STATE.isDirect] === 0 ? held + size : held + size < TAIL_BYTES ? 0 : pagesBelow(held + size);
    if (whole > 0) write(state, path, bytes, buffers.encoded, whole, at - held);
    const rest = held + size - whole;
    bytes.copyWithin(tail, buffers.encoded + whole, buffers.encoded + held + size);
    words[state + STATE.held] = rest;
  }

  return { begin, write, writeThroughCache, append };
}

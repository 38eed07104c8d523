import { closeSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../../core/crc32.js";
import { fewFiles } from "../../../system/open-files.js";
import { BLOSC_HEADER_BYTES, bloscHeader } from "../../kernels/blosc.js";
import { BLOCK_BYTES } from "../plan/forms.js";
import { STATE } from "../plan/geometry.js";
import type { ChunkColumn, Step, Unit } from "../plan/shard-walk.js";
import { type ChunkEncoder, type ChunkEncoderOptions, encodedZeros } from "./chunk-encoder.js";

/**
 * Chunks as files, one Blosc frame each. Blocks are appended as they are encoded, so no whole chunk is held in memory; header and
 * offset table are written last.
 */
export function chunkFiles(options: ChunkEncoderOptions): ChunkEncoder {
  const { job, g, kernels, buffers, post } = options;
  const bytes = new Uint8Array(job.memory.buffer);
  const words = new Int32Array(job.memory.buffer);
  const { itemBytes } = g;
  const voxels = BLOCK_BYTES / itemBytes;
  const zeros = encodedZeros(options);
  const folder = job.zarr!.folder;
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
      words[state + STATE.place] = openSync(path, "w");
      if (fewFiles) closeSync(words[state + STATE.place]!);
      post({ kind: "begin", path });
    }
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
          bytes.set(zero, buffers.encoded + size);
          size += zero.length;
          continue;
        }
        kernels.gather(itemBytes, from + row * rowBytes, rowBytes, column.w, rows, cx, blockRows, buffers.block, voxels, 0);
        size += kernels.pack(itemBytes, buffers.block, voxels, buffers.encoded + size, buffers.hash);
      }
    }
    words[state + STATE.blocks] = blocks;
    append(state, path, size);
    const ends = g.halvesZ ? step.local === step.unit.steps - 1 : step.endsPlane;
    if (blocks === chunkBlocks || ends) finishChunk(state, key, path, step.unit, chunkBlocks);
  }

  /** A file that is open since its chunk began, by whichever thread; where files are few, it is opened for each write. */
  function write(state: number, path: string, from: Uint8Array, start: number, size: number, at: number): void {
    const fd = fewFiles ? openSync(path, "r+") : words[state + STATE.place]!;
    try {
      for (let done = 0; done < size; ) done += writeSync(fd, from, start + done, size - done, at + done);
    } finally {
      if (fewFiles) closeSync(fd);
    }
  }

  function append(state: number, path: string, size: number): void {
    const at = words[state + STATE.position]!;
    write(state, path, bytes, buffers.encoded, size, at);
    words[state + STATE.crc] =
      crc32(bytes.subarray(buffers.encoded, buffers.encoded + size), words[state + STATE.crc]! >>> 0) | 0;
    words[state + STATE.position] = at + size;
  }

  /** Blocks outside of the volume are zero and share one stored block. Header and table are written last, to the front. */
  function finishChunk(state: number, key: string, path: string, unit: Unit, chunkBlocks: number): void {
    const blocks = words[state + STATE.blocks]!;
    if (blocks < chunkBlocks) {
      const zero = zeros(BLOCK_BYTES);
      words.fill(words[state + STATE.position]!, state + STATE.table + blocks, state + STATE.table + chunkBlocks);
      bytes.set(zero, buffers.encoded);
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
    write(state, path, header, 0, header.length, 0);
    if (!fewFiles) closeSync(words[state + STATE.place]!);
    const crc = combineCrc32(crc32(header), words[state + STATE.crc]! >>> 0, size - header.length);
    post({ kind: "object", key, path, size, crc32: crc, unit: unit.index });
  }
}

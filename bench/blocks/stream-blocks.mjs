/**
 * Blocks of 64³ float32 out of memory: stream-blocks.mjs here BATCHES SIZE reads them within this process and prints the seconds;
 * otherwise it serves them as `emporium blocks stream --stdio` would (BATCHES and SIZE in the environment).
 */
import { createWriteStream } from "node:fs";
import { systemClock } from "../../dist/core/clock.js";
import { serveStdio } from "../../dist/stations/blocks/stream/serve-stdio.js";

const SIDE = 64;
const isHere = process.argv[2] === "here";
const [count, size] = (isHere ? process.argv.slice(3) : [process.env.BATCHES, process.env.SIZE]).map(Number);
const blocks = Array.from({ length: 32 }, (_, id) => new Uint8Array(new Float32Array(SIDE ** 3).fill(id).buffer));

async function* batches() {
  for (let batch = 0; batch < count; batch++) {
    const ids = Array.from({ length: size }, (_, i) => batch * size + i);
    const pieces = ids.map((id) => blocks[id % blocks.length]);
    const arrays = { image: { dtype: "float32", shape: [size, SIDE, SIDE, SIDE], pieces } };
    yield { arrays, origins: ids.map(() => [0, 0, 0]), ids, weights: ids.map(() => 1), done() {} };
  }
}

if (isHere) {
  const began = performance.now();
  let sum = 0;
  for await (const { arrays } of batches()) {
    // what `batches()` of the library does: blocks are laid into one array of the batch
    const array = new Float32Array(size * SIDE ** 3);
    arrays.image.pieces.forEach((piece, at) => {
      array.set(new Float32Array(piece.buffer), at * SIDE ** 3);
    });
    for (let at = 0; at < array.length; at += SIDE ** 3) sum += array[at];
  }
  process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - began) / 1000, sum })}\n`);
} else {
  const shape = [SIDE, SIDE, SIDE];
  const grid = { level: 0, shape, block: shape, halo: [0, 0, 0], step: shape, voxelSizeNm: [1, 1, 1], offsetNm: [0, 0, 0] };
  const facts = { grid, arrays: { image: { dtype: "float32", shape } }, batch: size };
  const counts = async () => ({ epoch: count * size, rank: count * size });
  await serveStdio(process.stdin, createWriteStream("", { fd: 1 }), {
    source: { facts: { ...facts, batchBytes: size * SIDE ** 3 * 4 }, counts, batches, close: async () => {} },
    share: { rank: 0, world: 1, epoch: 0, skip: 0 },
    shared: true,
    slots: 4,
    memoryBytes: 2 ** 30,
    version: "bench",
    clock: systemClock,
    signal: new AbortController().signal,
  });
}

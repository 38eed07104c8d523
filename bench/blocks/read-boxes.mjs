/** `node bench/blocks/read-boxes.mjs VOLUME BOXES CONCURRENCY CACHE`: reads the boxes, and writes blocks, seconds, CPU seconds of all threads and the sum of voxels to $REPORT. */
import { readFileSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { openBlockVolume } from "../../dist/arrays/loader/volume.js";

/** What reading takes beside the cache: chunks and boxes that are decoded just now. */
const WORK_BYTES = 64 * 2 ** 20;

const [path, file, concurrency, cache] = process.argv.slice(2);
const { edge, starts } = JSON.parse(readFileSync(file, "utf8"));
const volume = await openBlockVolume(path, { memoryBytes: Number(cache) + WORK_BYTES });
const [level] = volume.levels;
const boxOf = (start) => ({ start, stop: start.map((at) => at + edge) });
// what is loaded once is not counted, as the others' imports are not
await Promise.all(Array.from({ length: 4 }, () => level.read(boxOf(starts.at(-1)))));

let sum = 0;
let next = 0;
const usedBefore = process.cpuUsage();
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    for (;;) {
      const start = starts[next++];
      if (!start) return;
      const bytes = await level.read(boxOf(start));
      const voxels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
      sum += voxels[0] + voxels[voxels.length >> 1] + voxels[voxels.length - 1];
    }
  }),
);
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(usedBefore);
const cpu = (used.user + used.system) / 1e6;
writeFileSync(process.env.REPORT, JSON.stringify({ blocks: starts.length, seconds, cpu, sum, traffic: volume.traffic }));
await volume.close();

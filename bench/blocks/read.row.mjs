/**
 * Boxes of a local volume of int16, 2 GiB, in the page cache: ours beside zarr-python 3 and tensorstore (rows A2 and A3).
 *
 * random: unaligned boxes, no cache. scan: aligned boxes, x first, a cache on each side of one layer of chunks of 128³, 256 MiB (zarr-python: none of
 * its own, an LRU of decoded chunks around it). Each contender reads the same boxes at concurrency 1 and 8 and sums their voxels: the sums must agree.
 * Beside blocks a second there is the CPU time of a block, of all threads: another load on the machine changes it less.
 *
 * Sketch: a box of 64³ touches 3.3 chunks of 128³, 13 MB decoded where they are decoded whole: 60 boxes a second at 0.8 GB/s. A Blosc frame is
 * decoded in blocks: half of them, and half the bytes.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../dist/core/random.js";
import { figure, median, root, round, say, table } from "../report.mjs";
import { readBoxes } from "./contenders.mjs";

const here = join(root, "bench", "blocks");
/** The last is read where `--only` names it: all others together take some 13 minutes of a quiet machine with two cores. */
const VOLUMES = ["v2-lz4-128", "v2-zstd-128", "v3-shard-lz4", "v3-shard-zstd", "v2-lz4-256"];
/** Rows of a chunk, and bytes of a voxel. */
const LAYER = 128 * 2;
const CONTENDERS = ["emporium", "zarr", "tensorstore"];

export default async function read({ python, out, quick, side = quick ? 256 : 1024, repeat, only }) {
  for (const volume of VOLUMES) {
    const path = join(out, `${volume}-${side}.zarr`);
    for (const [order, edge, count] of [
      ["random", 64, 60],
      ["random", 128, 20],
      ["scan", 64, 512],
    ]) {
      const boxes = boxesOf(order, side, edge, quick ? Math.min(count, 64) : count);
      const file = join(out, `${order}-${edge}-${side}.json`);
      writeFileSync(file, JSON.stringify(boxes));
      for (const concurrency of [1, 8]) {
        if (volume === VOLUMES.at(-1) && !only.source.includes(volume)) continue;
        if (!only.test(`blocks.read.${volume}.${order}.${edge}.c${concurrency}`)) continue;
        make(python, volume, side, path);
        const cache = order === "scan" ? side * side * LAYER : 0;
        await race({ volume, path, order, edge, file, concurrency, cache, python, repeat });
      }
    }
  }
}

/** Writes a volume, once. */
function make(python, volume, side, path) {
  if (existsSync(join(path, "done"))) return;
  execFileSync(python, [join(here, "volumes.py"), volume, String(side), path], { stdio: ["ignore", 2, 2] });
}

/** First voxels of boxes, the same for everyone. */
function boxesOf(order, side, edge, count) {
  const random = seededRandom(7);
  const per = side / edge;
  const corner = (i) =>
    order === "random"
      ? [0, 1, 2].map(() => Math.floor(random() * (side - edge + 1)))
      : [Math.floor(i / per / per) % per, Math.floor(i / per) % per, i % per].map((at) => at * edge);
  return { edge, starts: Array.from({ length: count }, (_, i) => corner(i)) };
}

async function race({ volume, path, order, edge, file, concurrency, cache, python, repeat }) {
  const results = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
  const sums = new Set();
  for (let round_ = 0; round_ < repeat; round_++) {
    for (const name of CONTENDERS) {
      const facts = { python, location: path, file, concurrency, cache, report: `${path}.${name}.json` };
      const { blocks, seconds, cpu, sum, cost } = await readBoxes(name, facts);
      sums.add(sum);
      results[name].push({ rate: blocks / seconds, cpu: (1000 * cpu) / blocks, rss: cost.rss_kib / 1024 });
    }
  }
  if (sums.size > 1) throw new Error(`${volume} ${order} ${edge}: the contenders read other voxels: ${[...sums].join(", ")}`);
  const rows = [["", "blocks/s", "CPU ms a block", "RSS MiB"]];
  const medians = Object.fromEntries(
    CONTENDERS.map((name) => {
      const [rate, cpu, rss] = ["rate", "cpu", "rss"].map((fact) => median(results[name].map((one) => one[fact])));
      rows.push([name, round(rate, 1), round(cpu, 2), round(rss, 0)]);
      return [name, { rate, cpu, rss }];
    }),
  );
  say(`${volume} ${order} ${edge}³ c${concurrency}`);
  table(rows);
  figure(`blocks.read.${volume}.${order}.${edge}.c${concurrency}`, round(medians.emporium.rate, 1), {
    unit: "blocks/s",
    zarr_python: round(medians.zarr.rate, 1),
    tensorstore: round(medians.tensorstore.rate, 1),
    to_zarr: round(medians.emporium.rate / medians.zarr.rate, 2),
    to_tensorstore: round(medians.emporium.rate / medians.tensorstore.rate, 2),
    cpu_ms: Object.fromEntries(CONTENDERS.map((name) => [name, round(medians[name].cpu, 2)])),
    rss_mib: Object.fromEntries(CONTENDERS.map((name) => [name, round(medians[name].rss, 0)])),
    repeat,
  });
}

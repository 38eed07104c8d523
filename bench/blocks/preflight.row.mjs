/**
 * What `blocks preflight` predicts, beside the run itself: blocks of 64³ of a local volume with a consumer that takes 0, 10 and 60 ms for a block
 * (row A13). A share of 1 is a prediction that was met; within 0.75 to 1.25 is wanted.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { blocksOfVolume } from "../../dist/arrays/blocks/block-array.js";
import { openBlockVolume } from "../../dist/arrays/loader/volume.js";
import { preflightVolume } from "../../dist/stations/blocks/preflight/preflight.js";
import { figure, median, root, round, say, table } from "../report.mjs";

const SHAPE = [64, 64, 64];
const JOBS = 2;
const PREFETCH = 4;
/** Less than the volume. */
const MEMORY = 128 * 2 ** 20;
const BLOCKS_MAX = 400;

export default async function preflight({ python, out, quick, side = quick ? 512 : 1024, repeat }) {
  const path = join(out, `v2-lz4-128-${side}.zarr`);
  if (!existsSync(join(path, "done")))
    execFileSync(python, [join(root, "bench", "blocks", "volumes.py"), "v2-lz4-128", String(side), path], {
      stdio: ["ignore", 2, 2],
    });
  const rows = [["consumer", "predicted", "real", "bound"]];
  for (const consumerMs of [0, 10, 60]) {
    const [predicted, real, bounds] = [[], [], []];
    for (let at = 0; at < repeat; at++) {
      const { now } = await predict(path, consumerMs);
      predicted.push(now.blocksPerSecond);
      bounds.push(now.bound);
      real.push(await run(path, consumerMs));
    }
    const [said, was] = [median(predicted), median(real)];
    rows.push([`${consumerMs} ms`, round(said, 1), round(was, 1), bounds.at(-1)]);
    const facts = { unit: "predicted/real", predicted: round(said, 1), real: round(was, 1), bound: bounds.at(-1), repeat };
    figure(`blocks.preflight.consumer-${consumerMs}ms`, round(said / was, 2), facts);
  }
  table(rows);
  say();
}

function predict(path, consumerMs) {
  const given = { jobs: JOBS, cores: JOBS, memoryBytes: MEMORY, prefetch: PREFETCH, shape: SHAPE };
  return preflightVolume(path, { ...given, consumerSeconds: consumerMs / 1000, residentBytes: () => process.memoryUsage.rss() });
}

/** Blocks a second of a run that reads ahead. */
async function run(path, consumerMs) {
  const volume = await openBlockVolume(path, { memoryBytes: MEMORY, threads: JOBS });
  try {
    let start = 0;
    let count = -1;
    for await (const block of blocksOfVolume(volume).blocks({ shape: SHAPE, order: "locality", prefetch: PREFETCH })) {
      await block.read();
      if (consumerMs > 0) await sleep(consumerMs);
      block.release();
      // threads start with the first block
      if (++count === 0) start = performance.now();
      if (count === BLOCKS_MAX) break;
    }
    return (1000 * count) / (performance.now() - start);
  } finally {
    await volume.close();
  }
}

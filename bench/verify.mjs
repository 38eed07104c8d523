/**
 * `node bench/verify.mjs [--size 1024x1024x512] [--jobs N] [--rounds 3] [--levels sampled|all|none] [--out DIR]`: `emporium verify` of one volume,
 * MRC and OME-Zarr, by the receipts of its conversion. Bytes are those stored; the first round finds them in the file cache as far as the
 * conversion has left them there.
 *
 * Sketch: 2 GiB of MRC are summed (zlib's CRC-32, several GB/s), 1.9 GiB of chunks summed and decoded (about 1 GB/s a core), a few chunks of
 * each level compared: on two cores 4 GiB in about 3 s.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { built, cache, figure, median, needBuild, round, say } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1024x1024x512" },
    jobs: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "3" },
    levels: { type: "string", default: "sampled" },
    out: { type: "string", default: join(cache, "verify") },
  },
});

needBuild();
const { convertVolume } = await built("stations/ingest/convert.js");
const { verify } = await built("stations/ingest/verify/verify.js");
const { mrcHeaderBytes } = await built("formats/mrc/write.js");
const { systemClock } = await built("core/clock.js");
const { silentLog } = await built("core/log.js");

const shape = options.size.split("x").map(Number).reverse();
const jobs = Number(options.jobs);
const workspace = join(options.out, "workspace");
const signal = new AbortController().signal;
rmSync(options.out, { recursive: true, force: true });
mkdirSync(join(options.out, "tree", "10400"), { recursive: true });
try {
  const input = join(options.out, "source.mrc");
  writeVolume(input, shape);
  say(`converting ${options.size}`);
  await convertVolume({
    input,
    output: join(options.out, "tree", "10400", "volume"),
    mrc: true,
    zarr: true,
    scaleZ: true,
    compat: false,
    jobs,
    memoryBytes: 2 ** 29,
    workspace,
    sync: false,
    anonymous: false,
    log: silentLog,
    signal,
  });
  const seconds = [];
  const cpuSeconds = [];
  let report;
  for (let i = 0; i < Number(options.rounds); i++) {
    const begun = performance.now();
    const cpu = process.cpuUsage();
    report = await verify(join(options.out, "tree", "10400"), {
      workspace,
      levels: options.levels,
      jobs,
      memoryBytes: 2 ** 29,
      clock: systemClock,
      version: "bench",
      signal,
    });
    seconds.push((performance.now() - begun) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds.push((user + system) / 1e6);
    if (report.status !== "proven") throw new Error(report.toText());
  }
  const rates = seconds.map((s) => report.bytes.read / s / 1e6);
  figure("verify.rate", round(median(rates), 0), {
    unit: "MB/s",
    size: options.size,
    jobs,
    levels: options.levels,
    bytes: report.bytes.read,
    rounds_s: seconds.map((s) => round(s)),
    rounds_cpu_s: cpuSeconds.map((s) => round(s)),
    rss_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  });
} finally {
  rmSync(options.out, { recursive: true, force: true });
}

/** Float32 that compresses as tomograms do: noise around a slope, the same every time. */
function writeVolume(path, [nz, ny, nx]) {
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const file = openSync(path, "w");
  writeSync(
    file,
    mrcHeaderBytes({ kind: "tomogram", shape: [nz, ny, nx], dtype: "float32", voxelSizeAngstrom: 10, statistics, dateMs: 0 }),
  );
  const plane = new Float32Array(ny * nx);
  let state = 1;
  for (let z = 0; z < nz; z++) {
    for (let i = 0; i < plane.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      plane[i] = (state / 2 ** 32 - 0.5) * 20 + z / 100;
    }
    writeSync(file, new Uint8Array(plane.buffer));
  }
  closeSync(file);
}

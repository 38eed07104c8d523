/**
 * `node bench/verify.mjs [--size 1024x1024x512] [--jobs N] [--rounds 3] [--levels sampled|all|none] [--memory SIZE] [--out DIR]`: `emporium verify` of one
 * volume, MRC and OME-Zarr, by the receipts of its conversion: the whole program, nothing of the volume in the page cache. In turns with the disk
 * itself: the same files read past the page cache by as many `dd`s as there are cores.
 *
 * Sketch: 2 GiB of MRC are summed (zlib's CRC-32, several GB/s), 1.9 GiB of chunks summed and decoded (about 1 GB/s a core), a few chunks of
 * each level compared: on two cores 4 GiB in about 3 s, if the disk gives them.
 */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { built, cache, figure, forget, measure, median, needBuild, program, round, say } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1024x1024x512" },
    jobs: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "3" },
    levels: { type: "string", default: "sampled" },
    memory: { type: "string", default: "512MiB" },
    out: { type: "string", default: join(cache, "verify") },
  },
});

needBuild();
const { mrcHeaderBytes } = await built("formats/mrc/write.js");

const shape = options.size.split("x").map(Number).reverse();
const jobs = Number(options.jobs);
const workspace = ["--workspace", join(options.out, "workspace")];
const tree = join(options.out, "tree", "10400");
const ours = (...words) => [process.execPath, program, ...words, ...workspace, "--jobs", options.jobs, "--quiet"];
rmSync(options.out, { recursive: true, force: true });
mkdirSync(tree, { recursive: true });
try {
  const input = join(options.out, "source.mrc");
  writeVolume(input, shape);
  say(`converting ${options.size}`);
  await measure("python3", ours("ingest", "convert", input, join(tree, "volume")));
  rmSync(input);
  const files = readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const rates = [];
  const disk = [];
  const all = [];
  for (let i = 0; i < Number(options.rounds); i++) {
    forget(files);
    const cost = await measure("python3", [...ours("verify", tree, "--levels", options.levels), "--memory", options.memory]);
    all.push(cost);
    rates.push(bytes / cost.wall_s / 1e6);
    forget(files);
    const read = `xargs -0 -P ${jobs} -n 1 -I{} dd if={} of=/dev/null bs=4M iflag=direct status=none`;
    const cost2 = await measure("python3", ["sh", "-c", `find "$1" -type f -print0 | ${read}`, "sh", tree]);
    disk.push(bytes / cost2.wall_s / 1e6);
  }
  const facts = { size: options.size, jobs, levels: options.levels, memory: options.memory, bytes };
  figure("verify.rate", round(median(rates), 0), {
    unit: "MB/s",
    ...facts,
    disk: round(median(disk), 0),
    to_disk: round(median(rates) / median(disk), 2),
    rounds_s: all.map(({ wall_s }) => round(wall_s)),
    cpu_s: round(median(all.map(({ cpu_s }) => cpu_s))),
    rss_mib: Math.round(Math.max(...all.map(({ rss_kib }) => rss_kib)) / 1024),
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

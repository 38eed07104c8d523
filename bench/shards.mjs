/**
 * `npm run build && node bench/shards.mjs [--sizes 1024x1024x512,2048x2048x1024] [--inputs noise,integers] [--repeat 5] [--codecs blosc-lz4]
 * [--mrc] [--no-sync] [--s3] [--peers] [--out FOLDER]`: one volume to OME-Zarr 0.4 (chunks) and to 0.5 (shards), by `emporium ingest convert`, whole
 * process, receipts on, everything synced to the disk unless `--no-sync`. Alternating in one run, outputs removed and the disk synced in between;
 * inputs are in the page cache. Peak memory is VmHWM of the process. Sketch: both read, reduce and encode the same; shards hold their open chunks in
 * memory, which costs writing and reading the compressed bytes once more (2 GiB at 10 GB/s: 0.4 s of two cores' time), and save it by larger
 * Blosc blocks and by files that need not be made. `--peers`: beside what a careful person writes with tensorstore, tinybrain and zarr-python
 * and what acquire-zarr, ome-zarr-py and ngff-zarr make of it (bench/zarr_writers.py, environments `blocks` and `writers`), synced as a whole when
 * it has ended. eubi-bridge is left out: its installation fetches programs from elsewhere than PyPI.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, environmentPython, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";
import { s3Environment, startS3 } from "./s3-server.mjs";

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "1024x1024x512" },
    inputs: { type: "string", default: "noise,integers" },
    repeat: { type: "string", default: "5" },
    codecs: { type: "string", default: "blosc-lz4" },
    mrc: { type: "boolean", default: false },
    sync: { type: "boolean", default: true },
    s3: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    out: { type: "string", default: join(cache, "shards") },
  },
  allowNegative: true,
});
const repeat = Number(options.repeat);
if (!Number.isInteger(repeat) || repeat < 1) {
  say("--repeat takes a number above 0");
  process.exit(2);
}

needBuild();
const python = environmentPython("reference");
const written = options.peers ? environmentPython("blocks") : undefined;
const converters = options.peers ? environmentPython("writers") : undefined;
const PEERS = {
  "tensorstore, v2": [written, "tensorstore2"],
  "tensorstore, v3 in shards of 256³": [written, "tensorstore3"],
  "tinybrain and tensorstore, v2": [written, "tinybrain2"],
  "zarr-python 3, v2": [written, "zarr2"],
  "zarr-python 3, v3": [written, "zarr3"],
  "acquire-zarr, v3": [converters, "acquire3"],
  "ome-zarr-py, 0.4": [converters, "omezarr2"],
  "ngff-zarr, 0.4": [converters, "ngffzarr2"],
};
mkdirSync(cache, { recursive: true });
for (const size of options.sizes.split(",")) for (const input of options.inputs.split(",")) await race(size, input);

async function race(size, input) {
  const source = await makeInput(input, size);
  const variants = { 0.4: [] };
  for (const codec of options.codecs.split(",")) {
    variants[`0.5 ${codec}`] = ["--ome-zarr", "0.5", "--codec", codec];
    // without the spare buffers that are taken where memory suffices
    variants[`0.5 ${codec} --memory 160MiB`] = [...variants[`0.5 ${codec}`], "--memory", "160MiB"];
  }
  if (options.peers) Object.assign(variants, PEERS);
  const runs = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  const bytes = {};
  try {
    for (let turn = 0; turn < repeat; turn++) {
      const names = Object.keys(variants);
      for (const name of turn % 2 === 0 ? names : names.reverse()) {
        rmSync(options.out, { recursive: true, force: true });
        mkdirSync(join(options.out, "target"), { recursive: true });
        const server = options.s3 ? await startS3(join(options.out, "server")) : undefined;
        try {
          execFileSync("sync");
          const target = server ? "s3://bench/ours" : join(options.out, "target", "ours");
          if (name in PEERS) {
            const [interpreter, way] = variants[name];
            const words = [join(import.meta.dirname, "zarr_writers.py"), way, source, target];
            runs[name].push(await measure(python, [interpreter, ...words], { sync: options.sync }));
            bytes[name] = treeBytes(join(options.out, "target"));
            continue;
          }
          const flags = [...(options.mrc ? [] : ["--zarr"]), ...(options.sync ? [] : ["--no-sync"]), ...variants[name]];
          const words = ["ingest", "convert", source, target, "--workspace", join(options.out, "workspace"), "--quiet", ...flags];
          runs[name].push(
            await measure(python, [process.execPath, program, ...words], { env: server && s3Environment(server.endpoint) }),
          );
          bytes[name] = treeBytes(join(options.out, server ? "server" : "target"));
        } finally {
          await server?.stop();
        }
      }
    }
  } finally {
    rmSync(options.out, { recursive: true, force: true });
  }
  report(size, input, runs, bytes);
}

function report(size, input, runs, bytes) {
  const facts = { input, size, repeat, mrc: options.mrc, sync: options.sync, sink: options.s3 ? "s3" : "disk" };
  say(
    `\n${input} ${size} onto ${facts.sink}${options.sync ? "" : ", not synced"}${options.mrc ? ", with the MRC" : ""}: medians of ${repeat}`,
  );
  const rows = [["", "wall s", "min–max", "CPU s", "min", "peak RSS MiB", "MiB written", "0.4 ÷ it, wall", "min–max"]];
  const first = runs["0.4"];
  for (const [name, own] of Object.entries(runs)) {
    const wall = own.map(({ wall_s }) => wall_s);
    const cpu = own.map(({ cpu_s }) => cpu_s);
    const rss = Math.max(...own.map(({ rss_kib }) => rss_kib)) / 1024;
    const each = wall.map((value, turn) => first[turn].wall_s / value);
    const ratio = median(first.map(({ wall_s }) => wall_s)) / median(wall);
    rows.push([
      ...[name, round(median(wall), 2), `${round(Math.min(...wall), 2)}–${round(Math.max(...wall), 2)}`],
      ...[round(median(cpu), 2), round(Math.min(...cpu), 2), Math.round(rss), Math.round(bytes[name] / 2 ** 20)],
      ...[round(ratio, 2), `${round(Math.min(...each), 2)}–${round(Math.max(...each), 2)}`],
    ]);
    figure("ingest.shards.wall_s", round(median(wall)), {
      variant: name,
      ...{ low: round(Math.min(...wall)), high: round(Math.max(...wall)), cpu_s: round(median(cpu)), rss_mib: Math.round(rss) },
      ...facts,
    });
    if (name !== "0.4")
      figure("ingest.shards.speed_over_chunks", round(ratio, 2), {
        variant: name,
        cpu_ratio: round(median(first.map(({ cpu_s }) => cpu_s)) / median(cpu), 2),
        ...facts,
      });
  }
  table(rows);
}

async function makeInput(input, size) {
  const path = join(cache, `${input}-${size}.mrc`);
  if (!existsSync(path)) {
    say(`making ${path}`);
    execFileSync(python, [join(import.meta.dirname, "inputs.py"), input, ...size.split("x"), path], { stdio: ["ignore", 2, 2] });
  }
  for await (const _ of createReadStream(path, { highWaterMark: 8 * 2 ** 20 })); // into the page cache
  return path;
}

function treeBytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

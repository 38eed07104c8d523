/**
 * `npm run bench:ingest -- [--small] [--repeat 3] [--sizes 512x512x256,1024x1024x512] [--inputs noise,int8] [--sinks disk,s3]
 * [--no-context] [--out FILE]`: from one MRC to a float32 MRC with statistics and a three-level OME-Zarr, by `emporium ingest convert`
 * (whole process, receipts on, everything synced to disk) and by the portal's present method (bench/reference.py with the library
 * versions it pins). Same input file, same run, alternating; outputs are removed and the disk is synced between runs; inputs are in
 * the page cache. Sketch for 1024×1024×512 float32 noise: 2 GiB read, 2 GiB + 2 GiB written; memory moves that about twice in 1 s, so
 * two cores at 1.2 GB/s of Blosc are the floor: about 1.5 s.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  cache,
  environmentPython,
  figure,
  knowsFlag,
  measure,
  median,
  needBuild,
  program,
  round,
  say,
  table,
} from "./report.mjs";
import { s3Environment, startS3 } from "./s3-server.mjs";

const INPUTS = ["noise", "integers", "int16", "int8", "float16"];
const { values: options } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    repeat: { type: "string", default: "3" },
    sizes: { type: "string" },
    inputs: { type: "string", default: INPUTS.join(",") },
    sinks: { type: "string", default: "disk,s3" },
    context: { type: "boolean", default: true },
    out: { type: "string", default: join(cache, "out") },
  },
  allowNegative: true,
});
const sizes = (options.sizes ?? (options.small ? "512x512x256" : "512x512x256,1024x1024x512")).split(",");
const repeat = Number(options.repeat);
const inputs = options.inputs.split(",");
const unknown = inputs.find((name) => !INPUTS.includes(name));
if (!Number.isInteger(repeat) || repeat < 1 || unknown) {
  say(`--repeat takes a number above 0, --inputs some of ${INPUTS.join(",")}`);
  process.exit(2);
}

needBuild();
const python = environmentPython("reference");
const reference = join(import.meta.dirname, "reference.py");
mkdirSync(cache, { recursive: true });

for (const sink of options.sinks.split(",")) {
  for (const size of sizes) {
    for (const input of inputs) await race(sink, size, input);
  }
}

/** One cell of the result: every variant `repeat` times, in turns. */
async function race(sink, size, input) {
  const source = await makeInput(input, size);
  const folder = options.out;
  const variants = makeVariants(sink, source, folder);
  const runs = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  let outputBytes = 0;
  try {
    for (let turn = 0; turn < repeat; turn++) {
      const names = Object.keys(variants);
      for (const name of turn % 2 === 0 ? names : names.reverse()) {
        const { command, sync, prepare } = variants[name];
        freshFolder(folder); // outputs and journal of the run before are gone
        await prepare?.();
        const server = sink === "s3" ? await startS3(join(folder, "server")) : undefined;
        try {
          execFileSync("sync");
          const endpoint = server?.endpoint ?? "";
          runs[name].push(await measure(python, command(endpoint), { env: server && s3Environment(endpoint), sync }));
          if (name === "emporium") outputBytes = treeBytes(join(folder, server ? "server" : "target"));
        } finally {
          await server?.stop();
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report(sink, size, input, runs, statSync(source).size, outputBytes);
}

/** What is run: ours and theirs always; on a disk also what syncing and hashing cost, and a plain copy of as many bytes. */
function makeVariants(sink, source, folder) {
  const target = join(folder, "target");
  const convert = (location, ...flags) => {
    const words = ["ingest", "convert", source, location, "--workspace", join(folder, "workspace"), "--quiet", ...flags];
    return { command: () => [process.execPath, program, ...words] };
  };
  if (sink === "s3") {
    return {
      emporium: convert("s3://bench/ours"),
      reference: { command: (endpoint) => [python, reference, source, "bench/theirs", "--s3", endpoint] },
    };
  }
  const makeTarget = () => mkdirSync(target);
  const variants = {
    emporium: convert(join(target, "ours")),
    reference: { command: () => [python, reference, source, join(target, "theirs")], prepare: makeTarget },
  };
  const words = ["ingest", "convert"];
  variants["emporium --no-sync"] = convert(join(target, "ours"), "--no-sync");
  if (!options.context) return variants;
  if (knowsFlag(words, "checksum"))
    variants["emporium --checksum sha256"] = convert(join(target, "ours"), "--checksum", "sha256");
  variants["reference, then sync"] = { ...variants.reference, sync: true };
  const copied = join(folder, "copied");
  variants["cp of our output"] = {
    command: () => ["cp", "--reflink=never", "-r", copied, target],
    prepare: () => measure(python, convert(join(copied, "ours")).command()),
  };
  variants["cp of our output, then sync"] = { ...variants["cp of our output"], sync: true };
  return variants;
}

function report(sink, size, input, runs, inputBytes, outputBytes) {
  const walls = (name) => runs[name].map(({ wall_s }) => wall_s);
  const facts = { input, size, sink, repeat, input_bytes: inputBytes };
  const ratio = (name, ours = "emporium") => {
    const each = walls(name).map((wall, turn) => wall / walls(ours)[turn]);
    return {
      value: round(median(walls(name)) / median(walls(ours)), 2),
      low: round(Math.min(...each), 2),
      high: round(Math.max(...each), 2),
    };
  };
  say(`\n${input} ${size} onto ${sink}: ${mib(inputBytes)} MiB in, ${mib(outputBytes)} MiB out, medians of ${repeat}`);
  const rows = [["", "wall s", "min–max", "CPU s", "peak RSS MiB", "wall ÷ ours", "min–max"]];
  for (const name of Object.keys(runs)) {
    const wall = walls(name);
    const cpu = median(runs[name].map(({ cpu_s }) => cpu_s));
    const rss = Math.max(...runs[name].map(({ rss_kib }) => rss_kib)) / 1024;
    const { value, low, high } = ratio(name);
    const span = (a, b) => `${a}–${b}`;
    rows.push([
      name,
      round(median(wall), 2),
      span(round(Math.min(...wall), 2), round(Math.max(...wall), 2)),
      round(cpu, 2),
      Math.round(rss),
      value,
      span(low, high),
    ]);
    figure("ingest.convert.wall_s", round(median(wall)), {
      variant: name,
      low: round(Math.min(...wall)),
      high: round(Math.max(...wall)),
      cpu_s: round(cpu),
      rss_mib: Math.round(rss),
      ...facts,
    });
  }
  table(rows);
  const speedup = ratio("reference");
  const cpuRatio = median(runs.reference.map(({ cpu_s }) => cpu_s)) / median(runs.emporium.map(({ cpu_s }) => cpu_s));
  figure("ingest.convert.speedup", speedup.value, {
    low: speedup.low,
    high: speedup.high,
    cpu_ratio: round(cpuRatio, 2),
    ...facts,
  });
  // like with like: neither synced (the reference never does), and both
  for (const [kind, theirs, ours] of [
    ["speedup_neither_synced", "reference", "emporium --no-sync"],
    ["speedup_both_synced", "reference, then sync", "emporium"],
  ]) {
    if (!runs[theirs] || !runs[ours]) continue;
    const { value, low, high } = ratio(theirs, ours);
    say(`${kind.replaceAll("_", " ")}: ${value} (${low}–${high})`);
    figure(`ingest.convert.${kind}`, value, { low, high, ...facts });
  }
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

function freshFolder(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

function treeBytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function mib(bytes) {
  return Math.round(bytes / 2 ** 20);
}

/**
 * `npm run bench:memory -- [--sizes 4,16] [--forms volume,mask,labels,mean,whole] [--memory 128,512] [--whole 1024x1024x512] [--repeat 3]
 * [--limit-mib 1024] [--out DIR]`: peak memory over a 4 GiB and a 16 GiB int8 MRC (sparse: a header and a hole), each in a memory control group of
 * 1 GiB, of `emporium ingest convert --zarr` and of the mask tasks of bench/mask-task.mjs: a label, all labels, and a threshold at half the size.
 * Memory must not follow the volume: the medians of the peaks differ by 5 % at most (one run differs from the next by about as much, by when
 * Node collects its garbage); and no mask may need more than a volume of its size. Where no control group can be made the limit is left out, and
 * said so; the peak is VmHWM of the process (bench/measure.py) in either case, beside the group's own maximum, which counts page cache and so
 * tells of the limit, not of us.
 *
 * Form `whole` is `emporium ingest run --import-everything` of a deposition (bench/deposition.mjs: tomogram, pictures, views, mask, instances,
 * mesh, points), once for each `--memory`. It fails where a peak is more than 150 MiB above it.
 */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeDeposition } from "./deposition.mjs";
import { cache, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "4,16" },
    forms: { type: "string", default: "volume,mask,labels,mean,whole" },
    memory: { type: "string", default: "128,512" },
    whole: { type: "string", default: "1024x1024x512" },
    repeat: { type: "string", default: "3" },
    "limit-mib": { type: "string", default: "1024" },
    out: { type: "string", default: join(cache, "memory") },
  },
});
const GiB = 2 ** 30;
const limitBytes = Number(options["limit-mib"]) * 2 ** 20;
const repeat = Number(options.repeat);
const COLUMNS = 2048;
/** What code, thread stacks and heaps may take beside the buffers of `--memory`. */
const BESIDE_MIB = 150;

needBuild();
const python = process.env.PYTHON ?? "python3"; // measure.py needs its standard library alone
const group = makeGroup(limitBytes);
if (!group) say("no memory control group could be made here: the limit is not enforced, the peaks are VmHWM alone");
const rows = [["", "seconds", "peak RSS MiB", "min–max", "group maximum MiB", "OOM kills"]];
const peaks = {};
try {
  for (const form of options.forms.split(",")) {
    if (form === "whole") {
      await measureWhole(options.whole.split("x").map(Number).reverse());
      continue;
    }
    peaks[form] = [];
    for (const gibibytes of options.sizes.split(",").map(Number)) peaks[form].push(await measureSize(gibibytes, form));
  }
} finally {
  group?.remove();
  rmSync(options.out, { recursive: true, force: true });
}
table(rows);
for (const [form, sizes] of Object.entries(peaks)) {
  if (sizes.length < 2) continue;
  const differencePercent = (100 * (Math.max(...sizes) - Math.min(...sizes))) / Math.min(...sizes);
  say(`${form}: medians of the peaks differ by ${round(differencePercent, 1)} %`);
  figure("ingest.memory.peak_difference_percent", round(differencePercent, 1), { form, sizes_gib: options.sizes, repeat });
}
for (const [form, sizes] of Object.entries(peaks)) {
  if (form === "volume" || !peaks.volume) continue;
  const percent = (100 * Math.max(...sizes)) / Math.max(...peaks.volume);
  say(`${form}: ${round(percent, 1)} % of what a volume needs`);
  figure("ingest.memory.percent_of_volume", round(percent, 1), { form, sizes_gib: options.sizes, repeat });
}

/** Converts a volume of that size some times over. @returns the median of the peaks in MiB */
async function measureSize(gibibytes, form) {
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(options.out, { recursive: true });
  const [source, result, workspace] = ["sparse.mrc", "result", "workspace"].map((name) => join(options.out, name));
  const shape = writeSparse(source, gibibytes);
  const command =
    form === "volume"
      ? [process.execPath, program, "ingest", "convert", source, result, "--zarr", "--quiet", "--workspace", workspace]
      : [process.execPath, join(import.meta.dirname, "mask-task.mjs"), form, source, result, workspace];
  const [peaksMib, seconds] = [[], []];
  const killsBefore = group?.oomKills();
  group?.reset();
  for (let i = 0; i < repeat; i++) {
    for (const path of [`${result}.zarr`, workspace]) rmSync(path, { recursive: true, force: true });
    const { wall_s, rss_kib } = await measure(python, group ? group.enter(command) : command).catch((error) => {
      if (group) say(`${group.oomKills() - killsBefore} OOM kills under a limit of ${limitBytes / 2 ** 20} MiB`);
      throw error;
    });
    peaksMib.push(rss_kib / 1024);
    seconds.push(wall_s);
  }
  const [low, peak, high] = [Math.min(...peaksMib), median(peaksMib), Math.max(...peaksMib)].map((value) => round(value, 1));
  const [maximum, kills] = group ? [Math.round(group.maximumBytes() / 2 ** 20), group.oomKills() - killsBefore] : ["-", "-"];
  const size = `${form}, ${gibibytes} GiB, ${shape.toReversed().join("×")} int8`;
  rows.push([size, round(median(seconds), 1), peak, `${low}–${high}`, maximum, kills]);
  figure("ingest.memory.peak_rss_mib", peak, {
    low,
    high,
    repeat,
    form,
    input_gib: gibibytes,
    limit_mib: group ? limitBytes / 2 ** 20 : null,
    limited_by: group?.kind ?? "nothing",
    group_maximum_mib: maximum,
    oom_kills: kills,
    seconds: round(median(seconds), 1),
  });
  return peak;
}

/** Ingests a whole deposition under each ceiling. Its input is made once. */
async function measureWhole(shape) {
  rmSync(options.out, { recursive: true, force: true });
  const { config, input } = makeDeposition(options.out, { shape });
  const [target, workspace] = ["target", "workspace"].map((name) => join(options.out, name));
  for (const ceilingMib of options.memory.split(",").map(Number)) {
    for (const path of [target, workspace]) rmSync(path, { recursive: true, force: true });
    const words = ["ingest", "run", config, input, target, "--import-everything", "--quiet"];
    const limits = ["--memory", `${ceilingMib}MiB`, "--workspace", workspace];
    const { wall_s, rss_kib } = await measure(python, [process.execPath, program, ...words, ...limits]);
    const peak = round(rss_kib / 1024, 1);
    rows.push([`whole, --memory ${ceilingMib}MiB`, round(wall_s, 1), peak, `≤ ${ceilingMib + BESIDE_MIB}`, "-", "-"]);
    figure("ingest.memory.whole_peak_rss_mib", peak, { memory_mib: ceilingMib, shape: options.whole, seconds: round(wall_s, 1) });
    if (peak <= ceilingMib + BESIDE_MIB) continue;
    say(`--memory ${ceilingMib}MiB: a peak of ${peak} MiB, ${ceilingMib + BESIDE_MIB} MiB at most are wanted`);
    process.exitCode = 1;
  }
}

/** A header and a hole: nothing of the volume takes room on the disk. @returns its shape [z, y, x] */
function writeSparse(path, gibibytes) {
  const shape = [(gibibytes * GiB) / COLUMNS ** 2, COLUMNS, COLUMNS];
  const header = Buffer.alloc(1024);
  const [nz, ny, nx] = shape;
  for (const [i, value] of [nx, ny, nz, 0, 0, 0, 0, nx, ny, nz].entries()) header.writeInt32LE(value, 4 * i);
  for (const [i, value] of [nx * 10, ny * 10, nz * 10, 90, 90, 90].entries()) header.writeFloatLE(value, 40 + 4 * i);
  for (const [i, value] of [1, 2, 3].entries()) header.writeInt32LE(value, 64 + 4 * i);
  header.writeInt32LE(1, 88);
  header.writeInt32LE(20140, 108);
  header.write("MAP DD", 208, "latin1");
  const file = openSync(path, "w");
  writeSync(file, header);
  closeSync(file);
  truncateSync(path, 1024 + nx * ny * nz);
  return shape;
}

/** A control group below the one that this process is in, so that every limit that holds for us goes on holding. Version 1 or 2. */
function makeGroup(bytes) {
  const lines = readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(":"));
  const first = lines.find(([, controllers]) => controllers.split(",").includes("memory"));
  const second = lines.find(([, controllers]) => controllers === "");
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const mountOf = (type, option) =>
    mounts.find(([, , kind, flags]) => kind === type && (!option || flags.split(",").includes(option)))?.[1];
  const one = first && mountOf("cgroup", "memory");
  const two = second && mountOf("cgroup2");
  return (one && open(join(one, first[2]), "version 1")) || (two && open(join(two, second[2]), "version 2"));

  function open(parent, kind) {
    const folder = join(parent, `emporium-bench-${process.pid}`);
    const names =
      kind === "version 1"
        ? { limit: "memory.limit_in_bytes", maximum: "memory.max_usage_in_bytes", events: "memory.oom_control" }
        : { limit: "memory.max", maximum: "memory.peak", events: "memory.events" };
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, names.limit), String(bytes));
      execFileSync("sh", ["-c", `echo $$ > "$1/cgroup.procs"`, "sh", folder]); // may we move a process there?
    } catch (error) {
      say(`control group ${kind}: ${error.message.split("\n")[0]}`);
      if (existsSync(folder)) rmdirSync(folder);
      return undefined;
    }
    const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
    return {
      kind: `cgroup ${kind}`,
      /** The command, begun by a shell that first moves itself into the group. */
      enter: (command) => ["sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, folder, ...command],
      reset: () => kind === "version 1" && writeFileSync(join(folder, names.maximum), "0"),
      maximumBytes: () => Number(read(names.maximum)),
      oomKills: () => Number(/oom_kill (\d+)/.exec(read(names.events))?.[1] ?? Number.NaN),
      remove: () => rmdirSync(folder),
    };
  }
}

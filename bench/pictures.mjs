/**
 * `node bench/pictures.mjs [--size 1024x1024x512] [--repeat 5] [--out FOLDER]`: what a tomogram's pictures cost. The same volume is ingested
 * with and without them in turns, by `emporium ingest run` (whole process, synced), and once more for the pictures alone, of a tree that is
 * there. Inputs are in the page cache. Sketch for 1024×1024×512 float32: 40 of 512 planes are added once more (40 million additions, 0.03 s of
 * one core), and 2.1 million pixels in three colours are drawn and deflated at some 50 MB/s (0.2 s of one core, beside the next volume).
 */
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { depositConfig, glob, literal, section, source, tomogramMetadata } from "../examples/lab/config.mjs";
import { cache, environmentPython, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1024x1024x512" },
    repeat: { type: "string", default: "5" },
    // not inside of the folder of inputs, which an ingest only reads
    out: { type: "string", default: join(dirname(cache), "bench-pictures") },
  },
});
const repeat = Number(options.repeat);
needBuild();
const python = environmentPython("reference");
mkdirSync(cache, { recursive: true });

const volume = join(cache, `noise-${options.size}.mrc`);
if (!existsSync(volume)) {
  say(`making ${volume}`);
  execFileSync(python, [join(import.meta.dirname, "inputs.py"), "noise", ...options.size.split("x"), volume], {
    stdio: ["ignore", 2, 2],
  });
}
for await (const _ of createReadStream(volume, { highWaterMark: 8 * 2 ** 20 })); // into the page cache

const CONFIG = depositConfig(
  { depositionId: 10390, datasetId: 10700, title: "Benchmark, pictures", types: ["dataset", "tomogram"], sourcePrefix: "." },
  [
    section("runs", { sources: [source(glob(`noise-${options.size}.mrc`, { name: "(.*).mrc" }))] }),
    section("voxel_spacings", { sources: [source(literal("[10.5]"))] }),
    section("tomograms", {
      metadata: tomogramMetadata({ spacing: "10.500", method: "WBP" }),
      sources: [source(glob("{run_name}.mrc"))],
    }),
  ],
);
const target = join(options.out, "target");
const words = [program, "ingest", "run", join(options.out, "c.yaml"), cache, target, "--quiet"];
const variants = {
  "without pictures": ["--import-tomograms", "--import-tomogram-metadata"],
  "with pictures": ["--import-tomograms", "--import-key-images", "--import-tomogram-metadata"],
};
const runs = { "without pictures": [], "with pictures": [], "pictures alone": [] };
try {
  for (let turn = 0; turn < repeat; turn++) {
    const names = Object.keys(variants);
    for (const name of turn % 2 === 0 ? names : names.reverse()) {
      freshFolder();
      runs[name].push(await ingest(variants[name]));
      if (name === "without pictures") runs["pictures alone"].push(await ingest(["--import-key-images"]));
    }
  }
} finally {
  rmSync(options.out, { recursive: true, force: true });
}

const facts = { size: options.size, repeat };
const rows = [["", "wall s", "min–max", "CPU s", "peak RSS MiB"]];
for (const [name, all] of Object.entries(runs)) {
  const walls = all.map(({ wall_s }) => wall_s);
  const [wall, cpu] = [median(walls), median(all.map(({ cpu_s }) => cpu_s))];
  const [low, high] = [Math.min(...walls), Math.max(...walls)];
  const rss = Math.round(Math.max(...all.map(({ rss_kib }) => rss_kib)) / 1024);
  rows.push([name, round(wall, 2), `${round(low, 2)}–${round(high, 2)}`, round(cpu, 2), rss]);
  figure("ingest.pictures.wall_s", round(wall), {
    variant: name,
    low: round(low),
    high: round(high),
    cpu_s: round(cpu),
    rss_mib: rss,
    ...facts,
  });
}
table(rows);
const added = (kind) =>
  median(runs["with pictures"].map((one) => one[kind])) / median(runs["without pictures"].map((one) => one[kind])) - 1;
say(`pictures add ${round(100 * added("wall_s"), 1)} % of time, ${round(100 * added("cpu_s"), 1)} % of CPU`);
figure("ingest.pictures.added", round(added("wall_s")), { cpu: round(added("cpu_s")), ...facts });

function ingest(flags) {
  execFileSync("sync");
  return measure(python, [process.execPath, ...words, ...flags, "--workspace", join(options.out, "workspace")]);
}

function freshFolder() {
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "c.yaml"), CONFIG);
}

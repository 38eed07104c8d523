/**
 * `node bench/portal.mjs [--program DIR --portal-python PATH] [--size 1024x1024x512] [--inputs noise,integers,int16] [--rounds 1] [--out DIR]`: a whole
 * deposition of one tomogram, with its pictures, views and metadata, by `emporium ingest run --import-everything` (synced, receipts on) and by the
 * portal's own program, in turns, the source dropped from the page cache before each.
 *
 * The portal's program is not part of this repository: `--program` is a checkout of chanzuckerberg/cryoet-data-portal-backend, `--portal-python` a Python
 * that has what its `ingestion_tools` need (`PORTAL_PROGRAM` and `PORTAL_PYTHON` in the environment say the same). Without them ours runs alone. It never
 * syncs: what it has written when it ends is in memory.
 *
 * Sketch for 1024×1024×512 float32: 2 GiB are read and 4.2 GiB written, at the disk's rate; pictures and views come out of the same pass.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { depositConfig, glob, literal, section, source, tomogramMetadata } from "../examples/lab/config.mjs";
import { cache, environmentPython, figure, forget, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    program: { type: "string", default: process.env.PORTAL_PROGRAM },
    "portal-python": { type: "string", default: process.env.PORTAL_PYTHON },
    size: { type: "string", default: "1024x1024x512" },
    inputs: { type: "string", default: "noise,integers,int16" },
    rounds: { type: "string", default: "1" },
    out: { type: "string", default: join(cache, "portal") },
  },
});
if ((options.program === undefined) !== (options["portal-python"] === undefined)) {
  say("--program and --portal-python are given together");
  process.exit(2);
}
needBuild();
const python = environmentPython("reference");
const PREFIX = "bench/portal";
const scripts = options.program && join(options.program, "ingestion_tools", "scripts");

try {
  for (const kind of options.inputs.split(",")) await race(kind);
} finally {
  rmSync(options.out, { recursive: true, force: true });
}

/** One kind of input: every program `--rounds` times, in turns. */
async function race(kind) {
  rmSync(options.out, { recursive: true, force: true });
  const tomogram = join(options.out, "input", PREFIX, "tomograms", "TS_01.mrc");
  mkdirSync(join(tomogram, ".."), { recursive: true });
  const kept = join(cache, `${kind}-${options.size}.mrc`);
  if (!existsSync(kept)) {
    say(`making ${kept}`);
    const made = join(options.out, "made.mrc");
    execFileSync(python, [join(import.meta.dirname, "inputs.py"), kind, ...options.size.split("x"), made], {
      stdio: ["ignore", 2, 2],
    });
    renameSync(made, kept);
  }
  execFileSync("cp", ["--reflink=auto", kept, tomogram]);
  const config = join(options.out, "config.yaml");
  writeFileSync(config, configText());
  const runs = { emporium: [], ...(scripts && { "the portal's program": [] }) };
  const paths = {};
  for (let i = 0; i < Number(options.rounds); i++) {
    const names = Object.keys(runs);
    for (const name of i % 2 === 0 ? names : names.reverse()) {
      const tree = join(options.out, "tree");
      rmSync(tree, { recursive: true, force: true });
      rmSync(join(options.out, "workspace"), { recursive: true, force: true });
      mkdirSync(tree);
      forget([tomogram]);
      runs[name].push(await measure(python, command(name, config, tree), { env: { PYTHONPATH: scripts ?? "" } }));
      paths[name] = filesOf(tree);
    }
  }
  report(kind, runs, paths);
}

function command(name, config, tree) {
  const input = join(options.out, "input");
  const words = [config, input, tree];
  if (name === "emporium") {
    const workspace = ["--workspace", join(options.out, "workspace")];
    return [process.execPath, program, "ingest", "run", ...words, "--import-everything", ...workspace, "--quiet"];
  }
  const portal = [join(scripts, "standardize_dirs.py"), "convert", ...words, "--local-fs", "--import-everything"];
  // its modules and schemas are found from its own folder
  return ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", scripts, options["portal-python"], ...portal];
}

function report(kind, runs, paths) {
  const rows = [[`${kind} ${options.size}`, "seconds", "CPU s", "peak RSS MiB", "files"]];
  const facts = { input: kind, size: options.size, rounds: Number(options.rounds) };
  const wall = (name) => median(runs[name].map(({ wall_s }) => wall_s));
  const rssMib = (name) => Math.round(Math.max(...runs[name].map(({ rss_kib }) => rss_kib)) / 1024);
  for (const [name, costs] of Object.entries(runs)) {
    const cpu = round(median(costs.map(({ cpu_s }) => cpu_s)), 2);
    rows.push([name, round(wall(name), 2), cpu, rssMib(name), paths[name].length]);
    figure("ingest.deposition.wall_s", round(wall(name), 2), { variant: name, cpu_s: cpu, rss_mib: rssMib(name), ...facts });
  }
  table(rows);
  const [ours, theirs] = Object.keys(runs);
  if (!theirs) return;
  const different = paths[ours].filter((path) => !paths[theirs].includes(path));
  different.push(...paths[theirs].filter((path) => !paths[ours].includes(path)));
  if (different.length > 0) say(`not in both trees: ${different.join(" ")}`);
  const speedup = round(wall(theirs) / wall(ours), 2);
  figure("ingest.deposition.speedup", speedup, { rss_mib: rssMib(ours), different_paths: different.length, ...facts });
}

/** Sorted paths of all files below a folder but those that a program keeps for itself, whose names begin with a dot. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(
      (path) =>
        !path.split("/").some((part) => part.startsWith(".") && part !== ".zarray" && part !== ".zattrs" && part !== ".zgroup"),
    )
    .sort();
}

function configText() {
  const deposit = { depositionId: 10391, datasetId: 10701, title: "Benchmark, one tomogram", sourcePrefix: PREFIX };
  return depositConfig(deposit, [
    section("runs", { sources: [source(glob("tomograms/*.mrc", { name: "(.*).mrc" }))] }),
    section("voxel_spacings", { sources: [source(literal("[10]"))] }),
    section("tomograms", {
      metadata: tomogramMetadata({ spacing: "10.000", method: "WBP" }),
      sources: [source(glob("tomograms/{run_name}.mrc"))],
    }),
  ]);
}

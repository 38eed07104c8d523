/**
 * `npm run bench:start -- [--rounds 20] [--runs 4] [--out DIR]`: what a command costs beyond an empty Node where there is nothing to do: `--version`,
 * `--help`, the import of the library, the check of one configuration, and an ingest of the miniature laboratory whose tree is finished. Commands alternate, so that another's load
 * falls on all of them; medians of wall time, and of processor time of the process and its threads.
 *
 * Sketch: a file of the bundle costs some 0.3 ms, a MiB of JavaScript some 30 ms; Zod 8 ms, YAML 8 ms, the parser of command lines 7 ms. A check reads
 * 30 files with 1 MiB, an ingest 80 with 2.1 MiB, and syncs some twenty small files and folders for its locks.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateLab } from "../examples/lab/generate.mjs";
import { cache, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    runs: { type: "string", default: "4" },
    out: { type: "string", default: join(cache, "start") },
  },
});
const rounds = Number(options.rounds);

needBuild();
rmSync(options.out, { recursive: true, force: true });
mkdirSync(options.out, { recursive: true });
const shape = [8, 16, 16];
const lab = await generateLab({
  out: join(options.out, "lab"),
  shape,
  runs: Number(options.runs),
  deposits: ["imod"],
  sections: "tomograms",
});
const [{ config }] = lab.deposits;
const workspace = ["--workspace", join(options.out, "workspace")];
const ingest = ["ingest", "run", config, lab.input, join(options.out, "tree"), "--import-everything", ...workspace];
const library = new URL("../dist/index.js", import.meta.url).href;
const ours = (...words) => [process.execPath, program, ...words];

const report = (words) =>
  JSON.parse(
    execFileSync(process.execPath, [program, ...words, "--json"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
report(ingest);
const { done, already } = report(ingest);
if (done !== 0) throw new Error(`${done} tasks were done a second time: the tree was not finished`);

/** Milliseconds beyond an empty Node that are wanted. */
const COMMANDS = [
  { name: "empty", command: [process.execPath, "-e", "0"] },
  { name: "version", command: ours("--version"), target: 20 },
  { name: "help", command: ours("--help"), target: 20 },
  { name: "library", command: [process.execPath, "-e", `import(${JSON.stringify(library)})`], target: 150 },
  { name: "check", command: ours("ingest", "check", config, ...workspace), target: 70 },
  { name: "ingest", command: ours(...ingest), target: 150, tasks: already },
];
const taken = COMMANDS.map(() => []);
// the first round fills caches and does not count
for (let one = 0; one <= rounds; one++) {
  for (const [at, { command }] of COMMANDS.entries()) {
    const cost = await measure("python3", command);
    if (one > 0) taken[at].push(cost);
  }
}

const medians = taken.map((all) => ({
  wall: 1000 * median(all.map(({ wall_s }) => wall_s)),
  cpu: 1000 * median(all.map(({ cpu_s }) => cpu_s)),
}));
const [empty] = medians;
const rows = [["", "wall ms", "beyond", "least", "CPU ms", "beyond", "goal"]];
for (const [at, { name, target, tasks }] of COMMANDS.entries()) {
  const { wall, cpu } = medians[at];
  const least = 1000 * Math.min(...taken[at].map(({ wall_s }) => wall_s));
  rows.push([name, ...[wall, wall - empty.wall, least, cpu, cpu - empty.cpu].map((ms) => round(ms, 0)), target ?? ""]);
  if (target === undefined) continue;
  figure(`start.${name}`, round(wall - empty.wall, 0), {
    unit: "ms",
    target,
    cpu_ms: round(cpu - empty.cpu, 0),
    empty_ms: round(empty.wall, 0),
    ...(tasks !== undefined && { tasks }),
    rounds,
  });
}
table(rows);
say("beyond: what an empty Node does not take");

// Changes one file of a laboratory at a time, and holds what `ingest new` decides then against the truth: after `npm run build`
//   python test/laboratories/NAME.py OUT; node scripts/laboratory-changes.mjs OUT/NAME [gone|empty|blanks|suffix|copy…] [SEED-SEED]
// SEED-SEED does to a copy what perturb.py does with each of these seeds.
// Nothing is published: a laboratory of 150 files takes half a minute, where perturb.py with judge.py takes five seconds a file. What is printed is new beside
// the laboratory as it is: a file that is never to be published, two series in one run, one series in two runs. A question that is new stands behind the file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const laboratoryCode = join(root, "dist/stations/ingest/laboratory");
const { knowLaboratory } = await import(join(laboratoryCode, "know.js"));
const { openSource } = await import(join(laboratoryCode, "new-config.js"));

const PUBLISHED = new Set(["tomogram", "tilt series", "points", "mask", "mesh", "gain", "frame"]);
const held = join(tmpdir(), `laboratory-changes-${process.pid}`);

/** Each changes a file, and answers with its new path, or none, and how it is undone; undefined where it cannot be done. */
const CHANGES = {
  gone: (path) => moved(path, held, undefined),
  empty(path) {
    if (statSync(path).isDirectory()) return undefined;
    copyFileSync(path, held);
    truncateSync(path, 0);
    return { undo: () => copyFileSync(held, path) };
  },
  blanks: (path) => renamed(path, basename(path).replaceAll("_", " ")),
  suffix: (path) => renamed(path, `${basename(path, extname(path))}_new${extname(path)}`),
  copy(path) {
    const to = join(dirname(path), `${basename(path, extname(path))} (1)${extname(path)}`);
    if (statSync(path).isDirectory() || existsSync(to)) return undefined;
    copyFileSync(path, to);
    return { undo: () => unlinkSync(to) };
  },
};

function renamed(path, name) {
  const to = join(dirname(path), name);
  return to === path || existsSync(to) ? undefined : moved(path, to, to);
}

function moved(path, to, now) {
  renameSync(path, to);
  return { now, undo: () => renameSync(to, path) };
}

const [folder, ...modes] = process.argv.slice(2);
const truth = JSON.parse(readFileSync(`${folder}.truth.json`, "utf8"));
const never = new Map();
const original = new Map();
const seriesOf = new Map();
for (const { file, copy_of: of, why } of truth.never ?? []) of ? original.set(file, of) : never.set(file, why);
for (const [run, { halves = [], ...rest }] of Object.entries(truth.runs)) {
  for (const { file, why } of halves) never.set(file, why);
  for (const kind of ["tomograms", "tiltseries", "masks", "points"])
    for (const { file } of rest[kind] ?? []) if (file) seriesOf.set(file, (seriesOf.get(file) ?? new Set()).add(run));
}

async function known(of = folder) {
  const { store } = await openSource(of);
  return knowLaboratory(store, { signal: new AbortController().signal });
}

/** @param before the path of a renamed file before, by its path now */
function faultsOf({ files }, before) {
  const faults = new Set();
  const inRun = new Map();
  const ofSeries = new Map();
  for (const [path, { role, run }] of files) {
    if (!PUBLISHED.has(role)) continue;
    const file = before.get(path) ?? path;
    if (never.has(file)) faults.add(`${file} is published as ${role}: ${never.get(file)}`);
    if (PUBLISHED.has(files.get(original.get(file))?.role)) faults.add(`${file} is published beside what it is a copy of`);
    const [series, ...others] = seriesOf.get(file) ?? [];
    if (run === undefined || series === undefined || others.length > 0) continue;
    inRun.set(run, (inRun.get(run) ?? new Set()).add(series));
    ofSeries.set(series, (ofSeries.get(series) ?? new Set()).add(run));
  }
  for (const [run, all] of inRun) if (all.size > 1) faults.add(`run ${run} has several series: ${[...all].sort().join(", ")}`);
  for (const [series, all] of ofSeries)
    if (all.size > 1) faults.add(`${series} is in several runs: ${[...all].sort().join(", ")}`);
  return faults;
}

const kindsOf = ({ questions }) => new Set(questions.map(({ id }) => id.replace(/-[0-9a-f]{8}$/, "")));
const { laboratory, decisions } = await known();
const [faults, asked] = [faultsOf(decisions, new Map()), kindsOf(decisions)];
const files = laboratory.files.filter(
  ({ path }) => decisions.files.get(path)?.role !== "frame" && existsSync(join(folder, path)),
);
let found = 0;

/** Prints what is new, beside the laboratory as it is. */
function tell(what, now, before) {
  const fresh = [...faultsOf(now, before)].filter((fault) => !faults.has(fault));
  if (fresh.length === 0) return;
  found += fresh.length;
  const questions = [...kindsOf(now)].filter((kind) => !asked.has(kind));
  console.log(
    `${what}${questions.length === 0 ? "" : ` (asked: ${questions.join(", ")})`}\n${fresh.map((fault) => `  ${fault}\n`).join("")}`,
  );
}

/** The bytes of each file of a folder, links aside. */
function sumsOf(at) {
  const paths = readdirSync(at, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(at.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}

/** The paths before an accident of files that it renamed, by their paths now; a copy has the bytes of its original, which is still there. */
function renamedIn(sums, after) {
  const lost = new Map([...sums].filter(([path]) => !after.has(path)).map(([path, sum]) => [sum, path]));
  return new Map([...after].flatMap(([path, sum]) => (sums.has(path) || !lost.has(sum) ? [] : [[path, lost.get(sum)]])));
}

/** What perturb.py does to a copy of the laboratory. */
async function accident(seed, sums) {
  const parent = mkdtempSync(join(tmpdir(), "laboratory-changes-"));
  try {
    const copy = join(parent, basename(folder));
    cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
    const python = join(root, ".cache/venv-peers/bin/python");
    const what = execFileSync(python, ["-B", join(root, "test/laboratories/perturb.py"), copy, seed], { encoding: "utf8" });
    const now = await known(copy);
    tell(`${seed} ${what.trim().replaceAll(`${copy}/`, "")}`, now.decisions, renamedIn(sums, sumsOf(copy)));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

for (const mode of modes.length > 0 ? modes : ["gone"]) {
  const seeds = /^(\d+)-(\d+)$/.exec(mode);
  if (seeds) {
    const sums = sumsOf(folder);
    for (let seed = Number(seeds[1]); seed <= Number(seeds[2]); seed++) await accident(`${seed}`, sums);
    continue;
  }
  for (const { path } of files) {
    const change = CHANGES[mode](join(folder, path));
    if (!change) continue;
    try {
      const now = await known();
      const before = change.now === undefined ? [] : [[change.now.slice(folder.length + 1), path]];
      tell(`${mode} ${path}`, now.decisions, new Map(before));
    } finally {
      change.undo();
    }
  }
}
console.log(`${basename(folder)}: ${files.length} files, ${found} faults`);
